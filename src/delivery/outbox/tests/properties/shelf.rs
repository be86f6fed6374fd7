//! A store of a few lists, the worker around the outbox, and what must hold of what is sent.

use super::*;
use crate::model::audience::Audience;

mod promises;

const CHANNELS: usize = 3;

/// Notifications of one channel that are read at once.
const LIMIT: usize = 32;

#[derive(Debug, Default)]
struct Channel {
    log: Vec<Arc<Notification>>,
    /// `None`: the subscription is not in it.
    done: Option<i64>,
    pauses: bool,
}

/// What a channel read, and when.
#[derive(Clone, Debug)]
struct Page {
    subscription: Arc<Subscription>,
    done: Seq,
    stretch: Arc<Stretch>,
    read: u64,
}

/// What the worker is doing.
#[derive(Debug)]
enum Doing {
    Nothing,
    Load,
    Loaded(Backlog),
    Attempt(Arc<Notification>, u32),
    Settle(Settlement),
    Settled(Settled),
    Stop,
    Stopped,
}

/// Whether it may be sent, by hand: what is tested must not be the judge.
fn is_open(one: &Notification, now: Timestamp) -> bool {
    !one.closed.is_set() && one.expires > now && one.audience == Audience::All
}

/// The outbox, and everything around it.
pub(super) struct Shelf {
    outbox: Outbox,
    doing: Doing,
    timers: Vec<Timestamp>,
    now: Timestamp,
    channels: [Channel; CHANNELS],
    generation: i64,
    not_before: Option<Timestamp>,
    trying: Option<Trying>,
    /// The channel of what goes first has paused since: it may have been given up.
    excused: bool,
    failures: u32,
    pages: Vec<Page>,
    /// When the last load was asked for, and the clock by which.
    loaded: u64,
    order: u64,
    /// What was handed out, or would have been, and must not be forgotten.
    handed: BTreeSet<(usize, i64)>,
    /// The result that each number got, and how often it was sent.
    ended: BTreeMap<(usize, i64), Outcome>,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let in_it = || Channel { done: Some(0), ..Channel::default() };
        Self {
            outbox: Outbox::new(false),
            doing: Doing::Nothing,
            timers: Vec::new(),
            now: NOW,
            channels: [in_it(), in_it(), Channel::default()],
            generation: 1,
            not_before: None,
            trying: None,
            excused: false,
            failures: 0,
            pages: Vec::new(),
            loaded: 0,
            order: 0,
            handed: BTreeSet::new(),
            ended: BTreeMap::new(),
        }
    }

    fn tick(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    pub(super) fn happen(&mut self, what: Happens) {
        match what {
            Happens::Published { channel, count, exclude, hours } => {
                (0..count).for_each(|_| self.publish(channel % CHANNELS, exclude, hours));
            }
            Happens::Read { channel, skip, count } => self.read(channel % CHANNELS, skip, count),
            Happens::HandedOut { which, keep } => self.hand_out(which, keep),
            Happens::Step { ends } => drop(self.step(ends)),
            Happens::Closed { which } => self.close(which),
            Happens::Moved { channel } => {
                let channel = &mut self.channels[channel % CHANNELS];
                let head = i64::try_from(channel.log.len()).expect("a short log");
                channel.done = channel.done.is_none().then_some(head);
                self.trying = self.trying.filter(|trying| {
                    let index = usize::try_from(trying.channel.0).expect("a small number");
                    self.channels[index].done.is_some()
                });
                self.hear(Event::Changed);
            }
            Happens::Paused { channel } => self.pause(channel % CHANNELS),
            Happens::Renewed => {
                self.generation += 1;
                (self.not_before, self.trying, self.failures) = (Some(self.now), None, 0);
                self.hear(Event::Changed);
            }
            Happens::Due => self.hear(Event::Due),
            Happens::Changed => self.hear(Event::Changed),
            Happens::Time { seconds } => {
                self.now = self.now + Duration::from_secs(seconds);
                self.fire();
            }
            Happens::Restarted => {
                self.doing = Doing::Nothing;
                self.timers.clear();
                self.outbox.restarted();
                self.hear(Event::Changed);
            }
            Happens::Killed => {
                self.outbox = Outbox::new(true);
                self.doing = Doing::Nothing;
                self.timers.clear();
                self.pages.clear();
                self.handed.clear();
                self.hear(Event::Changed);
            }
        }
    }

    /// A channel pauses, or goes on and is swept from its start.
    fn pause(&mut self, channel: usize) {
        let pauses = &mut self.channels[channel].pauses;
        *pauses = !*pauses;
        if *pauses {
            let is_it = |trying: Trying| usize::try_from(trying.channel.0) == Ok(channel);
            self.excused |= self.trying.is_some_and(is_it);
        } else {
            self.read(channel, 0, usize::MAX);
        }
    }

    fn publish(&mut self, channel: usize, exclude: bool, hours: u64) {
        let log = &mut self.channels[channel].log;
        let seq = i64::try_from(log.len()).expect("a short log") + 1;
        let mut one = notification(i64::try_from(channel).expect("a small number"), seq);
        let made = Arc::get_mut(&mut one).expect("nobody else holds it");
        made.accepted = self.now;
        made.expires = self.now + Duration::from_secs(hours * 3600 + 30);
        if exclude {
            made.audience = Audience::except([SubscriptionId(1)]);
        }
        log.push(one);
    }

    fn stretch(&self, channel: usize, from: i64, limit: usize) -> Stretch {
        let log = &self.channels[channel].log;
        let skip = usize::try_from(from).expect("a number of the log");
        let open = log.iter().skip(skip).filter(|one| !one.closed.is_set());
        let open: Vec<_> = open.take(limit).cloned().collect();
        let head = i64::try_from(log.len()).expect("a short log");
        let whole = Seq(head.max(from));
        let to = open.last().filter(|_| open.len() == limit).map_or(whole, |last| last.seq);
        let channel = ChannelId(i64::try_from(channel).expect("a small number"));
        Stretch { channel, app: AppId(1), name: "news".into(), from: Seq(from), to, open }
    }

    /// Who waits is passed by, as by a sweep, and looks for itself afterwards.
    fn read(&mut self, channel: usize, skip: usize, count: usize) {
        let read = self.tick();
        let Some(done) = self.channels[channel].done else { return };
        let from = self.channels[channel].log.len().min(skip);
        let stretch = self.stretch(channel, i64::try_from(from).expect("a short log"), count);
        let behind = stretch.open.last().is_some_and(|last| done < last.seq.0);
        if behind && self.not_before.is_some() {
            self.handed.extend(stretch.open.iter().map(|open| (channel, open.seq.0)));
        } else if behind {
            let (done, stretch) = (Seq(done), Arc::new(stretch));
            self.pages.push(Page {
                subscription: subscription(self.generation),
                done,
                stretch,
                read,
            });
        }
    }

    fn hand_out(&mut self, which: usize, keep: bool) {
        if self.pages.is_empty() {
            return;
        }
        let index = which % self.pages.len();
        let page = if keep { self.pages[index].clone() } else { self.pages.remove(index) };
        let channel = usize::try_from(page.stretch.channel.0).expect("a small number");
        self.handed.extend(page.stretch.open.iter().map(|open| (channel, open.seq.0)));
        let Page { subscription, done, stretch, read } = page;
        // To an outbox that has begun with what is old, nothing is fresh that was read before its last load.
        let fresh = self.loaded < read;
        self.hear(Event::HandedOut { subscription, done, stretch, fresh });
    }

    fn close(&mut self, which: usize) {
        let all: Vec<_> = self.channels.iter().flat_map(|channel| &channel.log).collect();
        let open: Vec<_> = all.into_iter().rev().filter(|one| !one.closed.is_set()).collect();
        if let Some(one) = open.get(which) {
            one.closed.set();
        }
    }

    fn fire(&mut self) {
        while let Some(due) = self.timers.iter().position(|timer| *timer <= self.now) {
            self.timers.swap_remove(due);
            self.hear(Event::Due);
        }
    }

    /// Something that it did not ask for.
    fn hear(&mut self, event: Event) {
        let effect = self.outbox.on(event, self.now);
        if !matches!(effect, Effect::Nothing) {
            let is_free = matches!(self.doing, Doing::Nothing);
            assert!(is_free, "two things at once: {:?} and {effect:?}", self.doing);
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        self.doing = match effect {
            Effect::Load => {
                self.loaded = self.tick();
                Doing::Load
            }
            Effect::Attempt { notification, attempts, .. } => {
                Doing::Attempt(notification, attempts)
            }
            Effect::Settle(settlement) => Doing::Settle(settlement),
            Effect::StopWaiting => Doing::Stop,
            Effect::Wait(until) | Effect::Hold(until) => {
                assert!(until > self.now, "it waits for what is past");
                self.timers.push(until);
                Doing::Nothing
            }
            Effect::Rest => Doing::Nothing,
            Effect::Nothing | Effect::End => panic!("nothing is under way, and it ends not"),
        };
    }

    /// What is under way goes on; `false`: nothing is.
    fn step(&mut self, ends: Ends) -> bool {
        let event = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => return false,
            Doing::Load => {
                self.doing = Doing::Loaded(self.backlog());
                return true;
            }
            Doing::Loaded(found) => loaded(found),
            Doing::Attempt(notification, attempts) => self.attempt(&notification, attempts, ends),
            Doing::Settle(settlement) => {
                self.doing = Doing::Settled(self.settle(&settlement));
                return true;
            }
            Doing::Settled(settled) => Event::Settled(settled),
            Doing::Stop => {
                (self.not_before, self.trying, self.failures) = (None, None, 0);
                self.doing = Doing::Stopped;
                return true;
            }
            Doing::Stopped => Event::StoppedWaiting,
        };
        let effect = self.outbox.on(event, self.now);
        self.perform(effect);
        true
    }

    fn backlog(&mut self) -> Backlog {
        let mut stretches = Vec::new();
        let mut more = false;
        let mut paused = Vec::new();
        for index in 0..CHANNELS {
            let head = i64::try_from(self.channels[index].log.len()).expect("a short log");
            let Some(done) = self.channels[index].done.filter(|done| *done < head) else {
                continue;
            };
            if self.channels[index].pauses {
                paused.push(ChannelId(i64::try_from(index).expect("a small number")));
                continue;
            }
            let mut stretch = self.stretch(index, done, LIMIT);
            stretch.open.retain(|open| is_open(open, self.now));
            while stretch.open.is_empty() && stretch.to.0 < head {
                self.channels[index].done = Some(stretch.to.0);
                stretch = self.stretch(index, stretch.to.0, LIMIT);
                stretch.open.retain(|open| is_open(open, self.now));
            }
            more |= stretch.to.0 < head;
            stretches.push(stretch);
        }
        Backlog {
            subscription: subscription(self.generation),
            not_before: self.not_before,
            failures: self.failures,
            unheard_since: None,
            trying: self.trying,
            stretches,
            more,
            paused,
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Settled {
        let index = usize::try_from(settlement.channel.0).expect("a small number");
        let is_stale = settlement.generation.0 != self.generation
            || self.channels[index].done.is_none_or(|done| done >= settlement.seq.0);
        if is_stale {
            return Settled::Stale;
        }
        if let Some(outcome) = settlement.outcome {
            self.channels[index].done = Some(settlement.seq.0);
            self.ended.insert((index, settlement.seq.0), outcome);
        }
        match settlement.endpoint {
            EndpointState::Untroubled | EndpointState::Refused => {
                assert!(self.not_before.is_none() && self.trying.is_none(), "{settlement:?}");
            }
            EndpointState::Recovered => {
                (self.not_before, self.trying, self.failures) = (None, None, 0);
            }
            EndpointState::Waiting { not_before, failures, attempts, .. } => {
                let Settlement { channel, seq, .. } = *settlement;
                let trying = Trying { channel, seq, attempts };
                // It may have paused while the attempt was under way.
                self.excused = self.channels[index].pauses;
                self.trying = settlement.outcome.is_none().then_some(trying);
                (self.not_before, self.failures) = (Some(not_before), failures);
            }
        }
        Settled::Recorded
    }
}
