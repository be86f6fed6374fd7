//! The gate before one push service's origin: how many requests may be under way there, and whether any may start.
//! A state machine, fed with how each request ended:
//!
//! ```text
//!            failures in a row, or "slow down" from several          its time has come
//!      Open ──────────────────────────────────────────────▶ Shut ────────────────────▶ Probing: one request
//!       ▲                                                    ▲                           │        │
//!       │                                                    └───── it fails too, ───────┘        │
//!       │                                                           a longer wait                 │
//!       └──────────────────────────────── it is answered: a slow start ───────────────────────────┘
//! ```
//!
//! Inside an open gate each VAPID key has a gate of its own: a push service that refuses one app's key
//! still serves the others.
//!
//! A failure speaks of the origin only if nothing good came from there since that request began: one endpoint that
//! never answers, among a thousand that do, shuts no gate. And while good answers come at all, an endpoint that has failed
//! before (a troubled one) is no witness against its origin, nor the first choice for a probe: a hundred hostile endpoints
//! shut no gate either, or not for long.

mod key;
mod notice;
mod pace;
mod run;
mod signal;
mod state;
mod throttling;
mod timetable;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::retry::RetryPolicy;
use crate::id::{SubscriptionId, VapidKeyId};
use crate::webpush::reply::Scope;
use key::{KeyEntry, KeyGate};
use pace::Pace;
use run::Run;
use throttling::Throttling;
use timetable::Timetable;

pub use key::KeyState;
pub use notice::{Left, Notice};
pub use signal::{Fault, Signal};
pub use state::{Cause, State};

/// So many failures in a row, none of them contradicted by a good answer, are an outage.
const OUTAGE: u32 = 5;

/// One subscription may have an endpoint that fails whatever its push service does; several have not.
const SEVERAL: usize = 3;

/// A gate does not stay shut for longer than this without another look, whatever it was told.
const LONGEST_SHUT: Duration = Duration::from_secs(3600);

/// Nor for longer than this, when it was told nothing.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(60);

/// Numbers of a gate.
#[derive(Clone, Copy, Debug)]
pub struct GatePolicy {
    /// How long a gate stays shut when it was told nothing: like an endpoint's wait, without jitter.
    pub retry: RetryPolicy,
    /// Requests that may be under way at first.
    pub first: u32,
    /// Requests that may ever be under way.
    pub most: u32,
}

impl GatePolicy {
    fn cooldown(&self, level: u32) -> Duration {
        self.retry.base(level).min(LONGEST_COOLDOWN)
    }
}

/// Who wants to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// With which key the request is signed.
    pub key: VapidKeyId,
    /// Whether its endpoint failed the last time.
    pub is_troubled: bool,
}

/// The answer to who wants to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Now.
    Go(Ticket),
    /// When a request that is under way has ended.
    Full,
    /// Not before then.
    Later(Timestamp),
}

/// A request that may start; [`Gate::leave`] takes it back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a ticket that is not given back takes up room for ever"]
pub struct Ticket {
    started: Timestamp,
    key: VapidKeyId,
    is_troubled: bool,
    is_probe: bool,
    probes_key: bool,
}

/// One origin's gate.
#[derive(Debug)]
pub struct Gate {
    policy: GatePolicy,
    state: State,
    pace: Pace,
    /// How often it was shut without a calm time in between.
    level: u32,
    calm_from: Option<Timestamp>,
    last_good: Option<Timestamp>,
    failing: Run,
    throttling: Throttling,
    keys: HashMap<VapidKeyId, KeyGate>,
    timetable: Timetable,
}

impl Gate {
    /// An open gate.
    pub fn new(policy: GatePolicy) -> Self {
        Self {
            policy,
            state: State::Open,
            pace: Pace::new(policy.first, policy.most),
            level: 0,
            calm_from: None,
            last_good: None,
            failing: Run::default(),
            throttling: Throttling::default(),
            keys: HashMap::new(),
            timetable: Timetable::default(),
        }
    }

