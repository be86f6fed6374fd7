//! The requests that have begun and are not answered yet: when the server stops, they are what may be cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many there are, and have been.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    under_way: Arc<AtomicUsize>,
    begun: Arc<AtomicU64>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Request(Arc<AtomicUsize>);

impl Requests {
    /// One more.
    #[must_use = "it counts until it is dropped"]
    pub fn begin(&self) -> Request {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Request(Arc::clone(&self.under_way))
    }

    /// How many there are.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many have begun since the start.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
