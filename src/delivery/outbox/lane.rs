//! One channel's part of an outbox: what is queued of its log, in order, and how far that goes.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::id::{ChannelId, Seq};
use crate::model::{Notification, Stretch};

/// Notifications that a lane holds; what does not fit is loaded when the lane is empty.
pub(super) const CAPACITY: usize = 64;

/// One channel's part of the outbox.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) channel: ChannelId,
    /// Everything up to here has been handed out or is closed.
    covered: Seq,
    pub(super) queue: VecDeque<Arc<Notification>>,
}

impl Lane {
    /// A lane of which everything up to `covered` is settled.
    pub(super) fn new(channel: ChannelId, covered: Seq) -> Self {
        Self { channel, covered, queue: VecDeque::new() }
    }

    /// Takes what the store says in place of all that was queued.
    pub(super) fn replace(&mut self, stretch: Stretch) {
        self.covered = stretch.to;
        self.queue = stretch.open.into();
    }

    /// Queues what is new in a stretch that was read with the cursor at `done`; `false` when there is more, which the store
    /// must be asked for: something lies between what the lane has had and the stretch, or not all of it fits.
    pub(super) fn append(&mut self, done: Seq, stretch: &Stretch) -> bool {
        // Who left and came back has a cursor that is ahead of what the lane remembers.
        self.covered = self.covered.max(done);
        if stretch.from > self.covered {
            return false;
        }
        let covered = self.covered;
        for notification in stretch.open.iter().filter(|open| open.seq > covered) {
            if self.queue.len() == CAPACITY {
                return false;
            }
            self.covered = notification.seq;
            self.queue.push_back(Arc::clone(notification));
        }
        self.covered = self.covered.max(stretch.to);
        true
    }
}
