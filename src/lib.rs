//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod id;
pub mod clock;
pub mod webpush;
pub mod model;
pub mod delivery;
pub mod metrics;
pub mod push;
pub mod store;
pub mod tree;
pub mod http;
pub mod config;
pub mod daemon;
pub mod control;
pub mod cli;
