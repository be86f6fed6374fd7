//! The registry of a SubscriptionSupervisor: which worker serves which subscription, and who may end.

use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use tokio::time::Instant;

use super::vitals::{Doing, Vitals};
use super::worker::{Deliver, End, Refresh, SendTest, SubscriptionWorker};
use crate::id::SubscriptionId;
use crate::tree::observe::row::{State, Visible};
use crate::tree::observe::vital::Vital;
use crate::tree::postbox::Postbox;
use crate::tree::supervision::kill::Kill;

/// A message that is on its way to a worker.
pub enum Mail {
    /// A channel has something.
    Deliver(Deliver),
    /// The store has something.
    Refresh(Refresh),
    /// A test.
    Test(SendTest),
}

/// One worker.
pub struct Entry {
    postbox: Postbox<SubscriptionWorker>,
    vitals: Rc<Vitals>,
    ending: bool,
    waiting_mail: Vec<Mail>,
}

impl Entry {
    /// An entry of a worker that was started just now.
    pub fn new(postbox: Postbox<SubscriptionWorker>, vitals: Rc<Vitals>) -> Self {
        Self { postbox, vitals, ending: false, waiting_mail: Vec::new() }
    }

    /// Passes mail on; while the worker is ending, it waits for the next one.
    pub fn post(&mut self, mail: Mail) {
        if self.ending {
            self.waiting_mail.push(mail);
            return;
        }
        match mail {
            Mail::Deliver(deliver) => {
                self.vitals.know(&deliver.subscription);
                self.postbox.post(deliver);
            }
            Mail::Refresh(refresh) => self.postbox.post(refresh),
            Mail::Test(test) => {
                self.vitals.know(&test.subscription);
                self.postbox.post(test);
            }
        }
    }

    /// Kills the worker, unless it is about to end anyway.
    pub fn kill(&self, kill: Kill) {
        if !self.ending {
            self.postbox.post(kill);
        }
    }

    /// What the supervisor shares with the worker.
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// What the next worker is to be sent, after this one's exit.
    pub fn into_waiting_mail(self) -> Vec<Mail> {
        self.waiting_mail
    }

    /// Since when it could end: it rests or waits, and nothing is on its way to it.
    fn dispensable_since(&self) -> Option<Instant> {
        if self.ending || self.vitals.vital.waiting() > 0 {
            return None;
        }
        match self.vitals.doing.get() {
            Doing::Resting(since) => Some(since),
            Doing::Working | Doing::Held { .. } | Doing::Waiting { .. } => None,
        }
    }

    fn end(&mut self) {
        self.ending = true;
        self.postbox.post(End);
    }
}

impl Visible for Entry {
    fn vital(&self) -> &Vital {
        &self.vitals.vital
    }

    fn doing(&self) -> State {
        match self.vitals.doing.get() {
            _ if self.ending => ("ending", None),
            Doing::Resting(_) => ("resting", None),
            Doing::Working => ("working", None),
            Doing::Held { until } => ("held", Some(until)),
            Doing::Waiting { until, .. } => ("waiting", Some(until)),
        }
    }

    fn name(&self, to: &mut dyn Write) -> std::fmt::Result {
        self.vitals.write_name(to)
    }
}

/// The workers of one arbiter.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<SubscriptionId, Entry>,
    ending: usize,
}

impl Registry {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many there are that have not been told to end.
    pub fn staying(&self) -> usize {
        self.entries.len() - self.ending
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a subscription has a worker.
    pub fn contains(&self, id: SubscriptionId) -> bool {
        self.entries.contains_key(&id)
    }

    /// A subscription's worker.
    pub fn get(&self, id: SubscriptionId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// A subscription's worker, to send it something.
    pub fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// Enters a worker.
    pub fn insert(&mut self, id: SubscriptionId, entry: Entry) -> &mut Entry {
        self.entries.entry(id).insert_entry(entry).into_mut()
    }

    /// Removes a worker that has exited.
    pub fn remove(&mut self, id: SubscriptionId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.ending -= usize::from(entry.ending);
        Some(entry)
    }

    /// Ends workers that have rested since before `deadline`.
    pub fn end_idle(&mut self, deadline: Instant) {
        for entry in self.entries.values_mut() {
            if entry.dispensable_since().is_some_and(|since| since <= deadline) {
                entry.end();
                self.ending += 1;
            }
        }
    }

    /// Ends `count` workers: those that rest longest, and then those that wait, who are in the store as well.
    pub fn end_longest_idle(&mut self, count: usize) {
        let mut idle: Vec<_> = self
            .entries
            .values_mut()
            .filter_map(|entry| entry.rank().map(|rank| (rank, entry)))
            .collect();
        idle.sort_unstable_by_key(|(rank, _)| *rank);
        for (_, entry) in idle.into_iter().take(count) {
            entry.end();
            self.ending += 1;
        }
    }

    /// Who has a worker.
    pub fn ids(&self) -> impl Iterator<Item = SubscriptionId> {
        self.entries.keys().copied()
    }
}

impl Entry {
    /// In which order workers are ended when there are too many; `None`: not at all.
    fn rank(&self) -> Option<(u8, Instant)> {
        if self.ending || self.vitals.vital.waiting() > 0 {
            return None;
        }
        match self.vitals.doing.get() {
            Doing::Resting(since) => Some((0, since)),
            Doing::Waiting { since, .. } => Some((1, since)),
            Doing::Working | Doing::Held { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use actix::{AsyncContext, Context};

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::metrics::{ActorKind, Metrics};
    use crate::tree::actor_id::ActorId;
    use crate::tree::observe::alarms::Alarms;
    use crate::tree::observe::kin::Kin;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    /// How many of as many workers stay when all are to end that can be spared.
    fn staying(all: &[Doing]) -> usize {
        let mut registry = Registry::default();
        let alarms = Alarms::new(Clock::System);
        let kin = Arc::new(Kin::new(ActorKind::SubscriptionWorker, &Metrics::new(), alarms));
        for (doing, id) in all.iter().zip(1..) {
            let vital = Vital::new(ActorId::Subscription(0, SubscriptionId(id)), Arc::clone(&kin));
            let vitals = Rc::new(Vitals::new(Arc::clone(&vital), Instant::now(), None));
            vitals.doing.set(*doing);
            let addr = Context::<SubscriptionWorker>::new().address();
            registry.insert(SubscriptionId(id), Entry::new(Postbox::new(addr, vital), vitals));
        }
        registry.end_longest_idle(all.len());
        registry.staying()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_rests_or_waits_can_be_spared_and_whoever_is_held_before_a_gate_cannot() {
        let since = Instant::now();
        let until = NOW + Duration::from_secs(1);
        assert_eq!(staying(&[Doing::Resting(since), Doing::Waiting { since, until }]), 0);
        assert_eq!(
            staying(&[Doing::Working, Doing::Held { until }]),
            2,
            "the store knows of neither"
        );
    }
}
