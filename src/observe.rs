//! What is known of the daemon as a whole, for whoever watches it: since when it runs, and (one file each below) how its
//! figures went, what its process takes, what it logged and what is wrong with it. What single actors know of
//! themselves is theirs ([`crate::tree::observe`]).

pub mod exposition;
pub mod figures;
pub mod history;
pub mod log;
pub mod process;
pub mod sample;
pub mod sampler;
pub mod warnings;

use crate::clock::Timestamp;
use figures::Figures;
use log::Log;
use warnings::history::History;

/// What is known of the daemon as a whole.
#[derive(Debug)]
pub struct Observer {
    /// When it started.
    pub started: Timestamp,
    /// What it logs.
    pub log: Log,
    /// What was wrong with it.
    pub warnings: History,
    /// How its figures went.
    pub figures: Figures,
}

impl Observer {
    /// Of a daemon that starts now.
    pub fn new(started: Timestamp) -> Self {
        Self {
            started,
            log: Log::default(),
            warnings: History::default(),
            figures: Figures::default(),
        }
    }

    /// The same with the log that it writes.
    #[must_use]
    pub fn with_log(self, log: Log) -> Self {
        Self { log, ..self }
    }
}
