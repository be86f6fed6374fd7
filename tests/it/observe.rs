//! What the daemon shows of itself, and what may be done to it from there.

mod actors;
mod app_pages;
mod killing;
mod log;
mod log_level;
mod silent;
mod warnings;
