//! Draining: no further request starts, and what is under way is settled. The process drains before it ends, once and for
//! good; an operator drains a node that runs, and lets it go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Whether requests may start, and how many are under way, over all arbiters.
#[derive(Clone)]
pub struct Drain {
    stops: Arc<watch::Sender<Stops>>,
    under_way: Arc<AtomicUsize>,
}

/// Why no request starts, if none does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Stops {
    /// The process is about to end.
    ends: bool,
    /// An operator said so.
    is_drained: bool,
}

impl Stops {
    fn any(self) -> bool {
        self.ends || self.is_drained
    }
}

/// A request that has started and whose result is not on disk yet.
#[must_use]
pub struct UnderWay(Arc<AtomicUsize>);

impl Default for Drain {
    fn default() -> Self {
        Self { stops: Arc::new(watch::channel(Stops::default()).0), under_way: Arc::default() }
    }
}

impl Drain {
    /// No request starts any more: the process is about to end.
    pub fn begin(&self) {
        self.stops.send_modify(|stops| stops.ends = true);
    }

    /// No request starts until further notice, or all may again; for a process that is about to end this changes nothing.
    pub fn set(&self, is_drained: bool) {
        self.stops.send_modify(|stops| stops.is_drained = is_drained);
    }

    /// Whether an operator has drained the node.
    pub fn is_set(&self) -> bool {
        self.stops.borrow().is_drained
    }

    /// Waits until requests may start; for ever when the process is about to end.
    pub async fn open(&self) {
        let mut stops = self.stops.subscribe();
        if stops.wait_for(|stops| !stops.any()).await.is_err() {
            // The sender is held here: it never goes.
            std::future::pending().await
        }
    }

    /// Starts a request, if one may.
    pub fn start(&self) -> Option<UnderWay> {
        // Counted before it asks: so whoever drains either sees it or is seen.
        let under_way = UnderWay(Arc::clone(&self.under_way));
        self.under_way.fetch_add(1, Ordering::SeqCst);
        (!self.stops.borrow().any()).then_some(under_way)
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
        let first = drain.start().expect("requests may start");
        drain.begin();
        assert!(drain.start().is_none());
        assert_eq!(drain.under_way(), 1);
        drop(first);
        assert_eq!(drain.under_way(), 0);
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_the_operator_says_so_and_never_when_the_process_ends() {
        let drain = Drain::default();
        drain.set(true);
        assert!(drain.is_set() && drain.start().is_none());
        let mut waiting = Box::pin(drain.open());
        assert!(waiting.as_mut().now_or_never().is_none());
        drain.set(false);
        waiting.await;
        assert!(!drain.is_set() && drain.start().is_some());
        drain.begin();
        drain.set(true);
        drain.set(false);
        assert!(drain.start().is_none(), "the process ends all the same");
        assert!(drain.open().now_or_never().is_none());
    }
}
