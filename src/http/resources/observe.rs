//! What the dashboard and `fanfare top` show: one file for each page.

pub mod actor;
pub mod actors;
pub mod audit;
pub mod channels;
pub mod charts;
pub mod drain;
pub mod log;
pub mod log_level;
pub mod notifications;
pub mod order;
pub mod overview;
pub mod part;
pub mod pauses;
pub mod push_services;
pub mod subscriptions;
pub mod system;
pub mod tree;
pub mod warnings;
