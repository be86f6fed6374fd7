//! What must be true: a log of facts, as simple as it can be, that knows nothing of how the store keeps them.
//!
//! A membership is a seat: it has recipients' rights and a cursor, and it changes hands when two subscriptions turn out
//! to be one browser.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::PublicId;
use fanfare::model::Outcome;

use super::asked::{Answer, CHANNELS};

mod coming_and_going;
mod publishing;
mod pushing;
mod resending;
mod settling;

pub(super) use coming_and_going::Replaced;
pub(super) use publishing::{Later, Words};
pub(super) use pushing::Push;
pub(super) use resending::Again;

/// A subscription that went can come back for so long.
const REVIVABLE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a delivery that failed has ended with.
const FAILED: [Outcome; 3] = [Outcome::Expired, Outcome::Rejected, Outcome::TooLarge];

/// Everything that happened.
#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) now: Timestamp,
    pub(super) channels: Vec<Channel>,
    pub(super) seats: Vec<Seat>,
    pub(super) subscriptions: Vec<Browser>,
    pub(super) notifications: Vec<Entry>,
    pub(super) schedule: Vec<Later>,
}

/// One life of a channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) name: usize,
    /// The store's name for it, once it is known.
    pub(super) row: Option<i64>,
    pub(super) head: i64,
    pub(super) deleted: bool,
    /// An operator has paused it.
    pub(super) pauses: bool,
    /// Nothing is kept of it.
    pub(super) forgotten: bool,
}

/// A membership.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) channel: usize,
    pub(super) holder: usize,
    pub(super) done: i64,
    pub(super) left: bool,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) id: Option<PublicId>,
    pub(super) row: Option<i64>,
    pub(super) endpoint: usize,
    pub(super) keys: usize,
    pub(super) generation: i64,
    pub(super) state: State,
    pub(super) ends: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    /// The delivery that goes first: channel and number.
    pub(super) trying: Option<(usize, i64)>,
    /// The channel of that one has paused since: it may have been given up.
    pub(super) excused: bool,
    /// Since when nothing but 507 was heard.
    pub(super) unheard_since: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    There,
    /// It went, and would return to these channels.
    Went {
        at: Timestamp,
        held: bool,
        from: BTreeSet<usize>,
    },
    Forgotten,
}

/// A notification.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Option<PublicId>,
    pub(super) channel: usize,
    pub(super) seq: i64,
    pub(super) topic: Option<u8>,
    pub(super) expires: Timestamp,
    pub(super) recipients: BTreeSet<usize>,
    pub(super) outcomes: BTreeMap<usize, Outcome>,
    pub(super) closed: Option<Outcome>,
    pub(super) pushes: BTreeMap<usize, Fate>,
    /// How long it was to be tried.
    pub(super) lasts: Duration,
    /// It was sent again: it is for some alone.
    pub(super) is_again: bool,
    /// To whom it could not be delivered, by a result; not seats: who comes back is still who it was.
    pub(super) failed: BTreeSet<usize>,
}

/// What became of the last push of a notification to a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Its result is not on disk yet.
    InHand(Answer),
    /// It is to be made again.
    Again,
    /// Its result was lost, or is of an older generation: it may be made once more.
    Lost,
    /// It has ended.
    Ended,
}

impl Entry {
    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        self.recipients.iter().filter(|seat| !self.outcomes.contains_key(seat)).copied()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.pending().next().is_none()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.outcomes.values().any(|outcome| FAILED.contains(outcome))
    }

    pub(super) fn count(&self, outcome: Outcome) -> i64 {
        self.outcomes.values().filter(|ended| **ended == outcome).count() as i64
    }
}

impl Browser {
    pub(super) fn is_there(&self) -> bool {
        self.state == State::There
    }

    /// Whether it went and can come back.
    pub(super) fn may_return(&self, now: Timestamp) -> bool {
        match self.state {
            State::Went { at, held, .. } => held || at >= now - REVIVABLE,
            State::There | State::Forgotten => false,
        }
    }
}

impl Reference {
    /// The life that the channel of that name has now.
    pub(super) fn channel_of(&self, name: usize) -> Option<usize> {
        let is_it = |channel: &Channel| channel.name == name && !channel.deleted;
        self.channels.iter().position(is_it)
    }