    /// Whether a request of `caller` may start at `now`.
    pub fn enter(&mut self, caller: Caller, now: Timestamp) -> Entry {
        let Caller { key, is_troubled } = caller;
        if let State::Shut { until, cause } = self.state {
            // Those who failed before come after those who did not: they would prove nothing.
            let grace = if is_troubled { self.policy.cooldown(self.level) } else { Duration::ZERO };
            let until = until + grace;
            if now < until {
                return Entry::Later(self.timetable.place(until, resume_rate(self.level)));
            }
            self.state = State::Probing { out: false, cause };
        }
        let probes_key = match self.keys.entry(key).or_default().enter(now) {
            KeyEntry::Go { is_probe } => is_probe,
            KeyEntry::Later { until, level } => {
                let until = until.max(now + self.policy.cooldown(1));
                return Entry::Later(self.timetable.place(until, resume_rate(level)));
            }
        };
        let is_probe = match &mut self.state {
            State::Probing { out: false, .. } => true,
            State::Open if self.pace.has_room() => false,
            State::Open | State::Probing { .. } | State::Shut { .. } => return Entry::Full,
        };
        if let State::Probing { out, .. } = &mut self.state {
            *out = true;
        }
        if probes_key && let Some(gate) = self.keys.get_mut(&key) {
            gate.probe();
        }
        self.pace.start();
        Entry::Go(Ticket { started: now, key, is_troubled, is_probe, probes_key })
    }

    /// When somebody is to come again who found the line before the gate full.
    pub fn turn_away(&mut self, now: Timestamp) -> Timestamp {
        self.timetable.place(now + self.policy.cooldown(1), self.pace.rate(now))
    }

    /// Takes a ticket back that nobody made use of.
    pub fn cancel(&mut self, ticket: Ticket) {
        if ticket.is_probe
            && let State::Probing { out, .. } = &mut self.state
        {
            *out = false;
        }
        if ticket.probes_key
            && let Some(key) = self.keys.get_mut(&ticket.key)
        {
            key.probed();
        }
        self.pace.cancel();
    }

    /// Takes a ticket back, with what became of the request of `subscription`.
    pub fn leave(
        &mut self,
        ticket: Ticket,
        subscription: SubscriptionId,
        signal: Signal,
        now: Timestamp,
    ) -> Left {
        let mut left = Left::default();
        if ticket.is_probe
            && let State::Probing { out, .. } = &mut self.state
        {
            *out = false;
        }
        self.throttling.note(&signal, subscription, now);
        match signal {
            Signal::Accepted | Signal::Answered | Signal::Refused => {
                left.notices.extend(self.answered(now));
            }
            Signal::Throttled { after, scope } => {
                self.pace.slow_down(ticket.started, now);
                left.notices.extend(self.throttled(ticket, after, scope, now));
            }
            Signal::Failed { after, fault } => {
                let failure = Failure { ticket, subscription, after, fault };
                left.notices.extend(self.failed(&failure, now));
            }
            Signal::Crowded => self.pace.slow_down(ticket.started, now),
            Signal::Nothing => {}
        }
        self.pace.end(now);
        self.leave_key(ticket, subscription, signal, now, &mut left);
        left
    }

    fn leave_key(
        &mut self,
        ticket: Ticket,
        subscription: SubscriptionId,
        signal: Signal,
        now: Timestamp,
        left: &mut Left,
    ) {
        let key = self.keys.entry(ticket.key).or_default();
        if ticket.probes_key {
            key.probed();
        }
        match signal {
            Signal::Accepted => {
                let served = key.accepted(subscription, now);
                left.notices.extend(served.then_some(Notice::KeyServed(ticket.key)));
            }
            Signal::Refused => {
                let refusal = key.refused(subscription, ticket.started, ticket.probes_key);
                left.refused_alone = refusal.alone;
                left.notices.extend(refusal.is_news.then_some(Notice::KeyRefused(ticket.key)));
                if let Some(level) = refusal.pause {
                    let until = now + self.policy.cooldown(level);
                    key.pause(until);
                    left.notices.push(Notice::KeyPaused(ticket.key, until));
                }
            }
            Signal::Answered
            | Signal::Throttled { .. }
            | Signal::Failed { .. }
            | Signal::Crowded
            | Signal::Nothing => {}
        }
    }

