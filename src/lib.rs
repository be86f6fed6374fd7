//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod clock;
pub mod http;
pub mod id;
