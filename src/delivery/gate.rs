//! The gate before one push service's origin: how many requests may be under way there, and whether any may start.
//! A state machine, fed with how each request ended:
//!
//! ```text
//!            failures in a row, or "slow down" from several          its time has come
//!      Open ──────────────────────────────────────────────▶ Shut ────────────────────▶ Probing: a few requests
//!       ▲                                                    ▲                           │        │
//!       │                                                    └───── all of them fail, ───┘        │
//!       │                                                           a longer wait                 │
//!       └──────────────────────────────── one is answered: a slow start ──────────────────────────┘
//! ```
//!
//! Inside an open gate each VAPID key has a gate of its own: a push service that refuses one app's key
//! still serves the others.
//!
//! Who comes to a shut gate, or while a probe is out, is sent away until a time of its own, so that they come back one after
//! the other; only before an open gate that is full is there a line to wait in (`tree::gates`).
//!
//! A failure speaks of the origin only if nothing good came from there since that request began: one endpoint that
//! never answers, among a thousand that do, shuts no gate. And while good answers come at all, an endpoint that has failed
//! before (a troubled one) is no witness against its origin, nor the first choice for a probe: a hundred hostile endpoints
//! shut no gate either, or not for long.

mod entry;
mod key;
mod notice;
mod pace;
mod policy;
mod rate;
mod rest;
mod run;
mod signal;
mod state;
mod throttling;
mod timetable;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{SubscriptionId, VapidKeyId};
use crate::webpush::reply::Scope;
use key::{KeyEntry, KeyGate};
use pace::Pace;
use run::Run;
use throttling::Throttling;
use timetable::{Timetable, resume_rate};

pub use entry::{Caller, Entry, Ticket};
pub use key::KeyState;
pub use notice::{Left, Notice};
pub use policy::GatePolicy;
pub use signal::{Fault, Signal};
pub use state::{Cause, State};

/// So many failures in a row, none of them contradicted by a good answer, are an outage.
const OUTAGE: u32 = 5;

/// One subscription may have an endpoint that fails whatever its push service does; several have not.
const SEVERAL: usize = 3;

/// A gate does not stay shut for longer than this without another look, whatever it was told.
const LONGEST_SHUT: Duration = Duration::from_secs(3600);

/// Requests that find out together whether a gate can be opened: one good answer will do, and of several endpoints not all
/// are hostile.
const PROBES: u32 = 4;