    fn answered(&mut self, now: Timestamp) -> Option<Notice> {
        self.last_good = Some(now);
        self.failing.clear();
        self.pace.speed_up();
        match self.state {
            State::Probing { .. } | State::Shut { cause: Cause::Outage, .. } => {
                self.state = State::Open;
                self.calm_from = Some(now + self.policy.cooldown(self.level));
                self.pace.start_slowly();
                Some(Notice::Opened)
            }
            State::Open => {
                if self.calm_from.is_some_and(|calm| calm <= now) {
                    (self.calm_from, self.level) = (None, 0);
                }
                None
            }
            State::Shut { cause: Cause::Throttled, .. } => None,
        }
    }

    fn throttled(
        &mut self,
        ticket: Ticket,
        after: Option<Duration>,
        scope: Scope,
        now: Timestamp,
    ) -> Option<Notice> {
        let speaks_of_all = match scope {
            Scope::Origin => true,
            Scope::Unsaid => ticket.is_probe || self.throttling.is_general(),
            Scope::Endpoint => false,
        };
        if !speaks_of_all {
            return None;
        }
        self.shut(Cause::Throttled, after.max(self.throttling.longest()), now)
    }

    fn failed(&mut self, failure: &Failure, now: Timestamp) -> Option<Notice> {
        let Failure { ticket, subscription, after, fault } = *failure;
        let is_contradicted = self.last_good.is_some_and(|good| good > ticket.started);
        let is_witness = fault == Fault::Unreachable || !ticket.is_troubled || !self.was_good(now);
        let is_telling = is_witness && !is_contradicted;
        if fault == Fault::Answer || is_telling {
            self.pace.slow_down(ticket.started, now);
        }
        if is_telling {
            self.failing.add(subscription);
        } else if is_contradicted || !ticket.is_probe {
            return None;
        }
        // Who cannot even be connected to fails for everybody.
        let is_general = self.failing.by_several(SEVERAL) || fault == Fault::Unreachable;
        let is_outage = self.failing.len() >= OUTAGE && is_general;
        if ticket.is_probe || is_outage { self.shut(Cause::Outage, after, now) } else { None }
    }

    /// Whether good answers come, as far as can be told.
    fn was_good(&self, now: Timestamp) -> bool {
        self.last_good.is_some_and(|good| now.since(good) < LONGEST_COOLDOWN)
    }

    fn shut(&mut self, cause: Cause, asked: Option<Duration>, now: Timestamp) -> Option<Notice> {
        let asked = asked.unwrap_or_default().min(LONGEST_SHUT);
        if let State::Shut { until, .. } = self.state {
            // Those that were under way only say how long.
            self.state = State::Shut { until: until.max(now + asked), cause };
            return None;
        }
        let is_new = self.level == 0;
        self.level = self.level.saturating_add(1);
        let until = now + self.policy.cooldown(self.level).max(asked);
        self.state = State::Shut { until, cause };
        self.calm_from = None;
        self.failing.clear();
        self.throttling = Throttling::default();
        Some(Notice::Shut { until, cause, is_new })
    }

    /// What it lets through.
    pub fn state(&self) -> State {
        self.state
    }

    /// How many requests may be under way.
    pub fn limit(&self) -> u32 {
        self.pace.limit()
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> u32 {
        self.pace.in_flight()
    }

    /// The keys that it knows, and how they fare.
    pub fn keys(&self) -> impl Iterator<Item = (VapidKeyId, KeyState)> {
        self.keys.iter().map(|(id, key)| (*id, key.state()))
    }

    /// Whether forgetting it would change nothing.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        let is_quiet = match self.state {
            State::Open => true,
            State::Shut { until, .. } => until + LONGEST_SHUT < now,
            State::Probing { .. } => false,
        };
        let served = self.keys.values().all(|key| key.state() == KeyState::Served);
        self.pace.in_flight() == 0 && is_quiet && served
    }
}

#[derive(Clone, Copy)]
struct Failure {
    ticket: Ticket,
    subscription: SubscriptionId,
    after: Option<Duration>,
    fault: Fault,
}

/// Subscriptions a second that a shut gate calls back: fewer each time that it stays shut, so that an outage of
/// hours costs little, but always enough that a hundred thousand have had their turn in minutes.
fn resume_rate(level: u32) -> u32 {
    (2000 >> level.saturating_sub(1).min(3)).max(250)
}

#[cfg(test)]
mod tests;
