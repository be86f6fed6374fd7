//! Panics on demand, so that tests can see what supervision does about them. Nothing asks for any in production,
//! and asking costs one comparison with null.

use std::sync::Arc;

/// Where a panic can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place<'a> {
    /// A SubscriptionWorker is about to attempt a delivery; the notification's payload, to pick one by.
    Attempt(&'a [u8]),
    /// A ChannelWorker is about to hand out a page; how many members it has.
    HandOut(usize),
}

/// Decides whether to panic.
type Decide = dyn Fn(Place<'_>) -> bool + Send + Sync;

/// Panics where it is told to.
#[derive(Clone, Default)]
pub struct Sabotage(Option<Arc<Decide>>);

impl Sabotage {
    /// Panics wherever `decide` says so.
    pub fn when(decide: impl Fn(Place<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    /// Panics if it is told to.
    ///
    /// # Panics
    ///
    /// When it is told to.
    pub fn at(&self, place: Place<'_>) {
        if let Some(decide) = &self.0 {
            assert!(!decide(place), "sabotage");
        }
    }
}
