//! How busy the tree's threads are. The threads say so themselves, and the arbiters' credits are counted anyway: no actor
//! is asked.

use std::time::Duration;

use super::Tree;

/// How busy one thread of the tree is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadLoad {
    /// `root`, `channels`, or `delivery-0` …
    pub name: String,
    /// How long it has been busy since its start. It counts when it rests: a long stretch is added at its end.
    pub busy: Duration,
    /// Of a delivery arbiter, how many deliveries may still begin there, and how many at once.
    pub credits: Option<(usize, usize)>,
}

impl Tree {
    /// How busy each thread is.
    pub fn loads(&self) -> Vec<ThreadLoad> {
        let arbiters = self.branches.iter().flat_map(|tree| tree.arbiters.iter());
        let credits: Vec<_> = arbiters
            .map(|arbiter| {
                let name = thread_name(arbiter.share.index);
                (name, (arbiter.credits.available_permits(), arbiter.all_credits))
            })
            .collect();
        let threads = self.threads.busy().into_iter();
        threads
            .map(|(name, busy)| {
                let credits =
                    credits.iter().find(|(of, _)| *of == name).map(|(_, credits)| *credits);
                ThreadLoad { name, busy, credits }
            })
            .collect()
    }
}

/// The name of a delivery arbiter's thread.
pub(super) fn thread_name(arbiter: u64) -> String {
    format!("delivery-{arbiter}")
}
