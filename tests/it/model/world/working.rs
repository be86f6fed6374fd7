//! A subscription's worker, step by step: between any two of them anything else may happen.

use std::time::Duration;

use fanfare::delivery::judge::{Attempted, Standing, judge};
use fanfare::delivery::outbox::Event;
use fanfare::id::SubscriptionId;
use fanfare::model::{Outcome, Settled, Settlement};
use fanfare::store::Store;
use fanfare::store::work::Share;
use fanfare::webpush::reply::{Scope, Verdict};

use super::World;
use crate::model::asked::Answer;
use crate::model::reference::Push;
use crate::model::tree::{Attempt, Doing, Mail};

/// A gate that opens within this time is waited for without a word to the store.
const SHORT: Duration = Duration::from_secs(2);

/// A refusal of our key for one subscription alone, so often in a row, ends it.
const REFUSED_ALONE: u32 = 24;

impl World {
    pub(super) async fn work(&mut self, who: usize, answer: Answer, steps: usize) {
        let busy = self.tree.workers.iter().filter(|(_, worker)| worker.is_busy());
        let ids: Vec<_> = busy.map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[who % ids.len()];
        for _ in 0..steps {
            if !self.work_once(id, answer).await {
                return;
            }
        }
    }

    /// One step; `false`: it has nothing under way.
    pub(super) async fn work_once(&mut self, id: SubscriptionId, answer: Answer) -> bool {
        let now = self.now();
        let tick = self.tree.tick();
        let Some(worker) = self.tree.workers.get_mut(&id).filter(|worker| worker.is_busy()) else {
            return false;
        };
        let event = match std::mem::replace(&mut worker.doing, Doing::Resting) {
            doing @ (Doing::Resting | Doing::Waiting | Doing::Held) => {
                worker.doing = doing;
                return false;
            }
            Doing::Load => {
                worker.changed = false;
                worker.loaded = tick;
                let backlog = self.store.load(id, now).await.unwrap();
                self.count("load");
                // It may have moved cursors.
                self.check_cursors();
                self.doing(id, Doing::Loaded(backlog));
                return true;
            }
            Doing::Loaded(backlog) => Event::Loaded { backlog, poisoned: worker.poisoned() },
            Doing::Attempt(attempt) => match self.attempt(id, attempt, answer) {
                Some(event) => event,
                None => return true,
            },
            Doing::Answered(attempt, answer, attempted) => self.judge(attempt, answer, &attempted),
            Doing::Settle(settlement) => {
                self.settle(id, settlement).await;
                return true;
            }
            Doing::Settled(settled) => Event::Settled(settled),
            Doing::Stop => {
                let subscription = worker.outbox.subscription().unwrap();
                let (row, generation) = (subscription.id, subscription.generation);
                self.store.stop_waiting(row, generation).await.unwrap();
                self.reference.stop_waiting(row, generation);
                self.count("stop waiting");
                self.doing(id, Doing::Stopped);
                return true;
            }
            Doing::Stopped => Event::StoppedWaiting,
        };
        let worker = self.tree.workers.get_mut(&id).unwrap();
        let stays = worker.ended(event, now);
        self.tree.end_unless(stays, id, now);
        true
    }

    fn doing(&mut self, id: SubscriptionId, doing: Doing) {
        self.tree.workers.get_mut(&id).unwrap().doing = doing;
    }

