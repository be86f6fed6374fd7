//! In the end everybody gets what is open for it: without another sweep from the start, and without waiting longer than
//! for what the store says.

use fanfare::clock::Timestamp;
use fanfare::id::{ChannelId, SubscriptionId};
use fanfare::model::Outcome;
use fanfare::store::Store;

use super::World;
use crate::model::asked::Answer;
use crate::model::reference::Entry;

/// More rounds than anything here takes.
const PATIENCE: usize = 100_000;

impl World {
    /// From now on push services accept everything. Ends when nothing is left to do.
    pub(in crate::model) async fn come_to_rest(&mut self) {
        // What pauses is in nobody's way, and nobody goes round in circles because of it.
        self.go_on().await;
        self.store.upkeep(self.now(), 1000).await.unwrap();
        self.reference.upkeep();
        self.hear();
        self.go_on().await;
        self.check();
        self.nobody_is_forgotten();
        self.resume_all().await;
        loop {
            self.go_on().await;
            self.store.upkeep(self.now(), 1000).await.unwrap();
            self.reference.upkeep();
            self.hear();
            self.go_on().await;
            self.check();
            self.nobody_is_forgotten();
            let Some(next) = self.next_time() else { break };
            self.reference.now = next;
        }
        let open = self.reference.notifications.iter().find(|entry| !entry.is_finished());
        assert!(open.is_none(), "it never ends: {open:?}");
        assert_eq!(self.store.totals().await.unwrap().pending, 0);
        assert!(self.store.channels_with_work(ChannelId(0), 100).await.unwrap().is_empty());
        assert!(self.tree.workers.values().all(|worker| !worker.is_busy()));
        for outcome in Outcome::ALL {
            let counts = self.reference.notifications.iter().map(|entry| entry.count(outcome));
            let count = counts.sum::<i64>().cast_unsigned();
            if count > 0 {
                *self.figures.entry(format!("outcome {}", outcome.label())).or_default() += count;
            }
        }
    }

    /// All that can be done at this time is done.
    async fn go_on(&mut self) {
        for _ in 0..PATIENCE {
            self.hear();
            let now = self.now();
            let mut any = self.tree.deliver(now);
            for work in self.store.channels_with_work(ChannelId(0), 100).await.unwrap() {
                let swept = self.tree.swept.get(&work.channel).copied().unwrap_or_default();
                let is_new = swept < work.head || self.tree.from_start.contains(&work.channel);
                if self.tree.sweeps.contains_key(&work.channel) || is_new {
                    any |= self.sweep_once(work.channel).await;
                }
            }
            let ids: Vec<SubscriptionId> = self.tree.workers.keys().copied().collect();
            for id in ids {
                any |= self.work_once(id, Answer::Accepted).await;
            }
            any |= self.look_who_is_due().await;
            if !any {
                return;
            }
        }
        panic!("it never rests: {:?}", self.tree);
    }

    /// Who has something to get and does not get it waits for a time that is known.
    fn nobody_is_forgotten(&self) {
        let pauses = |entry: &&Entry| self.reference.channels[entry.channel].pauses;
        for entry in self.reference.notifications.iter().filter(|entry| !pauses(entry)) {
            for seat in entry.pending() {
                let who = &self.reference.subscriptions[self.reference.seats[seat].holder];
                let worker = who.row.and_then(|row| self.tree.workers.get(&SubscriptionId(row)));
                let is_held =
                    worker.is_some_and(|worker| worker.timers.iter().any(|at| *at > self.now()));
                let waits = who.not_before.is_some_and(|until| until > self.now());
                assert!(is_held || waits, "forgotten: {entry:?} for {who:?}, whose {worker:?}");
            }
        }
    }

    /// When something is due next.
    fn next_time(&self) -> Option<Timestamp> {
        let timers = self.tree.workers.values().flat_map(|worker| &worker.timers).copied();
        let waits = self.reference.subscriptions.iter().filter_map(|known| known.not_before);
        let due = self.reference.schedule.iter().filter(|later| later.waits());
        timers
            .chain(waits)
            .chain(due.map(|later| later.send_at))
            .filter(|at| *at > self.now())
            .min()
    }
}
