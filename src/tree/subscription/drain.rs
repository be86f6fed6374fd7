//! Draining: before the process ends no further request starts, and what is under way is settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Whether requests may start, and how many are under way, over all arbiters.
#[derive(Clone)]
pub struct Drain {
    draining: Arc<watch::Sender<bool>>,
    under_way: Arc<AtomicUsize>,
}

/// A request that has started and whose result is not on disk yet.
#[must_use]
pub struct UnderWay(Arc<AtomicUsize>);

impl Default for Drain {
    fn default() -> Self {
        Self { draining: Arc::new(watch::channel(false).0), under_way: Arc::default() }
    }
}

impl Drain {
    /// No request starts any more.
    pub fn begin(&self) {
        self.draining.send_replace(true);
    }

    /// Starts a request; waits for ever when none may start, because the process is about to end.
    pub async fn start(&self) -> UnderWay {
        // Counted before it asks: so whoever drains either sees it or is seen.
        let under_way = UnderWay(Arc::clone(&self.under_way));
        self.under_way.fetch_add(1, Ordering::SeqCst);
        if *self.draining.borrow() {
            drop(under_way);
            return std::future::pending().await;
        }
        under_way
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn no_request_starts_once_draining_has_begun_and_those_before_are_counted_to_their_end() {
        let drain = Drain::default();
        let first = drain.start().now_or_never().expect("requests may start");
        drain.begin();
        assert!(drain.start().now_or_never().is_none());
        assert_eq!(drain.under_way(), 1);
        drop(first);
        assert_eq!(drain.under_way(), 0);
    }
}
