//! Who comes into channels, who leaves them, and who turns out to be somebody else.

use std::collections::BTreeSet;

use fanfare::clock::Timestamp;
use fanfare::model::Outcome;

use super::{Browser, Reference, Seat, State};

/// What becomes of a replacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::model) enum Replaced {
    Yes,
    Unknown,
    InUse,
}

impl Browser {
    pub(super) fn never_returns_to(&mut self, name: usize) {
        if let State::Went { from, .. } = &mut self.state {
            from.remove(&name);
        }
    }

    fn would_return_to(&self) -> BTreeSet<usize> {
        match &self.state {
            State::Went { from, .. } => from.clone(),
            State::There | State::Forgotten => BTreeSet::new(),
        }
    }
}

impl Reference {
    /// The subscription that has an endpoint, whether it is there or went.
    fn with_endpoint(&self, endpoint: usize) -> Option<usize> {
        let has_it =
            |known: &Browser| known.endpoint == endpoint && known.state != State::Forgotten;
        self.subscriptions.iter().position(has_it)
    }

    /// A browser comes, by a backend's word; answers who it is and whether it was unknown.
    pub(in crate::model) fn subscribe(
        &mut self,
        (endpoint, keys): (usize, usize),
        names: &[usize],
        ends: Option<Timestamp>,
    ) -> (usize, bool) {
        let found = self.with_endpoint(endpoint);
        let (who, created) = match found {
            Some(who) if self.subscriptions[who].is_there() => {
                if self.subscriptions[who].keys != keys {
                    self.renew(who, (endpoint, keys), ends);
                }
                self.subscriptions[who].ends = ends;
                (who, false)
            }
            // Its push service was wrong about it.
            Some(who) if self.subscriptions[who].keys == keys => {
                let returns_to = self.subscriptions[who].would_return_to();
                self.renew(who, (endpoint, keys), ends);
                returns_to.into_iter().for_each(|name| self.join(who, name));
                (who, false)
            }
            Some(_) | None => {
                if let Some(dead) = found {
                    self.subscriptions[dead].state = State::Forgotten;
                }
                (self.newcomer(endpoint, keys, ends), true)
            }
        };
        names.iter().for_each(|name| self.join(who, *name));
        (who, created)
    }

    fn newcomer(&mut self, endpoint: usize, keys: usize, ends: Option<Timestamp>) -> usize {
        self.subscriptions.push(Browser {
            id: None,
            row: None,
            endpoint,
            keys,
            generation: 1,
            state: State::There,
            ends,
            not_before: None,
            trying: None,
            excused: false,
            unheard_since: None,
        });
        self.subscriptions.len() - 1
    }

    /// A new generation, which is due at once.
    fn renew(&mut self, who: usize, with: (usize, usize), ends: Option<Timestamp>) {
        let now = self.now;
        let known = &mut self.subscriptions[who];
        (known.endpoint, known.keys) = with;
        known.generation += 1;
        known.state = State::There;
        known.ends = ends;
        known.not_before = Some(now);
        known.trying = None;
        known.unheard_since = None;
    }

    fn join(&mut self, who: usize, name: usize) {
        let channel = self.channel_or_new(name);
        if self.seat_of(who, channel).is_none() {
            let done = self.channels[channel].head;
            self.seats.push(Seat { channel, holder: who, done, left: false });
        }
    }

    /// What was open for a seat has that outcome. What it had passed over because its time was up gets its own.
    fn vacate(&mut self, key: usize, outcome: Outcome) {
        let Seat { channel, holder, done, .. } = self.seats[key];
        self.seats[key].left = true;
        let is_open = |entry: &&mut super::Entry| {
            let is_after = entry.channel == channel && entry.seq > done;
            is_after && entry.recipients.contains(&key) && !entry.outcomes.contains_key(&key)
        };
        for entry in self.notifications.iter_mut().filter(is_open) {
            entry.outcomes.insert(key, outcome);
        }
        let known = &mut self.subscriptions[holder];
        known.trying = known.trying.filter(|(tried, _)| *tried != channel);
    }

