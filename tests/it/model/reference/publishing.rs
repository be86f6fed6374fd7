//! What comes into the logs, at once or when it is due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::PublicId;
use fanfare::model::Outcome;

use super::{Entry, Reference};

/// What a call says of its notifications.
#[derive(Clone, Debug)]
pub(in crate::model) struct Words {
    pub(in crate::model) topic: Option<u8>,
    pub(in crate::model) ttl: Duration,
    /// Who does not get it.
    pub(in crate::model) exclude: Vec<usize>,
}

impl Words {
    /// "Now or never" is one attempt, begun within half a minute.
    fn wait(&self) -> Duration {
        if self.ttl.is_zero() { Duration::from_secs(30) } else { self.ttl }
    }
}

/// A notification that has no number before it is due.
#[derive(Debug)]
pub(in crate::model) struct Later {
    pub(in crate::model) id: Option<PublicId>,
    pub(in crate::model) channel: usize,
    pub(in crate::model) send_at: Timestamp,
    pub(in crate::model) words: Words,
    pub(in crate::model) state: LaterState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::model) enum LaterState {
    Waits,
    Cancelled,
    InTheLog,
}

impl Later {
    pub(in crate::model) fn waits(&self) -> bool {
        self.state == LaterState::Waits
    }

    pub(in crate::model) fn cancel(&mut self) {
        if self.waits() {
            self.state = LaterState::Cancelled;
        }
    }
}

impl Reference {
    /// One notification to each of the channels; answers which.
    pub(in crate::model) fn publish(&mut self, names: &[usize], words: &Words) -> Vec<usize> {
        names.iter().for_each(|name| self.bring_up_to_date(*name));
        let append = |name: &usize| {
            let channel = self.channel_or_new(*name);
            self.append(channel, words, self.now + words.wait(), None)
        };
        names.iter().map(append).collect()
    }

    /// The same, to be sent later.
    pub(in crate::model) fn schedule(
        &mut self,
        names: &[usize],
        words: &Words,
        send_at: Timestamp,
    ) -> Vec<usize> {
        names.iter().for_each(|name| self.bring_up_to_date(*name));
        let add = |name: &usize| {
            let channel = self.channel_or_new(*name);
            let (words, state) = (words.clone(), LaterState::Waits);
            self.schedule.push(Later { id: None, channel, send_at, words, state });
            self.schedule.len() - 1
        };
        names.iter().map(add).collect()
    }

    /// What was to be sent before goes before.
    fn bring_up_to_date(&mut self, name: usize) {
        if let Some(channel) = self.channel_of(name) {
            self.release(Some(channel));
        }
    }

    /// What is due gets its number: of one channel, or of all.
    pub(super) fn release(&mut self, channel: Option<usize>) {
        let is_due = |later: &Later| {
            let is_here = channel.is_none_or(|channel| channel == later.channel);
            is_here && later.waits() && later.send_at <= self.now
        };
        let mut due: Vec<_> =
            (0..self.schedule.len()).filter(|key| is_due(&self.schedule[*key])).collect();
        due.sort_by_key(|key| self.schedule[*key].send_at);
        for key in due {
            let later = &mut self.schedule[key];
            later.state = LaterState::InTheLog;
            let (channel, words, id) = (later.channel, later.words.clone(), later.id.clone());
            let expires = later.send_at + words.wait();
            self.append(channel, &words, expires, id);
        }
    }

    fn append(
        &mut self,
        channel: usize,
        words: &Words,
        expires: Timestamp,
        id: Option<PublicId>,
    ) -> usize {
        for key in 0..self.notifications.len() {
            let entry = &self.notifications[key];
            let is_replaced = entry.channel == channel && entry.topic == words.topic;
            if words.topic.is_some() && is_replaced {
                self.close(key, Outcome::Superseded);
            }
        }
        let is_meant = |seat: &usize| !words.exclude.contains(&self.seats[*seat].holder);
        let recipients = self.seats_in(channel).filter(is_meant).collect();
        self.channels[channel].head += 1;
        self.notifications.push(Entry {
            id,
            channel,
            seq: self.channels[channel].head,
            topic: words.topic,
            expires,
            recipients,
            outcomes: BTreeMap::new(),
            closed: None,
            pushes: BTreeMap::new(),
            lasts: words.wait(),
            is_again: false,
            failed: BTreeSet::new(),
        });
        self.notifications.len() - 1
    }

    /// Two turned out to be one: what was to be kept from the one is kept from the other.
    pub(super) fn exclude_instead(&mut self, other: usize, who: usize) {
        for later in self.schedule.iter_mut().filter(|later| later.waits()) {
            for excluded in &mut later.words.exclude {
                if *excluded == other {
                    *excluded = who;
                }
            }
        }
    }
}
