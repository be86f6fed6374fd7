//! Which workers have exited lately. What a channel read before a worker's end may be older than what the worker
//! settled, so for a while a new worker for the same subscription asks the store first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::id::SubscriptionId;

/// Exits of the last `keep`.
#[derive(Debug)]
pub struct RecentExits {
    keep: Duration,
    at: HashMap<SubscriptionId, Instant>,
    order: VecDeque<(Instant, SubscriptionId)>,
}

impl RecentExits {
    /// No exits.
    pub fn new(keep: Duration) -> Self {
        Self { keep, at: HashMap::new(), order: VecDeque::new() }
    }

    /// Notes an exit.
    pub fn note(&mut self, id: SubscriptionId, now: Instant) {
        self.forget_old(now);
        self.at.insert(id, now);
        self.order.push_back((now, id));
    }

    /// Whether a worker of `id` has exited lately.
    pub fn contains(&mut self, id: SubscriptionId, now: Instant) -> bool {
        self.forget_old(now);
        self.at.contains_key(&id)
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.order.front()
            && now.duration_since(at) > self.keep
        {
            self.order.pop_front();
            // It may have exited again since.
            if self.at.get(&id) == Some(&at) {
                self.at.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_exit_is_remembered_for_so_long_and_no_longer() {
        let mut exits = RecentExits::new(Duration::from_secs(2));
        let (one, two) = (SubscriptionId(1), SubscriptionId(2));
        exits.note(one, Instant::now());
        tokio::time::advance(Duration::from_millis(1500)).await;
        exits.note(one, Instant::now());
        exits.note(two, Instant::now());
        tokio::time::advance(Duration::from_millis(1000)).await;
        assert!(exits.contains(one, Instant::now()), "its second exit is one second old");
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert!(!exits.contains(one, Instant::now()) && !exits.contains(two, Instant::now()));
        assert!(exits.at.is_empty() && exits.order.is_empty());
    }
}
