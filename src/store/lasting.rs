//! A fault that lasts is told twice: when it begins, and when it has ended; not at each try.

use std::sync::atomic::{AtomicBool, Ordering};

use super::StoreError;

/// Something that is done again and again, and may fail for a while.
pub(super) struct Lasting {
    begins: &'static str,
    ends: &'static str,
    fails: AtomicBool,
}

impl Lasting {
    /// What the log says when it begins to fail, and when it does not any more.
    pub(super) fn new(begins: &'static str, ends: &'static str) -> Self {
        Self { begins, ends, fails: AtomicBool::new(false) }
    }

    /// Takes note of how it went this time.
    pub(super) fn note<T>(&self, end: &Result<T, StoreError>) {
        match end {
            Err(error @ StoreError::Unavailable(_)) => {
                if !self.fails.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "{}", self.begins);
                }
            }
            // A row that cannot be read is told by whoever asked for it: the store works.
            Ok(_) | Err(StoreError::Corrupt(_)) => {
                if self.fails.load(Ordering::Relaxed) && self.fails.swap(false, Ordering::Relaxed) {
                    tracing::info!("{}", self.ends);
                }
            }
            Err(StoreError::Closed) => {}
        }
    }
}
