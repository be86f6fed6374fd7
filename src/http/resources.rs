//! One file for each thing that the API has.

pub mod push_key;

pub mod quarantines;
pub mod receipts;
pub mod resend;
pub mod subscription;
pub mod subscriptions;

pub mod events;
pub mod notification;
pub mod notifications;

pub mod channels;

pub mod apps;
pub mod keys;
pub mod tokens;

pub mod import;
pub mod vapid;

pub mod assets;
pub mod docs;
pub mod health;
pub mod metrics;
pub mod openapi;

pub mod observe;
