//! One origin's gate, and the line of those who wait before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::clock::{Clock, Timestamp};
use crate::delivery::gate::{Caller, Entry, Gate, KeyState, Left, Signal, State, Ticket};
use crate::delivery::retry::RetryPolicy;
use crate::id::{SubscriptionId, VapidKeyId};
use crate::webpush::service::PushService;
use crate::webpush::subscription::Origin;

/// How a wait in line ends.
pub(super) enum Turn {
    Go(Admission),
    Later(Timestamp),
}

/// A ticket, with the gate that it belongs to. Dropped, it goes to the next in line.
pub(super) struct Admission {
    line: Arc<Line>,
    ticket: Option<Ticket>,
}

/// A place in line.
pub(super) struct Waiting(oneshot::Receiver<Turn>);

/// A gate with its line.
pub(super) struct Line {
    origin: Origin,
    clock: Clock,
    inside: Mutex<Inside>,
}

struct Inside {
    gate: Gate,
    waiting: VecDeque<(Caller, oneshot::Sender<Turn>)>,
}

/// What a gate is doing.
#[derive(Clone, Debug)]
pub struct GateSnapshot {
    /// The push service's name, or `other`.
    pub push_service: &'static str,
    /// `https://host[:port]`.
    pub origin: String,
    /// `open`, `shut` or `probing`.
    pub state: &'static str,
    /// Why it is not open: `outage` or `throttled`.
    pub cause: Option<&'static str>,
    /// Until when it is shut.
    pub until: Option<Timestamp>,
    /// How many requests may be under way.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many wait in line.
    pub waiting: usize,
    /// VAPID keys that the push service refuses.
    pub refused_keys: Vec<KeySnapshot>,
}

/// A VAPID key that is not served.
#[derive(Clone, Debug)]
pub struct KeySnapshot {
    /// Its row.
    pub key: VapidKeyId,
    /// `paused` or `probing`.
    pub state: &'static str,
    /// Until when it is paused.
    pub until: Option<Timestamp>,
}

impl Line {
    pub(super) fn new(origin: Origin, gate: Gate, clock: Clock) -> Self {
        let waiting = VecDeque::new();
        Self { origin, clock, inside: Mutex::new(Inside { gate, waiting }) }
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A turn at once, or a place in line, if there is one.
    pub(super) fn enter(self: &Arc<Self>, caller: Caller) -> Result<Turn, Waiting> {
        let mut inside = self.lock();
        // Read behind the lock, so that to the gate the time never goes back, unless the clock does.
        let now = self.clock.now();
        inside.forget_those_who_left();
        // Nobody overtakes those who wait already.
        if inside.waiting.is_empty() {
            match inside.gate.enter(caller, now) {
                Entry::Go(ticket) => return Ok(Turn::Go(self.admission(ticket))),
                Entry::Later(until) => return Ok(Turn::Later(until)),
                Entry::Full => {}
            }
        }
        if !inside.gate.has_place(inside.waiting.len(), now) {
            return Ok(Turn::Later(inside.gate.turn_away(now)));
        }
        let (sender, receiver) = oneshot::channel();
        inside.waiting.push_back((caller, sender));
        Err(Waiting(receiver))
    }

    pub(super) fn heed(&self, retry: RetryPolicy) {
        self.lock().gate.heed(retry);
    }

    pub(super) fn turn_away(&self) -> Timestamp {
        let mut inside = self.lock();
        inside.gate.turn_away(self.clock.now())
    }

    /// Serves the line until there is no more room.
    fn serve(self: &Arc<Self>, inside: &mut Inside) {
        loop {
            inside.forget_those_who_left();
            let Some((caller, _)) = inside.waiting.front() else { return };
            let turn = match inside.gate.enter(*caller, self.clock.now()) {
                Entry::Full => return,
                Entry::Go(ticket) => Turn::Go(self.admission(ticket)),
                Entry::Later(until) => Turn::Later(until),
            };
            let Some((_, next)) = inside.waiting.pop_front() else { return };
            // It may have gone away in this very moment; then the ticket is the next one's.
            if let Err(Turn::Go(mut admission)) = next.send(turn)
                && let Some(ticket) = admission.ticket.take()
            {
                inside.gate.cancel(ticket);
            }
        }
    }

    fn admission(self: &Arc<Self>, ticket: Ticket) -> Admission {
        Admission { line: Arc::clone(self), ticket: Some(ticket) }
    }

    /// What it lets through, and how many keys it does not.
    pub(super) fn state(&self) -> (State, i64) {
        let inside = self.lock();
        let refused = inside.gate.keys().filter(|(_, state)| *state != KeyState::Served).count();
        (inside.gate.state(), i64::try_from(refused).unwrap_or(i64::MAX))
    }

    pub(super) fn is_forgettable(&self, now: Timestamp) -> bool {
        let inside = self.lock();
        inside.waiting.is_empty() && inside.gate.is_forgettable(now)
    }

    pub(super) fn snapshot(&self) -> GateSnapshot {
        let inside = self.lock();
        let state = inside.gate.state();
        let (cause, until) = match state {
            State::Open => (None, None),
            State::Shut { until, cause } => (Some(cause.label()), Some(until)),
            State::Probing { cause, .. } => (Some(cause.label()), None),
        };
        let refused = inside.gate.keys().filter(|(_, state)| *state != KeyState::Served);
        GateSnapshot {
            push_service: PushService::of(&self.origin).label(),
            origin: self.origin.as_str().to_owned(),
            state: state.label(),
            cause,
            until,
            limit: inside.gate.limit(),
            in_flight: inside.gate.in_flight(),
            waiting: inside.waiting.len(),
            refused_keys: refused.map(|(key, state)| KeySnapshot::of(key, state)).collect(),
        }
    }

    /// A panic cannot have left it half changed: nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// Gives the ticket back, with what became of the request.
    pub(super) fn leave(mut self, subscription: SubscriptionId, signal: Signal) -> Left {
        let Some(ticket) = self.ticket.take() else { return Left::default() };
        let mut inside = self.line.lock();
        let left = inside.gate.leave(ticket, subscription, signal, self.line.clock.now());
        self.line.serve(&mut inside);
        left
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut inside = self.line.lock();
        inside.gate.cancel(ticket);
        self.line.serve(&mut inside);
    }
}

impl Inside {
    fn forget_those_who_left(&mut self) {
        while self.waiting.front().is_some_and(|(_, waiting)| waiting.is_closed()) {
            self.waiting.pop_front();
        }
    }
}

impl Waiting {
    /// `None` when there is no line any more.
    pub(super) async fn wait(self) -> Option<Turn> {
        self.0.await.ok()
    }
}

impl KeySnapshot {
    fn of(key: VapidKeyId, state: KeyState) -> Self {
        let until = match state {
            KeyState::Paused { until } => Some(until),
            KeyState::Served | KeyState::Probing { .. } => None,
        };
        Self { key, state: state.label(), until }
    }
}
