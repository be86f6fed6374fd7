//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod delivery;
pub mod http;
pub mod id;
pub mod metrics;
pub mod model;
pub mod push;
pub mod store;
pub mod tree;
pub mod webpush;
