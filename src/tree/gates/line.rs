//! One origin's gate, and the line of those who wait before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::record::{Record, Seen};
use super::snapshot::GateSnapshot;
use crate::clock::{Clock, Timestamp};
use crate::delivery::gate::{Caller, Entry, Gate, KeyState, Left, Signal, State, Ticket};
use crate::delivery::retry::RetryPolicy;
use crate::id::SubscriptionId;
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
    /// How its request ended: told to the record with the ticket, under one lock.
    seen: Option<Seen>,
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
    record: Record,
    waiting: VecDeque<(Caller, oneshot::Sender<Turn>)>,
}

impl Line {
    pub(super) fn new(origin: Origin, gate: Gate, clock: Clock) -> Self {
        let inside = Inside { gate, record: Record::default(), waiting: VecDeque::new() };
        Self { origin, clock, inside: Mutex::new(inside) }
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
        Admission { line: Arc::clone(self), ticket: Some(ticket), seen: None }
    }

    /// How far it is shut, as the metrics have it (0 open, 1 somebody may try, 2 shut), and how many keys it does not let
    /// through.
    pub(super) fn state(&self) -> (i64, i64) {
        let inside = self.lock();
        let is_unasked = inside.waiting.is_empty() && inside.gate.is_unasked(self.clock.now());
        let state = match inside.gate.state() {
            State::Open => 0,
            State::Probing { .. } => 1,
            State::Shut { .. } => 2 - i64::from(is_unasked),
        };
        let refused = inside.gate.keys().filter(|(_, state)| *state != KeyState::Served).count();
        (state, i64::try_from(refused).unwrap_or(i64::MAX))
    }

    pub(super) fn is_forgettable(&self, now: Timestamp) -> bool {
        let inside = self.lock();
        inside.waiting.is_empty() && inside.gate.is_forgettable(now)
    }

    pub(super) fn snapshot(&self) -> GateSnapshot {
        let mut inside = self.lock();
        let now = self.clock.now();
        let fares = inside.record.fares(now);
        GateSnapshot::of(&self.origin, &inside.gate, inside.waiting.len(), fares, now)
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
        let now = self.line.clock.now();
        let left = inside.gate.leave(ticket, subscription, signal, now);
        inside.note(self.seen.take(), now);
        self.line.serve(&mut inside);
        left
    }

    /// Its request has ended.
    pub(super) fn saw(&mut self, seen: Seen) {
        self.seen = Some(seen);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut inside = self.line.lock();
        inside.gate.cancel(ticket);
        inside.note(self.seen.take(), self.line.clock.now());
        self.line.serve(&mut inside);
    }
}

impl Inside {
    fn note(&mut self, seen: Option<Seen>, now: Timestamp) {
        if let Some(seen) = seen {
            self.record.note(seen, now);
        }
        self.record.gate_is(self.gate.state() == State::Open, now);
    }

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
