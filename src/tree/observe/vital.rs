//! What every actor knows of itself, whatever it is: messages, time, panics. It outlives restarts, and can be read from any
//! thread without asking the actor, which may hang.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::alarms::AlarmKind;
use super::kin::Kin;
use super::latency::Latency;
use super::meter::{Meter, Window};
use super::recent::{Heard, Recent};
use crate::metrics::ActorKind;
use crate::tree::actor_id::ActorId;

/// A turn that is longer keeps everybody else on the thread from theirs for too long.
pub(super) const SLOW_TURN: Duration = Duration::from_secs(1);

/// Restarts that are remembered.
const HISTORY: usize = 8;

/// So many panics within so long are a loop.
const LOOP: (usize, Duration) = (3, Duration::from_secs(60));

/// Characters of a panic's message that are kept.
const PANIC_TEXT: usize = 500;

/// Why an actor was restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// It panicked.
    Panic,
    /// Somebody killed it.
    Operator,
}

impl By {
    /// Its name in the API.
    pub fn label(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Operator => "operator",
        }
    }
}

/// One restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    /// When.
    pub at: Instant,
    /// The panic's message, or what stands for it.
    pub panic: String,
    /// Why.
    pub by: By,
}

/// One actor's.
#[derive(Debug)]
pub struct Vital {
    /// Who it is.
    pub id: ActorId,
    kin: Arc<Kin>,
    born: Instant,
    waiting: AtomicU32,
    peak: AtomicU32,
    restarting: AtomicBool,
    notes: Mutex<Notes>,
}

/// Written by the actor's own thread alone, and read when somebody looks: the lock is never waited for otherwise.
#[derive(Debug, Default)]
struct Notes {
    meter: Meter,
    recent: Recent,
    latency: Latency,
    restarts: u32,
    /// Most actors never have one.
    history: VecDeque<Restart>,
}

/// A message that is being handled, until it is dropped.
#[must_use = "it lasts until it is dropped"]
pub struct Turn<'a> {
    vital: &'a Vital,
    begun: Instant,
}

/// How an actor stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Messages that it has been sent and has not handled.
    pub waiting: u32,
    /// The most that there ever were.
    pub peak: u32,
    /// Messages handled.
    pub messages: u64,
    /// Messages handled in a second.
    pub messages_per_second: f64,
    /// The share of its time in which it kept its thread.
    pub busy: f64,
    /// Restarts so far.
    pub restarts: u32,
    /// When the last one was, and its panic's message.
    pub last_restart: Option<(Instant, String)>,
    /// How old it is.
    pub age: Duration,
}

impl Vital {
    /// Of an actor that is being born.
    pub fn new(id: ActorId, kin: Arc<Kin>) -> Arc<Self> {
        kin.begins();
        Arc::new(Self {
            id,
            kin,
            born: Instant::now(),
            waiting: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            restarting: AtomicBool::new(false),
            notes: Mutex::default(),
        })
    }

    /// How many messages may wait for an actor before somebody is told. No message is refused: what each is sent is bounded
    /// by who sends it, and this is what those bounds come to, or what a second's work comes to where there is none.
    pub fn bound(&self) -> u32 {
        match self.kin.kind {
            // It is told of workers that are given up, and twenty in a minute end the process.
            ActorKind::Root => 64,
            // A word for each accept; the Journal takes 256 at a time.
            ActorKind::ChannelSupervisor => 4096,
            // The same, if all were this channel's.
            ActorKind::ChannelWorker => 1024,
            // A page for each of its 2048 credits at the most, and a word for each subscription that changes.
            ActorKind::SubscriptionSupervisor => 4096,
            // A word for each of its channels.
            ActorKind::SubscriptionWorker => 256,
        }
    }

