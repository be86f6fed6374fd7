//! The numbers of the tree: those that it is made with, and those that can change while it runs.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::sabotage::Sabotage;
use super::supervision::budget::RestartPolicy;
use crate::delivery::retry::RetryPolicy;

/// Numbers that can change while the tree runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// When to try again.
    pub retry: RetryPolicy,
    /// How long an actor may rest, and how long a wait it keeps itself.
    pub idle: Duration,
}

/// Numbers that bound the tree.
#[derive(Clone)]
pub struct TreeOptions {
    /// Delivery arbiters.
    pub arbiters: NonZeroUsize,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How long an actor may rest, and how long a wait it keeps itself.
    pub idle: Duration,
    /// Live workers of an arbiter above which the longest idle end.
    pub max_workers: usize,
    /// Deliveries under way on an arbiter.
    pub credits: usize,
    /// How often a worker may be restarted.
    pub restarts: RestartPolicy,
    /// Panics that tests ask for.
    pub sabotage: Sabotage,
}

impl TreeOptions {
    pub(super) fn patience(&self) -> Patience {
        Patience { retry: self.retry, idle: self.idle }
    }
}

impl Default for TreeOptions {
    fn default() -> Self {
        Self {
            arbiters: NonZeroUsize::MIN,
            retry: RetryPolicy::default(),
            idle: Duration::from_secs(60),
            max_workers: 20_000,
            credits: 2048,
            restarts: RestartPolicy::default(),
            sabotage: Sabotage::default(),
        }
    }
}
