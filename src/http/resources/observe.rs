//! What the dashboard and `fanfare top` show: one file for each page.

pub mod audit;
pub mod drain;
pub mod channels;
pub mod notifications;
pub mod order;
pub mod overview;
pub mod part;
pub mod push_services;
pub mod subscriptions;