    fn channel_or_new(&mut self, name: usize) -> usize {
        self.channel_of(name).unwrap_or_else(|| {
            self.channels.push(Channel {
                name,
                row: None,
                head: 0,
                deleted: false,
                pauses: false,
                forgotten: false,
            });
            self.channels.len() - 1
        })
    }

    pub(super) fn seats_in(&self, channel: usize) -> impl Iterator<Item = usize> {
        let is_here = move |seat: &Seat| seat.channel == channel && !seat.left;
        self.seats.iter().enumerate().filter_map(move |(key, seat)| is_here(seat).then_some(key))
    }

    pub(super) fn seat_of(&self, holder: usize, channel: usize) -> Option<usize> {
        self.seats_in(channel).find(|seat| self.seats[*seat].holder == holder)
    }

    /// The seats that somebody has now.
    pub(super) fn seats_held(&self, holder: usize) -> Vec<usize> {
        let is_held = |seat: &Seat| seat.holder == holder && !seat.left;
        (0..self.seats.len()).filter(|seat| is_held(&self.seats[*seat])).collect()
    }

    /// The names of the channels that somebody is in, sorted.
    pub(super) fn names_of(&self, holder: usize) -> Vec<&'static str> {
        let channels = self
            .seats_held(holder)
            .into_iter()
            .map(|seat| &self.channels[self.seats[seat].channel]);
        let mut names: Vec<_> = channels
            .filter(|channel| !channel.deleted)
            .map(|channel| CHANNELS[channel.name])
            .collect();
        names.sort_unstable();
        names
    }

    pub(super) fn of_row(&self, row: i64) -> Option<usize> {
        self.subscriptions.iter().position(|known| known.row == Some(row))
    }

    /// What is pending of it gets that outcome.
    pub(super) fn close(&mut self, key: usize, outcome: Outcome) {
        let entry = &mut self.notifications[key];
        let pending: Vec<_> = entry.pending().collect();
        if !pending.is_empty() {
            entry.closed = Some(outcome);
            entry.outcomes.extend(pending.into_iter().map(|seat| (seat, outcome)));
        }
    }

    /// The channel and what is open in it or scheduled for it; `false`: there is none.
    pub(super) fn delete_channel(&mut self, name: usize) -> bool {
        self.subscriptions.iter_mut().for_each(|known| known.never_returns_to(name));
        let Some(channel) = self.channel_of(name) else { return false };
        for key in 0..self.notifications.len() {
            if self.notifications[key].channel == channel {
                self.close(key, Outcome::Cancelled);
            }
        }
        let waits = self.schedule.iter_mut().filter(|later| later.channel == channel);
        waits.for_each(Later::cancel);
        self.channels[channel].deleted = true;
        self.channels[channel].pauses = false;
        true
    }

    /// The channel pauses, or goes on; `false`: there is none.
    pub(super) fn pause(&mut self, name: usize, pauses: bool) -> bool {
        let Some(channel) = self.channel_of(name) else { return false };
        self.channels[channel].pauses = pauses;
        for known in &mut self.subscriptions {
            known.excused |= known.trying.is_some_and(|(tried, _)| tried == channel);
        }
        true
    }

    /// What ends by age.
    pub(super) fn upkeep(&mut self) {
        self.release(None);
        for key in 0..self.notifications.len() {
            if self.notifications[key].expires <= self.now {
                self.close(key, Outcome::Expired);
            }
        }
        for key in 0..self.subscriptions.len() {
            let known = &self.subscriptions[key];
            if known.is_there() && known.ends.is_some_and(|ends| ends <= self.now) {
                self.go(key, Outcome::Gone, false, self.now);
            }
        }
        for seat in &mut self.seats {
            seat.left |= self.channels[seat.channel].deleted;
        }
        for known in &mut self.subscriptions {
            if matches!(known.state, State::Went { .. }) && !known.may_return(self.now) {
                known.state = State::Forgotten;
            }
        }
        for key in 0..self.channels.len() {
            let is_named = self.schedule.iter().any(|later| later.channel == key);
            let is_used = self.channels[key].head > 0 || is_named || self.channels[key].pauses;
            if !is_used && self.seats_in(key).next().is_none() {
                self.channels[key].deleted = true;
                self.channels[key].forgotten = true;
            }
        }
    }
}
