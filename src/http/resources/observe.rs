//! What the dashboard and `fanfare top` show: one file for each page.

pub mod audit;
pub mod drain;
pub mod overview;
pub mod push_services;
