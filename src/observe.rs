//! What is known of the daemon as a whole, for whoever watches it: since when it runs, and (one file each below) how its
//! figures went, what its process takes, what it logged and what is wrong with it. What single actors know of
//! themselves is theirs ([`crate::tree::observe`]).

use crate::clock::Timestamp;

/// What is known of the daemon as a whole.
#[derive(Debug)]
pub struct Observer {
    /// When it started.
    pub started: Timestamp,
}

impl Observer {
    /// Of a daemon that starts now.
    pub fn new(started: Timestamp) -> Self {
        Self { started }
    }
}
