//! The tree without actors, threads and time: what is on its way to whom, how far each channel's sweep has come, and what
//! each worker is doing. It decides as the supervisors do, about real outboxes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::delivery::judge::Attempted;
use fanfare::delivery::outbox::{Effect, Event, Outbox};
use fanfare::id::{ChannelId, Seq, SubscriptionId};
use fanfare::model::{Backlog, Member, Notification, Settled, Settlement, Stretch};

use super::asked::Answer;

/// What was read longer ago than this is not trusted to start a worker with, and an exit is remembered for so long.
const FRESH: Duration = Duration::from_secs(2);

/// A wait longer than this is parked.
const IDLE: Duration = Duration::from_secs(10);

/// A panic at one delivery so often, and it is not attempted any more.
const POISON_LIMIT: u32 = 3;

/// What is on its way to workers.
#[derive(Debug)]
pub(super) enum Mail {
    HandOut { page: Page, stretch: Arc<Stretch> },
    Changed(SubscriptionId),
    Due(SubscriptionId),
}

/// A page of members, and when it was read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) read_at: Timestamp,
    /// The same in the order of things.
    pub(super) read: u64,
    pub(super) members: Vec<Member>,
    pub(super) last: SubscriptionId,
}

/// A channel's sweep.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) stretch: Arc<Stretch>,
    pub(super) behind: Seq,
    pub(super) after: SubscriptionId,
    /// A page that waits for credits.
    pub(super) page: Option<Page>,
}

/// What a worker is doing.
#[derive(Debug)]
pub(super) enum Doing {
    Resting,
    Waiting,
    Held,
    Load,
    Loaded(Option<Backlog>),
    Attempt(Attempt),
    Answered(Attempt, Answer, Attempted),
    Settle(Settlement),
    Settled(Settled),
    Stop,
    Stopped,
}

/// An attempt under way.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) notification: Arc<Notification>,
    pub(super) attempts: u32,
    pub(super) failures: u32,
    pub(super) unheard_since: Option<Timestamp>,
}

/// A subscription's worker.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) outbox: Outbox,
    pub(super) doing: Doing,
    pub(super) timers: Vec<Timestamp>,
    /// It has been told of a change and has not loaded since.
    pub(super) changed: bool,
    /// When it asked for its last load, in the order of things.
    pub(super) loaded: u64,
    pub(super) suspect: Option<((ChannelId, Seq), u32)>,
}

impl Worker {
    fn new(load_first: bool) -> Self {
        Self {
            outbox: Outbox::new(load_first),
            doing: Doing::Resting,
            timers: Vec::new(),
            changed: false,
            loaded: 0,
            suspect: None,
        }
    }

    /// Whether something is under way, whose end is the next event.
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.doing, Doing::Resting | Doing::Waiting | Doing::Held)
    }

    pub(super) fn poisoned(&self) -> Option<(ChannelId, Seq)> {
        self.suspect.filter(|(_, panics)| *panics >= POISON_LIMIT).map(|(delivery, _)| delivery)
    }

    /// Tells its outbox of something that it did not ask for.
    fn hear(&mut self, event: Event, now: Timestamp) -> bool {
        let what = format!("{event:?}");
        let effect = self.outbox.on(event, now);
        if matches!(effect, Effect::Nothing) {
            return true;
        }
        assert!(!self.is_busy(), "two things at once: {:?} and, on {what}, {effect:?}", self.doing);
        self.perform(effect, now)
    }

    /// Tells its outbox how what it asked for has ended.
    pub(super) fn ended(&mut self, event: Event, now: Timestamp) -> bool {
        let effect = self.outbox.on(event, now);
        assert!(!matches!(effect, Effect::Nothing), "it asks for nothing and rests not: {self:?}");
        self.perform(effect, now)
    }

    /// Begins what its outbox asks for; `false`: it ends.
    fn perform(&mut self, effect: Effect, now: Timestamp) -> bool {
        self.doing = match effect {
            Effect::Nothing | Effect::Rest => Doing::Resting,
            Effect::Load => Doing::Load,
            Effect::Attempt { notification, attempts, failures, unheard_since } => {
                Doing::Attempt(Attempt { notification, attempts, failures, unheard_since })
            }
            Effect::Settle(settlement) => Doing::Settle(settlement),
            Effect::StopWaiting => Doing::Stop,
            Effect::Wait(until) => {
                assert!(until > now, "it waits for what is past");
                self.timers.push(until);
                self.doing = Doing::Waiting;
                return until.since(now) <= IDLE;
            }
            Effect::Hold(until) => {
                self.timers.push(until);
                Doing::Held
            }
            Effect::End => return false,
        };
        true
    }

    fn take_timer(&mut self, now: Timestamp) -> bool {
        let due = self.timers.iter().position(|timer| *timer <= now);
        due.map(|due| self.timers.swap_remove(due)).is_some()
    }
}

