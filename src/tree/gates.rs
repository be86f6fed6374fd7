//! The gates before the push services, shared by all arbiters: who wants to send passes its origin's [`Gate`], or
//! waits in the line before it, or is told when to come again. The locks are short and never held across an await.

pub mod alert;
mod line;
mod record;
mod snapshot;
mod weather;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, Timestamp};
use crate::delivery::gate::{self, Gate, GatePolicy, Notice, Signal};
use crate::delivery::retry::RetryPolicy;
use crate::id::SubscriptionId;
use crate::metrics::{Metrics, Of, PushServiceLabel};
use crate::store::directory::AppVapidKey;
use crate::webpush::service::PushService;
use crate::webpush::subscription::Origin;
use line::{Admission, Line, Turn};
use weather::Weather;

pub use record::{Answers, Fares, Latency, Seen};
pub use snapshot::{GateSnapshot, KeySnapshot};

/// Strangers choose origins: above so many, those that nobody uses are forgotten.
const MAX_ORIGINS: usize = 4096;

/// All gates.
pub struct Gates {
    clock: Clock,
    metrics: Arc<Metrics>,
    origins: Mutex<Origins>,
    weather: Weather,
}

/// The gates that there are.
struct Origins {
    policy: GatePolicy,
    lines: HashMap<Origin, Arc<Line>>,
    /// With so many, those that nobody uses are looked for: not at each newcomer, should all be in use.
    tidy_at: usize,
}

/// Who wants to send.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Where to.
    pub origin: &'a Origin,
    /// Signed with which key.
    pub key: &'a Arc<AppVapidKey>,
    /// For whom.
    pub subscription: SubscriptionId,
    /// Whether its endpoint failed the last time.
    pub is_troubled: bool,
}

/// How waiting before a gate ends.
pub enum Entered {
    /// A request may start.
    Go(Pass),
    /// None may before then.
    Later(Timestamp),
}

/// The right to one request. Dropped, it goes to the next in line.
#[must_use = "a pass that is dropped goes to the next in line"]
pub struct Pass {
    gates: Arc<Gates>,
    admission: Admission,
    key: Arc<AppVapidKey>,
    subscription: SubscriptionId,
}

impl Gates {
    /// Gates that are all open.
    pub fn new(policy: GatePolicy, clock: Clock, metrics: Arc<Metrics>) -> Self {
        let origins = Mutex::new(Origins { policy, lines: HashMap::new(), tidy_at: MAX_ORIGINS });
        Self { clock, metrics, origins, weather: Weather::default() }
    }

    /// Waits for a pass, first come, first served.
    pub async fn enter(self: &Arc<Self>, caller: Caller<'_>) -> Entered {
        let line = self.line_of(caller.origin);
        let who = gate::Caller { key: caller.key.id, is_troubled: caller.is_troubled };
        let turn = match line.enter(who) {
            Ok(turn) => turn,
            // The sender goes only with the line, which is held here.
            Err(waiting) => match waiting.wait().await {
                Some(turn) => turn,
                None => return Entered::Later(self.clock.now()),
            },
        };
        match turn {
            Turn::Go(admission) => {
                let (gates, key) = (Arc::clone(self), Arc::clone(caller.key));
                Entered::Go(Pass { gates, admission, key, subscription: caller.subscription })
            }
            Turn::Later(until) => Entered::Later(until),
        }
    }

    /// Takes other numbers for how long a gate stays shut, from the next time that it is shut.
    pub fn heed(&self, retry: RetryPolicy) {
        let mut origins = self.lock();
        origins.policy.retry = retry;
        origins.lines.values().for_each(|line| line.heed(retry));
    }

    /// When who has waited in line too long is to come again.
    pub fn turn_away(&self, origin: &Origin) -> Timestamp {
        self.line_of(origin).turn_away()
    }

    /// Whether it is our own network that fails, as far as can be told: several push services cannot be reached, and
    /// none has answered meanwhile.
    pub fn is_our_network_down(&self) -> bool {
        self.weather.is_ours(self.clock.now())
    }

    /// What each gate is doing, by origin; and what those of `others` would do, whom nobody has asked for anything.
    pub fn snapshots(&self, others: &[&str]) -> Vec<GateSnapshot> {
        let (lines, policy) = {
            let origins = self.lock();
            (origins.lines.values().cloned().collect::<Vec<_>>(), origins.policy)
        };
        let mut snapshots: BTreeMap<_, _> =
            lines.iter().map(|line| (line.origin().as_str().to_owned(), line.snapshot())).collect();
        let (gate, now) = (Gate::new(policy), self.clock.now());
        for origin in others.iter().filter_map(|origin| Origin::parse(origin)) {
            let at_rest = || GateSnapshot::of(&origin, &gate, 0, Fares::default(), now);
            snapshots.entry(origin.as_str().to_owned()).or_insert_with(at_rest);
        }
        snapshots.into_values().collect()
    }

