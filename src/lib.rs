//! Fanfare, a self-hosted Web Push fan-out daemon.

pub mod clock;
pub mod delivery;
pub mod id;
pub mod push;
pub mod webpush;
