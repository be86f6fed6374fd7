//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod clock;
pub mod delivery;
pub mod http;
pub mod id;
pub mod metrics;
pub mod model;
pub mod push;
pub mod store;
pub mod tree;
pub mod webpush;
