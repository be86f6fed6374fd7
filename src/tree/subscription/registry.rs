//! The registry of a SubscriptionSupervisor: which worker serves which subscription, and who may end.

use std::collections::HashMap;
use std::rc::Rc;

use actix::Addr;
use tokio::time::Instant;

use super::vitals::{Doing, Vitals};
use super::worker::{Deliver, End, Refresh, SendTest, SubscriptionWorker};
use crate::id::SubscriptionId;
use crate::tree::observe::Snapshot;

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
    addr: Addr<SubscriptionWorker>,
    vitals: Rc<Vitals>,
    started: Instant,
    ending: bool,
    waiting_mail: Vec<Mail>,
}

impl Entry {
    /// An entry of a worker that was started just now.
    pub fn new(addr: Addr<SubscriptionWorker>, vitals: Rc<Vitals>) -> Self {
        Self { addr, vitals, started: Instant::now(), ending: false, waiting_mail: Vec::new() }
    }

    /// Passes mail on; while the worker is ending, it waits for the next one.
    pub fn post(&mut self, mail: Mail) {
        if self.ending {
            self.waiting_mail.push(mail);
            return;
        }
        self.vitals.posted();
        match mail {
            Mail::Deliver(deliver) => self.addr.do_send(deliver),
            Mail::Refresh(refresh) => self.addr.do_send(refresh),
            Mail::Test(test) => self.addr.do_send(test),
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
        if self.ending || self.vitals.mailbox.get() > 0 {
            return None;
        }
        match self.vitals.doing.get() {
            Doing::Resting(since) => Some(since),
            Doing::Working | Doing::Held { .. } | Doing::Waiting { .. } => None,
        }
    }

    fn end(&mut self) {
        self.ending = true;
        self.addr.do_send(End);
    }

    fn snapshot(&self, id: SubscriptionId) -> Snapshot {
        let vitals = &self.vitals;
        let state = match vitals.doing.get() {
            Doing::Resting(_) => "resting".to_owned(),
            Doing::Working => "working".to_owned(),
            Doing::Held { until } => format!("held until {until:?}"),
            Doing::Waiting { until, .. } => format!("waiting until {until:?}"),
        };
        Snapshot {
            mailbox: vitals.mailbox.get(),
            restarts: u64::from(vitals.restarts.get()),
            figures: vec![
                ("settled", vitals.settled.get()),
                ("age_seconds", self.started.elapsed().as_secs()),
            ],
            last_panic: vitals.last_panic.borrow().clone(),
            ..Snapshot::new("SubscriptionWorker", id.0.to_string(), state)
        }
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

    /// At most `limit` workers, as they show themselves.
    pub fn snapshots(&self, limit: usize) -> Vec<Snapshot> {
        self.entries.iter().take(limit).map(|(id, entry)| entry.snapshot(*id)).collect()
    }
}

impl Entry {
    /// In which order workers are ended when there are too many; `None`: not at all.
    fn rank(&self) -> Option<(u8, Instant)> {
        if self.ending || self.vitals.mailbox.get() > 0 {
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
    use std::time::Duration;

    use actix::{AsyncContext, Context};

    use super::*;
    use crate::clock::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    /// How many of as many workers stay when all are to end that can be spared.
    fn staying(all: &[Doing]) -> usize {
        let mut registry = Registry::default();
        for (doing, id) in all.iter().zip(1..) {
            let vitals = Rc::new(Vitals::new(Instant::now(), None));
            vitals.doing.set(*doing);
            let addr = Context::<SubscriptionWorker>::new().address();
            registry.insert(SubscriptionId(id), Entry::new(addr, vitals));
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