    /// A message is on its way to it.
    pub fn posted(&self) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        self.kin.waits(1);
        if waiting > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(waiting, Ordering::Relaxed);
        }
        // At each multiple: what grows and grows is told again and again.
        if waiting > self.bound() && (waiting - 1).is_multiple_of(self.bound()) {
            let detail = format!("more than {} messages wait for it", waiting - 1);
            self.kin.alarms.raise(AlarmKind::MailboxOverBound, self.id, detail);
        }
    }

    /// Says what is wrong with it now, and has been: that it was once is told when it begins or ends.
    pub fn say_what_goes_on(&self) {
        let waiting = self.waiting();
        if waiting > self.bound() {
            let detail = format!("{waiting} messages wait for it");
            self.kin.alarms.goes_on(AlarmKind::MailboxOverBound, self.id, detail, None);
        }
        self.kin.say_who_keeps_the_thread(Instant::now());
    }

    /// It handles a message.
    pub fn received(&self, heard: Heard) {
        self.hear(heard, Instant::now());
    }

    /// It handles a message, and how long that takes is of interest.
    pub fn handling(&self, heard: Heard) -> Turn<'_> {
        let begun = Instant::now();
        self.hear(heard, begun);
        Turn { vital: self, begun }
    }

    fn hear(&self, heard: Heard, now: Instant) {
        // What was sent past the count must not make it wrap.
        let less = |waiting: u32| waiting.checked_sub(1);
        if self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            self.kin.waits(-1);
        }
        let at = now.duration_since(self.born);
        let mut notes = self.notes();
        notes.meter.count(at, 1);
        notes.recent.note(heard, at);
    }

    /// What it does took so long.
    pub fn took(&self, took: Duration) {
        self.notes().latency.observe(took);
    }

    /// Its turn begins: until it ends, nobody else on its thread has one.
    pub fn takes_thread(&self, begun: Instant) {
        self.kin.turn_begins(self.id, begun);
    }

    /// It kept its thread from `begun` to `ended`.
    pub fn kept_thread(&self, begun: Instant, ended: Instant) {
        self.kin.turn_ends();
        let busy = ended.duration_since(begun);
        self.notes().meter.spend(ended.duration_since(self.born), busy);
        if busy > SLOW_TURN {
            let detail = format!("one turn took {:.1} s", busy.as_secs_f64());
            tracing::warn!(actor = %self.id, detail, "an actor kept its thread from all others on it");
            self.kin.alarms.goes_on(AlarmKind::SlowHandler, self.id, detail, Some(busy));
        }
    }

    /// It is about to be restarted.
    pub fn dies(&self, by: By, panic: &str, now: Instant) {
        match by {
            By::Panic => {
                tracing::error!(actor = %self.id, panic, "an actor panicked: it restarts");
            }
            By::Operator => tracing::warn!(actor = %self.id, "an actor was killed: it restarts"),
        }
        self.restarting.store(true, Ordering::Relaxed);
        self.kin.restarts();
        let is_loop = {
            let mut notes = self.notes();
            notes.restarts += 1;
            let history = &mut notes.history;
            history.truncate(HISTORY - 1);
            history.push_front(Restart { at: now, panic: short(panic), by });
            let panics = history.iter().filter(|restart| restart.by == By::Panic);
            by == By::Panic
                && panics.take(LOOP.0).filter(|last| now - last.at <= LOOP.1).count() == LOOP.0
        };
        if is_loop {
            let detail = format!("it panicked {} times within a minute: {}", LOOP.0, short(panic));
            self.kin.alarms.raise(AlarmKind::RestartLoop, self.id, detail);
        }
    }

    /// It has been restarted; answers how often so far.
    pub fn lives_again(&self) -> u32 {
        self.restarting.store(false, Ordering::Relaxed);
        self.notes().restarts
    }

    /// It is given up.
    pub fn is_given_up(&self, panic: &str) {
        tracing::error!(actor = %self.id, panic, "an actor panicked too often: it is given up");
        self.kin.gives_up();
        self.kin.alarms.raise(AlarmKind::GivenUp, self.id, short(panic));
    }

    /// Why it was last restarted.
    pub fn last_death(&self) -> Option<By> {
        self.notes().history.front().map(|restart| restart.by)
    }

    /// Whether it is dead at the moment, and will be restarted.
    pub fn is_restarting(&self) -> bool {
        self.restarting.load(Ordering::Relaxed)
    }

    /// Messages that it has been sent and has not handled.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The most that there ever were.
    pub fn peak(&self) -> u32 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Messages handled, and handled in a second.
    pub fn messages(&self, now: Instant, window: Window) -> (u64, f64) {
        let notes = self.notes();
        (notes.meter.count, notes.meter.per_second(self.age(now), window))
    }

    /// The share of its time in which it kept its thread.
    pub fn busy(&self, now: Instant, window: Window) -> f64 {
        self.notes().meter.share(self.age(now), window)
    }

    /// Restarts so far.
    pub fn restarts(&self) -> u32 {
        self.notes().restarts
    }

    /// How old it is.
    pub fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.born)
    }

    /// How it stands.
    pub fn read(&self, now: Instant, window: Window) -> Reading {
        let age = self.age(now);
        let notes = self.notes();
        let last = notes.history.front();
        Reading {
            waiting: self.waiting(),
            peak: self.peak(),
            messages: notes.meter.count,
            messages_per_second: notes.meter.per_second(age, window),
            busy: notes.meter.share(age, window),
            restarts: notes.restarts,
            last_restart: last.map(|last| (last.at, last.panic.clone())),
            age,
        }
    }

    /// Its last messages with how long ago they came, the newest first.
    pub fn recent(&self, now: Instant) -> Vec<(Duration, Heard)> {
        let age = self.age(now);
        self.notes().recent.iter().map(|(at, heard)| (age.saturating_sub(at), heard)).collect()
    }

    /// Its last restarts, the newest first.
    pub fn history(&self) -> Vec<Restart> {
        self.notes().history.iter().cloned().collect()
    }

    /// How long what it does takes.
    pub fn latency(&self) -> Latency {
        self.notes().latency.clone()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Nothing that can panic runs under the lock.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        self.kin.ends(self.waiting());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.vital.took(self.begun.elapsed());
    }
}

/// As much of a panic's message as is kept.
fn short(panic: &str) -> String {
    panic.chars().take(PANIC_TEXT).collect()
}

#[cfg(test)]
mod tests;
