//! What a SubscriptionSupervisor knows of a worker without asking it: both live on one thread and share this.
//! It outlives restarts, and a panic cannot take it along.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::sync::Arc;

use tokio::time::Instant;

use super::drain::UnderWay;
use crate::clock::Timestamp;
use crate::id::{ChannelId, Seq};
use crate::model::Subscription;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::vital::{By, Vital};

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
    /// What every actor knows of itself.
    pub vital: Arc<Vital>,
    /// Whom it serves, once that is known.
    pub known: RefCell<Option<Arc<Subscription>>>,
    /// What it is doing.
    pub doing: Cell<Doing>,
    /// Set when the store's word on the subscription has changed: what was read before is not sent any more.
    pub changed: Cell<bool>,
    /// Its request, from its start until its result is on disk.
    pub under_way: Cell<Option<UnderWay>>,
    /// The delivery that is being attempted: if the worker panics now, this is the suspect.
    pub in_hand: Cell<Option<(ChannelId, Seq)>>,
    /// The last suspect, and how many panics in a row it was in hand at.
    pub suspect: Cell<Option<Suspect>>,
    /// Deliveries that ended.
    pub settled: Cell<u64>,
}

impl Vitals {
    /// Of a worker that is being born at `now`, with what is known of an earlier one's suspect.
    pub fn new(vital: Arc<Vital>, now: Instant, suspect: Option<Suspect>) -> Self {
        Self {
            vital,
            known: RefCell::new(None),
            doing: Cell::new(Doing::Resting(now)),
            changed: Cell::new(false),
            under_way: Cell::new(None),
            in_hand: Cell::new(None),
            suspect: Cell::new(suspect),
            settled: Cell::new(0),
        }
    }

    /// Notes whom it serves.
    pub fn know(&self, subscription: &Arc<Subscription>) {
        let mut known = self.known.borrow_mut();
        if known.as_ref().is_none_or(|known| !Arc::ptr_eq(known, subscription)) {
            *known = Some(Arc::clone(subscription));
        }
    }

    /// Writes its public id, or its row while that is all that is known.
    pub fn write_name(&self, to: &mut dyn Write) -> std::fmt::Result {
        match (self.known.borrow().as_ref(), self.vital.id) {
            (Some(known), _) => to.write_str(known.public_id.as_str()),
            (None, ActorId::Subscription(_, row)) => write!(to, "{}", row.0),
            (None, other) => write!(to, "{other}"),
        }
    }

    /// Notes its end and its restart: whatever was in hand is suspected of it, unless it is known who did it.
    pub fn restarted(&self) {
        self.under_way.set(None);
        let Some(delivery) = self.in_hand.take() else { return };
        match self.vital.last_death() {
            Some(By::Operator) => {}
            Some(By::Panic) | None => {
                let before = match self.suspect.get() {
                    Some((suspect, panics)) if suspect == delivery => panics,
                    Some(_) | None => 0,
                };
                self.suspect.set(Some((delivery, before + 1)));
            }
        }
    }

    /// The delivery that was in hand at `limit` panics or more.
    pub fn poisoned(&self, limit: u32) -> Option<(ChannelId, Seq)> {
        self.suspect.get().filter(|(_, panics)| *panics >= limit).map(|(delivery, _)| delivery)
    }
}
