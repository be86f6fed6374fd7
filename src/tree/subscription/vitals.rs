//! What a SubscriptionSupervisor knows of a worker without asking it: both live on one thread and share this.
//! It outlives restarts, and a panic cannot take it along.

use std::cell::{Cell, RefCell};

use tokio::time::Instant;

use super::drain::UnderWay;
use crate::clock::Timestamp;
use crate::id::{ChannelId, Seq};

/// A delivery, and how many panics in a row it was in hand at.
pub type Suspect = ((ChannelId, Seq), u32);

/// What a worker is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// Nothing, since then.
    Resting(Instant),
    /// Something that ends by itself.
    Working,
    /// Held before a gate, for a moment: nobody else knows of it.
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// Waiting, as the store knows.
    Waiting {
        /// Since when.
        since: Instant,
        /// Until when.
        until: Timestamp,
    },
}

/// Cells that a worker writes and its supervisor reads.
pub struct Vitals {
    /// What it is doing.
    pub doing: Cell<Doing>,
    /// Messages that it has been sent and has not handled.
    pub mailbox: Cell<u64>,
    /// Set when the store's word on the subscription has changed: what was read before is not sent any more.
    pub changed: Cell<bool>,
    /// Its request, from its start until its result is on disk.
    pub under_way: Cell<Option<UnderWay>>,
    /// The delivery that is being attempted: if the worker panics now, this is the suspect.
    pub in_hand: Cell<Option<(ChannelId, Seq)>>,
    /// The last suspect, and how many panics in a row it was in hand at.
    pub suspect: Cell<Option<Suspect>>,
    /// Restarts so far.
    pub restarts: Cell<u32>,
    /// The last panic's message.
    pub last_panic: RefCell<Option<String>>,
    /// Deliveries that ended.
    pub settled: Cell<u64>,
}

impl Vitals {
    /// Of a worker that is being born at `now`, with what is known of an earlier one's suspect.
    pub fn new(now: Instant, suspect: Option<Suspect>) -> Self {
        Self {
            doing: Cell::new(Doing::Resting(now)),
            mailbox: Cell::new(0),
            changed: Cell::new(false),
            under_way: Cell::new(None),
            in_hand: Cell::new(None),
            suspect: Cell::new(suspect),
            restarts: Cell::new(0),
            last_panic: RefCell::new(None),
            settled: Cell::new(0),
        }
    }

    /// Notes that a message is on its way to it.
    pub fn posted(&self) {
        self.mailbox.set(self.mailbox.get() + 1);
    }

    /// Notes that it handles a message.
    pub fn received(&self) {
        self.mailbox.set(self.mailbox.get().saturating_sub(1));
    }

    /// Notes a panic: whatever was in hand is suspected of it.
    pub fn panicked(&self, message: &str) {
        self.under_way.set(None);
        self.last_panic.replace(Some(message.to_owned()));
        if let Some(delivery) = self.in_hand.take() {
            let before = match self.suspect.get() {
                Some((suspect, panics)) if suspect == delivery => panics,
                Some(_) | None => 0,
            };
            self.suspect.set(Some((delivery, before + 1)));
        }
    }

    /// The delivery that was in hand at `limit` panics or more.
    pub fn poisoned(&self, limit: u32) -> Option<(ChannelId, Seq)> {
        self.suspect.get().filter(|(_, panics)| *panics >= limit).map(|(delivery, _)| delivery)
    }
}
