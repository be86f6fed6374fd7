//! Things that happened in a row, and whether they happened to several subscriptions.

use crate::id::SubscriptionId;

/// Enough to tell several from one or two; what is more is only counted.
const REMEMBERED: usize = 4;

/// A run of one kind of event.
#[derive(Debug, Default)]
pub(super) struct Run {
    len: u32,
    who: [Option<SubscriptionId>; REMEMBERED],
}

impl Run {
    pub(super) fn add(&mut self, subscription: SubscriptionId) {
        self.len = self.len.saturating_add(1);
        if !self.who.contains(&Some(subscription))
            && let Some(free) = self.who.iter_mut().find(|who| who.is_none())
        {
            *free = Some(subscription);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Whether it happened to at least so many subscriptions.
    pub(super) fn by_several(&self, least: usize) -> bool {
        self.who.iter().flatten().count() >= least
    }
}