/// While there was a good answer in this time, endpoints that failed before are no witnesses.
const LATELY: Duration = Duration::from_secs(60);

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
    /// When those come again who found it shut.
    resuming: Timetable,
    /// When those come again who found the line before it full.
    overflow: Timetable,
    /// When it was last asked anything.
    asked: Timestamp,
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
            resuming: Timetable::of_a_shut_gate(),
            overflow: Timetable::of_a_full_line(),
            asked: Timestamp::default(),
        }
    }

    /// Whether a request of `caller` may start at `now`.
    pub fn enter(&mut self, caller: Caller, now: Timestamp) -> Entry {
        let Caller { key, is_troubled } = caller;
        self.heed_clock(now);
        let soon = now + self.policy.cooldown(1);
        // Those who failed before come after those who did not: they would prove little.
        let grace = if is_troubled { self.policy.cooldown(self.level) } else { Duration::ZERO };
        match self.state {
            State::Shut { until, .. } if now < until + grace => return self.later(until + grace),
            State::Shut { cause, .. } => self.state = State::Probing { out: 0, failed: 0, cause },
            // To wait for the probes would take up the line, and the credits of those in it.
            State::Probing { out, failed, .. } if out + failed >= PROBES => {
                return self.later(soon);
            }
            State::Probing { .. } | State::Open => {}
        }
        let gate = self.keys.entry(key).or_default();
        let probes_key = match gate.enter(now) {
            KeyEntry::Go { is_probe } => is_probe,
            KeyEntry::Later { until } => return Entry::Later(gate.place(until.max(soon))),
        };
        let is_probe = match &mut self.state {
            State::Probing { out, .. } => {
                *out += 1;
                true
            }
            State::Open if self.pace.has_room(now) => false,
            State::Open | State::Shut { .. } => return Entry::Full,
        };
        if probes_key {
            gate.probe();
        }
        self.pace.start();
        Entry::Go(Ticket { started: now, key, is_troubled, is_probe, probes_key })
    }

    fn later(&mut self, until: Timestamp) -> Entry {
        Entry::Later(self.resuming.place(until, resume_rate(self.level)))
    }

    /// When somebody is to come again who found the line before the gate full.
    pub fn turn_away(&mut self, now: Timestamp) -> Timestamp {
        self.heed_clock(now);
        self.overflow.place(now + self.policy.cooldown(1), self.pace.rate(now))
    }

    /// Whether one more may stand in line before it, behind `waiting` others.
    pub fn has_place(&self, waiting: usize, now: Timestamp) -> bool {
        let places = self.pace.places(now).map(|places| places.max(self.policy.places));
        places.is_none_or(|places| waiting < usize::try_from(places).unwrap_or(usize::MAX))
    }

    /// The wall clock may be put back. What was noted of a time that is to come again would keep the gate shut, or blind, until
    /// then.
    fn heed_clock(&mut self, now: Timestamp) {
        let back = self.asked.since(now);
        self.asked = now;
        if back.is_zero() {
            return;
        }
        if let State::Shut { until, .. } = &mut self.state {
            *until = *until - back;
        }
        self.calm_from = self.calm_from.map(|calm| calm - back);
        self.last_good = None;
        self.throttling = Throttling::default();
        self.resuming.clock_put_back();
        self.overflow.clock_put_back();
        self.pace.clock_put_back();
        self.keys.values_mut().for_each(|key| key.clock_put_back(back));
    }

    /// Takes a ticket back that nobody made use of.
    pub fn cancel(&mut self, ticket: Ticket) {
        if ticket.is_probe
            && let State::Probing { out, .. } = &mut self.state
        {
            *out = out.saturating_sub(1);
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
        self.heed_clock(now);
        let mut left = Left::default();
        if ticket.is_probe
            && let State::Probing { out, .. } = &mut self.state
        {
            *out = out.saturating_sub(1);
        }
        self.throttling.note(&signal, subscription, now);
        match signal {
            Signal::Accepted | Signal::Answered | Signal::Refused => {
                left.notices.extend(self.answered(now));
            }
            Signal::Throttled { after, scope } => {
                if scope != Scope::Endpoint {
                    self.pace.slow_down(ticket.started, now);
                }
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
                let refusal = key.refused(subscription, ticket, now);
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
        }
        if ticket.is_probe
            && let State::Probing { failed, .. } = &mut self.state
        {
            *failed += 1;
            return if *failed >= PROBES { self.shut(Cause::Outage, after, now) } else { None };
        }
        if !is_telling {
            return None;
        }
        // Who cannot even be connected to fails for everybody.
        let is_general = self.failing.by_several(SEVERAL) || fault == Fault::Unreachable;
        let is_outage = self.failing.len() >= OUTAGE && is_general;
        if is_outage { self.shut(Cause::Outage, after, now) } else { None }
    }

    /// Whether good answers come, as far as can be told.
    fn was_good(&self, now: Timestamp) -> bool {
        self.last_good.is_some_and(|good| now.since(good) < LATELY)
    }

    fn shut(&mut self, cause: Cause, asked: Option<Duration>, now: Timestamp) -> Option<Notice> {
        let asked = asked.unwrap_or_default().min(LONGEST_SHUT);
        if let State::Shut { until, cause: first } = self.state {
            // Those that were under way only say how long, and that it asked to slow down is not undone by a failure.
            let cause = if first == Cause::Throttled { first } else { cause };
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
}

#[derive(Clone, Copy)]
struct Failure {
    ticket: Ticket,
    subscription: SubscriptionId,
    after: Option<Duration>,
    fault: Fault,
}

#[cfg(test)]
mod tests;
