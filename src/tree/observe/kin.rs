//! What the actors of one kind on one thread have in common: how many they are and how much waits for them. Their
//! supervisor counts them by it, `/metrics` shows the kinds, and nobody walks through them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use tokio::time::Instant;

use super::alarms::{AlarmKind, Alarms};
use super::vital::SLOW_TURN;
use crate::metrics::{ActorKind, Kind, Metrics};
use crate::tree::actor_id::ActorId;

/// Shared by the actors of one kind on one thread.
#[derive(Debug)]
pub struct Kin {
    /// What they are.
    pub kind: ActorKind,
    /// Where they tell what is wrong with them.
    pub alarms: Alarms,
    started: AtomicU64,
    alive: AtomicU64,
    given_up: AtomicU64,
    restarts: AtomicU64,
    waiting: AtomicI64,
    /// Whose turn it is, and since when: they have one thread, so it is one's at most. Nobody but that thread waits for the
    /// lock, unless somebody looks.
    turn: Mutex<Option<(ActorId, Instant)>>,
    shown_alive: Gauge,
    shown_waiting: Gauge,
    shown_restarts: Counter,
}

/// How many there are and have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Children {
    /// Alive now.
    pub alive: u64,
    /// Started since the supervisor's start.
    pub started: u64,
    /// Given up.
    pub given_up: u64,
    /// Restarts of all that are and were.
    pub restarts: u64,
}

impl std::ops::AddAssign for Children {
    fn add_assign(&mut self, other: Self) {
        self.alive += other.alive;
        self.started += other.started;
        self.given_up += other.given_up;
        self.restarts += other.restarts;
    }
}

impl Kin {
    /// Of a kind, before the first is started.
    pub fn new(kind: ActorKind, metrics: &Metrics, alarms: Alarms) -> Self {
        let label = Kind { kind };
        Self {
            kind,
            alarms,
            started: AtomicU64::new(0),
            alive: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            waiting: AtomicI64::new(0),
            turn: Mutex::default(),
            shown_alive: metrics.actors.get_or_create(&label).clone(),
            shown_waiting: metrics.actor_mailbox.get_or_create(&label).clone(),
            shown_restarts: metrics.actor_restarts.get_or_create(&label).clone(),
        }
    }

    /// One more is alive.
    pub(super) fn begins(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.alive.fetch_add(1, Ordering::Relaxed);
        self.shown_alive.inc();
    }

    /// One has ended, and `left` messages to it with it.
    pub(super) fn ends(&self, left: u32) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
        self.shown_alive.dec();
        self.waits(-i64::from(left));
    }

    /// So many more messages wait.
    pub(super) fn waits(&self, more: i64) {
        self.waiting.fetch_add(more, Ordering::Relaxed);
        self.shown_waiting.inc_by(more);
    }

    /// One was restarted.
    pub(super) fn restarts(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.shown_restarts.inc();
    }

    /// One was given up.
    pub(super) fn gives_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// One of them is on the thread.
    pub(super) fn turn_begins(&self, actor: ActorId, begun: Instant) {
        *self.turn() = Some((actor, begun));
    }

    /// None of them is any more.
    pub(super) fn turn_ends(&self) {
        *self.turn() = None;
    }

    /// Raises the alarm about a turn that is too long already, and not over: it may never be.
    pub(in crate::tree) fn say_who_keeps_the_thread(&self, now: Instant) {
        let Some((actor, begun)) = *self.turn() else { return };
        let past = now.duration_since(begun);
        if past > SLOW_TURN {
            let detail = format!("one turn has taken {:.1} s and goes on", past.as_secs_f64());
            self.alarms.goes_on(AlarmKind::SlowHandler, actor, detail, Some(past));
        }
    }

    fn turn(&self) -> MutexGuard<'_, Option<(ActorId, Instant)>> {
        // Nothing that can panic runs under the lock.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are and have been.
    pub fn children(&self) -> Children {
        Children {
            alive: self.alive.load(Ordering::Relaxed),
            started: self.started.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
        }
    }

    /// How many messages wait for them.
    pub fn waiting(&self) -> u64 {
        u64::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(0)
    }
}
