//! Sending again: to those alone to whom it could not be delivered, and who are still there.

use std::collections::{BTreeMap, BTreeSet};

use fanfare::model::Outcome;

use super::{Entry, Reference};

impl Reference {
    /// A new notification of the same channel; answers which, if anybody is to get it.
    pub(in crate::model) fn resend(&mut self, key: usize) -> Option<usize> {
        let channel = self.notifications[key].channel;
        if self.channels[channel].deleted {
            return None;
        }
        self.release(Some(channel));
        let entry = &self.notifications[key];
        let is_known_to_have_failed = |seat: &usize| {
            let seats = &self.seats;
            // A cursor that has not passed it says so; one that has says nothing, but a result does.
            let by_cursor = entry.closed == Some(Outcome::Expired)
                && entry.recipients.contains(seat)
                && seats[*seat].done < entry.seq;
            by_cursor || entry.failed.contains(&seats[*seat].holder)
        };
        let recipients: BTreeSet<_> =
            self.seats_in(channel).filter(is_known_to_have_failed).collect();
        if recipients.is_empty() {
            return None;
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
            failed: BTreeSet::new(),
        });
        Some(self.notifications.len() - 1)
    }
}