/// Everything that is in memory.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) workers: BTreeMap<SubscriptionId, Worker>,
    pub(super) mail: VecDeque<Mail>,
    pub(super) sweeps: BTreeMap<ChannelId, Sweep>,
    pub(super) swept: BTreeMap<ChannelId, Seq>,
    /// Channels that pause.
    pub(super) paused: BTreeSet<ChannelId>,
    /// Channels whose next sweep begins at the start.
    pub(super) from_start: BTreeSet<ChannelId>,
    exits: BTreeMap<SubscriptionId, Timestamp>,
    order: u64,
}

impl Tree {
    /// The next number in the order of things.
    pub(super) fn tick(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn worker(&mut self, id: SubscriptionId, fresh: bool, now: Timestamp) -> &mut Worker {
        let lately = self.exits.get(&id).is_some_and(|at| now.since(*at) <= FRESH);
        self.workers.entry(id).or_insert_with(|| Worker::new(!fresh || lately))
    }

    /// Other channels pause than before: those that go on are swept from their start.
    pub(super) fn pauses_changed(&mut self, paused: BTreeSet<ChannelId>) {
        let before = std::mem::replace(&mut self.paused, paused);
        self.from_start.extend(before.difference(&self.paused));
    }

    /// A worker has ended.
    pub(super) fn exit(&mut self, id: SubscriptionId, now: Timestamp) {
        if self.workers.remove(&id).is_some() {
            self.exits.insert(id, now);
        }
    }

    /// Everything that is on its way arrives, in order; then timers fire. Answers whether there was anything.
    pub(super) fn deliver(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(mail) = self.mail.pop_front() {
            any = true;
            match mail {
                Mail::HandOut { page, stretch } => self.hand_out(&page, &stretch, now),
                Mail::Changed(id) => self.changed(id, now),
                Mail::Due(id) => {
                    let stays = self.worker(id, false, now).hear(Event::Changed, now);
                    self.end_unless(stays, id, now);
                }
            }
        }
        let ids: Vec<_> = self.workers.keys().copied().collect();
        for id in ids {
            while let Some(worker) = self.workers.get_mut(&id)
                && worker.take_timer(now)
            {
                any = true;
                let stays = worker.hear(Event::Due, now);
                self.end_unless(stays, id, now);
            }
        }
        any
    }

    fn changed(&mut self, id: SubscriptionId, now: Timestamp) {
        let Some(worker) = self.workers.get_mut(&id) else {
            self.exits.insert(id, now);
            return;
        };
        worker.changed = true;
        let stays = worker.hear(Event::Changed, now);
        self.end_unless(stays, id, now);
    }

    fn hand_out(&mut self, page: &Page, stretch: &Arc<Stretch>, now: Timestamp) {
        let fresh = now.since(page.read_at) < FRESH;
        for Member { subscription, done } in &page.members {
            let id = subscription.id;
            let worker = self.worker(id, fresh, now);
            let fresh = fresh && worker.loaded < page.read;
            let event = Event::HandedOut {
                subscription: Arc::clone(subscription),
                done: *done,
                stretch: Arc::clone(stretch),
                fresh,
            };
            let stays = worker.hear(event, now);
            self.end_unless(stays, id, now);
        }
    }

    pub(super) fn end_unless(&mut self, stays: bool, id: SubscriptionId, now: Timestamp) {
        if !stays {
            self.exit(id, now);
        }
    }

    /// Whether a worker knows of every change that has been answered.
    pub(super) fn is_told(&self, id: SubscriptionId) -> bool {
        !self.mail.iter().any(|mail| matches!(mail, Mail::Changed(changed) if *changed == id))
    }

    /// A worker panics: what it was doing is lost, and it starts again.
    pub(super) fn panic(&mut self, id: SubscriptionId, now: Timestamp) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if let Doing::Attempt(Attempt { notification, .. }) = &worker.doing {
            let delivery = (notification.channel, notification.seq);
            let before = worker.suspect.filter(|(suspect, _)| *suspect == delivery);
            worker.suspect = Some((delivery, before.map_or(0, |(_, panics)| panics) + 1));
        }
        worker.doing = Doing::Resting;
        worker.timers.clear();
        worker.outbox.restarted();
        let stays = worker.hear(Event::Changed, now);
        self.end_unless(stays, id, now);
    }
}