    fn line_of(&self, origin: &Origin) -> Arc<Line> {
        let mut origins = self.lock();
        if let Some(line) = origins.lines.get(origin) {
            return Arc::clone(line);
        }
        if origins.lines.len() >= origins.tidy_at {
            self.forget_unused(&mut origins);
        }
        let line = Arc::new(Line::new(origin.clone(), Gate::new(origins.policy), self.clock));
        origins.lines.insert(origin.clone(), Arc::clone(&line));
        line
    }

    fn forget_unused(&self, origins: &mut Origins) {
        let now = self.clock.now();
        let mut forgotten = HashSet::new();
        origins.lines.retain(|origin, line| {
            let is_used = Arc::strong_count(line) > 1 || !line.is_forgettable(now);
            if !is_used {
                forgotten.insert(PushService::of(origin));
            }
            is_used
        });
        origins.tidy_at = MAX_ORIGINS.max(origins.lines.len().saturating_mul(2));
        forgotten.into_iter().for_each(|service| self.show(service, origins));
    }

    /// Shows in the metrics what has come to be so without an event, before they are read: a gate that shut itself, and
    /// that nobody has asked since.
    pub fn show_all(&self) {
        let origins = self.lock();
        let services: HashSet<_> = origins.lines.keys().map(PushService::of).collect();
        services.into_iter().for_each(|service| self.show(service, &origins));
    }

    /// Shows the worst of a push service's origins in the metrics. Who shows holds the lock until it is shown: so what is
    /// shown last is what was so last.
    fn show(&self, service: PushService, origins: &Origins) {
        let of_service =
            origins.lines.values().filter(|line| PushService::of(line.origin()) == service);
        let (mut state, mut paused) = (0, 0);
        for line in of_service {
            let (gate, keys) = line.state();
            state = state.max(gate);
            paused += keys;
        }
        let label = Of { push_service: PushServiceLabel(service) };
        self.metrics.gate_state.get_or_create(&label).set(state);
        self.metrics.paused_keys.get_or_create(&label).set(paused);
    }

    /// A panic elsewhere cannot leave the map half written: every change is one call.
    fn lock(&self) -> MutexGuard<'_, Origins> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// Its request has ended so. What is told with [`Pass::done`], or when the pass is dropped, is counted then.
    pub fn saw(&mut self, seen: Seen) {
        self.admission.saw(seen);
    }

    /// Gives it back with what became of the request. How often in a row this subscription was refused while others
    /// of its key were served.
    pub fn done(self, signal: Signal, reason: Option<&str>) -> u32 {
        let Self { gates, admission, key, subscription } = self;
        let origin = admission.line().origin().clone();
        gates.weather.note(&origin, signal, gates.clock.now());
        let left = admission.leave(subscription, signal);
        for notice in &left.notices {
            tell(&origin, key.key.public_base64url(), *notice, reason);
        }
        if !left.notices.is_empty() {
            gates.show(PushService::of(&origin), &gates.lock());
        }
        left.refused_alone
    }
}

/// What happened, at `origin`, to what `key` signs.
fn tell(origin: &Origin, key: &str, notice: Notice, reason: Option<&str>) {
    let origin = origin.as_str();
    match notice {
        Notice::Shut { until, cause, is_new: true } => {
            tracing::warn!(
                origin,
                cause = cause.label(),
                ?until,
                reason,
                "a push service is left alone for a while"
            );
        }
        Notice::Shut { until, cause, is_new: false } => {
            tracing::debug!(
                origin,
                cause = cause.label(),
                ?until,
                reason,
                "a push service is left alone for longer"
            );
        }
        Notice::Opened => tracing::info!(origin, "a push service answers again"),
        Notice::KeyRefused(_) => tracing::warn!(
            origin,
            vapid_key = key,
            reason,
            "a push service refuses our VAPID key, its claims or our clock; nobody is deleted, what it signs waits: \
             compare the key with the one that browsers subscribe with, `--vapid-subject` and the time of day"
        ),
        Notice::KeyPaused(_, until) => {
            tracing::info!(origin, vapid_key = key, ?until, reason, "a VAPID key pauses");
        }
        Notice::KeyServed(_) => {
            tracing::info!(origin, vapid_key = key, "a VAPID key is served again");
        }
    }
}

#[cfg(test)]
mod tests;
