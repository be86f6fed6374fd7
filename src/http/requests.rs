//! The requests that have begun and are not answered yet: when the server stops, they are what may be cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many there are.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Request(Arc<AtomicUsize>);

impl Requests {
    /// One more.
    #[must_use = "it counts until it is dropped"]
    pub fn begin(&self) -> Request {
        self.0.fetch_add(1, Ordering::Relaxed);
        Request(Arc::clone(&self.0))
    }

    /// How many there are.
    pub fn under_way(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