    /// The gate, a last look whether it is still open, and the request. `None`: it is on its way.
    fn attempt(&mut self, id: SubscriptionId, attempt: Attempt, answer: Answer) -> Option<Event> {
        let now = self.now();
        let told = self.tree.is_told(id);
        let worker = &self.tree.workers[&id];
        let subscription = worker.outbox.subscription().cloned().unwrap();
        let attempted = attempted(answer, now);
        if answer.is_of_a_push() {
            if worker.changed || !attempt.notification.is_open_for(id, now) {
                self.count("skipped");
                return Some(Event::Skipped);
            }
            if self.tree.paused.contains(&attempt.notification.channel) {
                self.count("paused");
                return Some(Event::Paused);
            }
            let notification = &attempt.notification;
            let push = Push { to: &subscription, notification, told, answer };
            let is_repeat = self.reference.push(&push);
            self.count("push");
            if is_repeat {
                self.count("push repeated");
            }
        }
        let kind = format!("{answer:?}");
        let kind = kind.split(['(', ' ']).next().unwrap_or_default();
        self.count(format!("answer {kind}"));
        self.doing(id, Doing::Answered(attempt, answer, attempted));
        None
    }

    fn judge(&mut self, attempt: Attempt, answer: Answer, attempted: &Attempted) -> Event {
        let now = self.now();
        let Attempt { notification, attempts, failures, unheard_since } = attempt;
        if let Attempted::Held { until } = *attempted
            && until.since(now) <= SHORT
            && until < notification.expires
        {
            return Event::Held(until);
        }
        let standing = Standing::of(&notification, attempts, failures, unheard_since, now);
        let judgement = judge(attempted, standing, &self.retry, &mut self.rng);
        if answer == Answer::NobodyListens && judgement.outcome == Some(Outcome::Gone) {
            self.count("gone by silence");
        }
        Event::Attempted(judgement)
    }

    async fn settle(&mut self, id: SubscriptionId, settlement: Settlement) {
        let expected = self.reference.settle(&settlement);
        let settled = self.store.settle(settlement.clone()).await.unwrap();
        assert_eq!(settled, expected, "{settlement:?}");
        self.count_outcome(&settlement, settled);
        self.doing(id, Doing::Settled(settled));
    }

    pub(super) fn count_outcome(&mut self, settlement: &Settlement, settled: Settled) {
        match settled {
            Settled::Stale => self.count("stale result"),
            Settled::Recorded => {
                self.count(settlement.outcome.map_or("settled retry".to_owned(), |outcome| {
                    format!("settled {}", outcome.label())
                }));
            }
        }
    }

    /// Wakes those whose wait is over and who have no worker; answers whether there was anybody.
    pub(super) async fn look_who_is_due(&mut self) -> bool {
        let due = self.store.due(Share { index: 0, of: 1 }, None, 100).await.unwrap();
        let now = self.now();
        let is_mine = |due: &&fanfare::store::work::Due| {
            due.not_before <= now && !self.tree.workers.contains_key(&due.subscription)
        };
        let mine: Vec<_> = due.iter().filter(is_mine).map(|due| due.subscription).collect();
        for id in &mine {
            self.count("woken");
            self.tree.mail.push_back(Mail::Due(*id));
        }
        !mine.is_empty()
    }
}

fn attempted(answer: Answer, now: fanfare::clock::Timestamp) -> Attempted {
    let answered = |verdict, status, refused_alone| Attempted::Answered {
        verdict,
        status,
        reason: None,
        refused_alone,
    };
    match answer {
        Answer::Accepted => answered(Verdict::Accepted, 201, 0),
        Answer::Gone => answered(Verdict::Gone, 410, 0),
        Answer::Rejected => answered(Verdict::Rejected, 400, 0),
        Answer::TooLarge => answered(Verdict::TooLarge, 413, 0),
        Answer::Later(after) => answered(Verdict::Retry { after, scope: Scope::Endpoint }, 429, 0),
        Answer::Unauthorized => answered(Verdict::Unauthorized, 403, 0),
        Answer::RefusedAlone => answered(Verdict::Unauthorized, 403, REFUSED_ALONE),
        Answer::NobodyListens => answered(Verdict::NoSubscriber, 507, 0),
        Answer::Unanswered { counts } => {
            Attempted::Unanswered { reason: "no answer".to_owned(), counts }
        }
        Answer::Held(wait) => Attempted::Held { until: now + wait },
        Answer::Impossible => Attempted::Impossible { reason: "never".to_owned() },
    }
}
