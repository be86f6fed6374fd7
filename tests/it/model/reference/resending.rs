//! Sending again: to those alone to whom it could not be delivered, and who are still there.

use std::collections::{BTreeMap, BTreeSet};

use fanfare::model::Outcome;
use fanfare::store::resend::{DEFAULT_REQUEST, TO_DISK};

use super::{Entry, Reference};

/// What becomes of sending again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::model) enum Again {
    Nobody,
    /// It may still be accepted by somebody.
    UnderWay,
    Sent(usize),
}

impl Reference {
    /// A new notification of the same channel; answers which, if anybody is to get it.
    pub(in crate::model) fn resend(&mut self, key: usize) -> Again {
        let channel = self.notifications[key].channel;
        if self.channels[channel].deleted {
            return Again::Nobody;
        }
        self.release(Some(channel));
        let entry = &self.notifications[key];
        // A cursor that has not passed it says so; one that has says nothing, but a result does.
        let by_cursor = |seat: &usize| {
            let is_expired = entry.closed == Some(Outcome::Expired);
            let is_behind = self.seats[*seat].done < entry.seq;
            is_expired && is_behind && entry.recipients.contains(seat)
        };
        let is_known_to_have_failed =
            |seat: &usize| by_cursor(seat) || entry.failed.contains(&self.seats[*seat].holder);
        let recipients: BTreeSet<_> =
            self.seats_in(channel).filter(is_known_to_have_failed).collect();
        if recipients.is_empty() {
            return Again::Nobody;
        }
        let settled_by = DEFAULT_REQUEST + TO_DISK;
        if self.now < entry.expires + settled_by && recipients.iter().any(by_cursor) {
            return Again::UnderWay;
        }
        let lasts = entry.lasts;
        self.channels[channel].head += 1;
        self.notifications.push(Entry {
            id: None,
            channel,
            seq: self.channels[channel].head,
            topic: None,
            expires: self.now + lasts,
            recipients,
            outcomes: BTreeMap::new(),
            closed: None,
            pushes: BTreeMap::new(),
            lasts,
            is_again: true,
            failed: BTreeSet::new(),
        });
        Again::Sent(self.notifications.len() - 1)
    }
}
