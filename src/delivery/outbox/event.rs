//! What can happen to an outbox, and what it asks for.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::delivery::judge::Judgement;
use crate::id::{ChannelId, Seq};
use crate::model::{Backlog, Notification, Settled, Settlement, Stretch, Subscription};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// The store answered [`Effect::Load`]; `poisoned` is a delivery that must not be attempted again.
    Loaded {
        /// What there is to do; `None`: the subscription is gone.
        backlog: Option<Backlog>,
        /// A delivery that has panicked too often.
        poisoned: Option<(ChannelId, Seq)>,
    },
    /// A channel hands out a stretch of its log.
    HandedOut {
        /// The subscription as the channel read it.
        subscription: Arc<Subscription>,
        /// Its cursor as the channel read it.
        done: Seq,
        /// What is open.
        stretch: Arc<Stretch>,
        /// Whether the channel read that so lately that no cursor can have moved since, and after the worker asked for
        /// its last load.
        fresh: bool,
    },
    /// The attempt that [`Effect::Attempt`] asked for has ended.
    Attempted(Judgement),
    /// The attempt was not made, because the notification was closed before its turn came.
    Skipped,
    /// The attempt was not made, because the channel pauses. Whoever resumes it hands out anew what is open.
    Paused,
    /// The attempt was not made: none may be before that time. So short a wait is not recorded.
    Held(Timestamp),
    /// The store answered [`Effect::Settle`].
    Settled(Settled),
    /// The store answered [`Effect::StopWaiting`].
    StoppedWaiting,
    /// The time that [`Effect::Wait`] or [`Effect::Hold`] named has come.
    Due,
    /// The subscription's keys, endpoint or memberships have changed.
    Changed,
}

/// What to do next.
#[derive(Debug)]
pub enum Effect {
    /// Something is under way; its end is the next event.
    Nothing,
    /// Ask the store for everything.
    Load,
    /// Attempt this delivery.
    Attempt {
        /// What to send.
        notification: Arc<Notification>,
        /// How many attempts there have been.
        attempts: u32,
        /// How often the endpoint has failed in a row.
        failures: u32,
        /// Since when it has said nothing but that nobody listens (507).
        unheard_since: Option<Timestamp>,
    },
    /// Record this, and say when it is on disk.
    Settle(Settlement),
    /// Nothing is to be sent any more, and the store still calls the subscription waiting: clear that.
    StopWaiting,
    /// Nothing before that time, which the store knows.
    Wait(Timestamp),
    /// Nothing before that time, of which the store knows nothing: what is held is not on its due list.
    Hold(Timestamp),
    /// Nothing to do.
    Rest,
    /// The subscription is gone: nothing ever again.
    End,
}
