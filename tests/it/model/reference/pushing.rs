//! What may go to a push service, and when.

use fanfare::model::{Notification, Subscription};

use super::{Answer, Entry, Fate, Reference};

/// A push, as the one that gets it would see it.
pub(in crate::model) struct Push<'a> {
    pub(in crate::model) to: &'a Subscription,
    pub(in crate::model) notification: &'a Notification,
    /// Whether the worker has heard of every change of its subscription that was answered before.
    pub(in crate::model) told: bool,
    pub(in crate::model) answer: Answer,
}

impl Reference {
    /// A request goes out. Answers whether it repeats one whose result was lost.
    pub(in crate::model) fn push(&mut self, push: &Push<'_>) -> bool {
        let Push { to, notification, told, answer } = *push;
        let what = format!("{} to {}", notification.id, to.public_id);
        let key = self.entry_of(notification);
        let entry = &self.notifications[key];
        assert!(entry.closed.is_none(), "{what}: pushed after it was closed: {entry:?}");
        assert!(self.now < entry.expires, "{what}: pushed after its time");
        let who = self.of_row(to.id.0).unwrap_or_else(|| panic!("{what}: who is that?"));
        assert!(!self.channels[entry.channel].pauses, "{what}: its channel pauses: {entry:?}");
        let known = &self.subscriptions[who];
        let seat = self.seat_of(who, entry.channel);
        let wrong = if !known.is_there() {
            Some("to one that is not there")
        } else if known.generation != to.generation.0 {
            Some("with old keys")
        } else if seat.is_none() {
            Some("to one that is no member")
        } else if seat.is_some_and(|seat| !entry.recipients.contains(&seat)) {
            Some("to one that it was not for")
        } else {
            None
        };
        let Some(seat) = seat.filter(|_| wrong.is_none()) else {
            // In flight while the subscription changed: whatever comes of it changes nothing.
            assert!(!told, "{what}: pushed {wrong:?}: {known:?}, {entry:?}");
            if let Some(seat) = seat {
                self.notifications[key].pushes.insert(seat, Fate::Lost);
            }
            return false;
        };
        assert!(!entry.outcomes.contains_key(&seat), "{what}: pushed after its end: {entry:?}");
        let is_before = |earlier: &&Entry| {
            let is_earlier = earlier.channel == entry.channel && earlier.seq < entry.seq;
            is_earlier && self.now < earlier.expires && earlier.pending().any(|other| other == seat)
        };
        let before = self.notifications.iter().find(is_before);
        assert!(before.is_none(), "{what}: pushed before its turn: {before:?}");
        assert!(
            known.not_before.is_none_or(|until| until <= self.now),
            "{what}: pushed while it waits: {known:?}"
        );
        if let Some((channel, seq)) = known.trying
            && (channel, seq) != (entry.channel, entry.seq)
        {
            let is_it = |other: &&Entry| (other.channel, other.seq) == (channel, seq);
            let tried = self.notifications.iter().find(is_it);
            let tried = tried.unwrap_or_else(|| panic!("{what}: what is being tried is unknown"));
            assert!(
                known.excused || tried.closed.is_some() || self.now >= tried.expires,
                "{what}: pushed before what is being tried: {tried:?}"
            );
        }
        let is_repeat = match entry.pushes.get(&seat) {
            None | Some(Fate::Again) => false,
            Some(Fate::Lost) => true,
            Some(fate @ (Fate::InHand(_) | Fate::Ended)) => {
                panic!("{what}: pushed again for no reason: {fate:?}")
            }
        };
        self.notifications[key].pushes.insert(seat, Fate::InHand(answer));
        is_repeat
    }

    pub(super) fn entry_of(&self, notification: &Notification) -> usize {
        let is_it = |entry: &Entry| entry.id.as_ref() == Some(&notification.id);
        let key = self.notifications.iter().position(is_it);
        key.unwrap_or_else(|| panic!("{} was never accepted", notification.id))
    }

    /// Results that nobody has any more: of everybody, or of one.
    pub(in crate::model) fn lose_results(&mut self, of: Option<usize>) {
        let is_lost = |seat: &usize| of.is_none_or(|who| self.seats[*seat].holder == who);
        for entry in &mut self.notifications {
            for (seat, fate) in &mut entry.pushes {
                if matches!(fate, Fate::InHand(_)) && is_lost(seat) {
                    *fate = Fate::Lost;
                }
            }
        }
    }
}
