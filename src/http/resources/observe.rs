//! What the dashboard and `fanfare top` show: one file for each page.

pub mod log;
pub mod log_level;
pub mod overview;
pub mod push_services;
pub mod warnings;