    /// Leaves one channel; answers how many memberships ended.
    pub(in crate::model) fn leave(&mut self, who: usize, name: usize) -> u64 {
        self.subscriptions[who].never_returns_to(name);
        let seat = self.channel_of(name).and_then(|channel| self.seat_of(who, channel));
        seat.map_or(0, |seat| {
            self.vacate(seat, Outcome::Unsubscribed);
            1
        })
    }

    /// Leaves all channels and is forgotten; answers how many memberships ended.
    pub(in crate::model) fn forget(&mut self, who: usize) -> u64 {
        let left = self.names_of(who).len() as u64;
        if self.subscriptions[who].state == State::Forgotten {
            return 0;
        }
        for seat in self.seats_held(who) {
            self.vacate(seat, Outcome::Unsubscribed);
        }
        self.subscriptions[who].state = State::Forgotten;
        left
    }

    /// It goes, and may come back.
    pub(super) fn go(&mut self, who: usize, outcome: Outcome, held: bool, at: Timestamp) {
        let seats = self.seats_held(who);
        let live = |seat: &usize| {
            let channel = &self.channels[self.seats[*seat].channel];
            (!channel.deleted).then_some(channel.name)
        };
        let from = seats.iter().filter_map(live).collect();
        seats.into_iter().for_each(|seat| self.vacate(seat, outcome));
        let known = &mut self.subscriptions[who];
        known.state = State::Went { at, held, from };
        known.not_before = None;
        known.trying = None;
    }

    /// It comes back, by an operator's word; `false`: it cannot.
    pub(in crate::model) fn restore(&mut self, who: usize) -> bool {
        let known = &mut self.subscriptions[who];
        if !known.may_return(self.now) {
            return known.is_there();
        }
        let returns_to = known.would_return_to();
        known.generation += 1;
        known.state = State::There;
        known.unheard_since = None;
        returns_to.into_iter().for_each(|name| self.join(who, name));
        true
    }

    /// It has another endpoint and other keys.
    pub(in crate::model) fn replace(&mut self, who: usize, with: (usize, usize)) -> Replaced {
        let is_known = |known: &Browser| known.is_there() || known.may_return(self.now);
        if !is_known(&self.subscriptions[who]) {
            return Replaced::Unknown;
        }
        let mut returns_to = self.subscriptions[who].would_return_to();
        let other = self.with_endpoint(with.0).filter(|other| *other != who);
        if let Some(other) = other {
            let found = &self.subscriptions[other];
            let is_same = found.keys == with.1;
            if !is_same && is_known(found) {
                return Replaced::InUse;
            }
            if found.is_there() {
                self.merge(who, other);
            } else if is_same && found.may_return(self.now) {
                returns_to.extend(found.would_return_to());
            }
            self.subscriptions[other].state = State::Forgotten;
            if is_same {
                self.exclude_instead(other, who);
            }
        }
        self.renew(who, with, None);
        returns_to.into_iter().for_each(|name| self.join(who, name));
        Replaced::Yes
    }

    /// Two turn out to be one: the seats of `other` are `who`'s, but for those that it has itself.
    fn merge(&mut self, who: usize, other: usize) {
        for seat in self.seats_held(other) {
            let channel = self.seats[seat].channel;
            let taken = self.seat_of(who, channel);
            if taken.is_some() || self.channels[channel].deleted {
                if let Some(mine) = taken.filter(|_| !self.channels[channel].deleted) {
                    self.hand_on(seat, mine);
                }
                self.vacate(seat, Outcome::Unsubscribed);
            } else {
                // What `other` has in flight will be of no use.
                self.lose_results(Some(other));
                self.seats[seat].holder = who;
            }
        }
    }

    /// What is sent again to the one seat alone, and neither has come past, is for the other.
    fn hand_on(&mut self, from: usize, to: usize) {
        let done = self.seats[from].done.max(self.seats[to].done);
        let channel = self.seats[from].channel;
        let is_open = |entry: &&mut super::Entry| {
            let is_after = entry.is_again && entry.channel == channel && entry.seq > done;
            is_after && !entry.recipients.contains(&to) && !entry.outcomes.contains_key(&from)
        };
        for entry in self.notifications.iter_mut().filter(is_open) {
            if entry.recipients.remove(&from) {
                entry.recipients.insert(to);
            }
        }
    }
}
