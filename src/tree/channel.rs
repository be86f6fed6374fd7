//! Channels: a supervisor, and one worker per channel that has something to hand out.

pub mod arbiters;
pub mod supervisor;
pub mod sweep;
pub mod vitals;
pub mod worker;
