//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod id;
