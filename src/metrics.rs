//! The counters behind `/metrics`: Prometheus text, prefix `fanfare_`, base units, and no label whose values a
//! user or a stranger chooses.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::model::{Outcome, ReceiptEvent};
use crate::webpush::service::PushService;

/// From 5 ms (a push service next door) to about an hour (a retry's longest wait).
const DELIVERY_SECONDS: [f64; 12] =
    [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

/// From 1 ms to the request's deadline.
const REQUEST_SECONDS: [f64; 9] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0];

/// A delivery that ended.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Ended {
    /// At which push service.
    pub push_service: PushServiceLabel,
    /// How.
    pub outcome: OutcomeLabel,
}

/// What a device said of a notification.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Said {
    /// What happened.
    pub event: ReceiptEvent,
}

impl EncodeLabelValue for ReceiptEvent {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.label().encode(encoder)
    }
}

/// An answered request.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Answered {
    /// By which push service.
    pub push_service: PushServiceLabel,
    /// With which status; 0: with none.
    pub status: u16,
}

/// One push service.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Of {
    /// Which.
    pub push_service: PushServiceLabel,
}

/// One kind of actor.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Kind {
    /// Which.
    pub kind: ActorKind,
}

/// What an actor is.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelValue)]
#[expect(missing_docs, reason = "the names are those of the tree")]
pub enum ActorKind {
    Root,
    ChannelSupervisor,
    ChannelWorker,
    SubscriptionSupervisor,
    SubscriptionWorker,
}

/// A push service's name as a label.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
pub struct PushServiceLabel(pub PushService);

impl EncodeLabelValue for PushServiceLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.label().encode(encoder)
    }
}

/// An outcome as a label.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
pub struct OutcomeLabel(pub Outcome);

impl EncodeLabelValue for OutcomeLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.label().encode(encoder)
    }
}

/// All counters of the daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Notifications that were accepted, one per channel of a call.
    pub notifications_accepted: Counter,
    /// Deliveries that a worker saw end.
    pub deliveries: Family<Ended, Counter>,
    /// Messages that a push service accepted and said it would not pass on (WNS does).
    pub dropped: Family<Of, Counter>,
    /// Receipts that were counted.
    pub receipts: Family<Said, Counter>,
    /// From accept to accepted.
    pub delivery_seconds: Family<Of, Histogram, fn() -> Histogram>,
    /// From the request's first byte to the answer's last.
    pub push_request_seconds: Family<Answered, Histogram, fn() -> Histogram>,
    /// Attempts that were put off to a later one.
    pub retries: Counter,
    /// The worst gate of each push service: 0 open, 1 probing, 2 shut.
    pub gate_state: Family<Of, Gauge>,
    /// VAPID keys that each push service refuses.
    pub paused_keys: Family<Of, Gauge>,
    /// Deliveries without an outcome, as of the last look at the store.
    pub pending_deliveries: Gauge,
    /// Subscriptions that are not gone, as of the last look at the store.
    pub subscriptions: Gauge,
    /// Subscriptions that are held back until an operator says what becomes of them, as of the last look at the store.
    pub quarantined_subscriptions: Family<Of, Gauge>,
    /// Incidents that wait for an operator, as of the last look at the store.
    pub open_quarantines: Family<Of, Gauge>,
    /// Actors alive.
    pub actors: Family<Kind, Gauge>,
    /// Restarts after a panic.
    pub actor_restarts: Family<Kind, Counter>,
    /// Commands in the Journal's last transaction.
    pub journal_batch_rows: Gauge,
    /// Time spent in commits since the start.
    pub journal_commit_seconds: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Counters that all stand at zero.
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            notifications_accepted: Counter::default(),
            deliveries: Family::default(),
            dropped: Family::default(),
            receipts: Family::default(),
            delivery_seconds: Family::new_with_constructor(|| Histogram::new(DELIVERY_SECONDS)),
            push_request_seconds: Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS)),
            retries: Counter::default(),
            gate_state: Family::default(),
            paused_keys: Family::default(),
            pending_deliveries: Gauge::default(),
            subscriptions: Gauge::default(),
            quarantined_subscriptions: Family::default(),
            open_quarantines: Family::default(),
            actors: Family::default(),
            actor_restarts: Family::default(),
            journal_batch_rows: Gauge::default(),
            journal_commit_seconds: Gauge::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let mut registry = Registry::with_prefix("fanfare");
        let r = &mut registry;
        r.register(
            "notifications_accepted",
            "Notifications accepted",
            self.notifications_accepted.clone(),
        );
        r.register("deliveries", "Deliveries that ended", self.deliveries.clone());
        r.register(
            "push_service_dropped",
            "Messages that a push service accepted and does not pass on",
            self.dropped.clone(),
        );
        r.register("receipts", "What devices said became of notifications", self.receipts.clone());
        r.register_with_unit(
            "delivery",
            "From accept to accepted by the push service",
            Unit::Seconds,
            self.delivery_seconds.clone(),
        );
        r.register_with_unit(
            "push_request",
            "From the request's first byte to the answer's last",
            Unit::Seconds,
            self.push_request_seconds.clone(),
        );
        r.register("retries", "Attempts that were put off", self.retries.clone());
        r.register(
            "gate_state",
            "The worst gate of a push service: 0 open, 1 probing, 2 shut",
            self.gate_state.clone(),
        );
        r.register(
            "paused_keys",
            "VAPID keys that a push service refuses",
            self.paused_keys.clone(),
        );
        r.register(
            "pending_deliveries",
            "Deliveries without an outcome",
            self.pending_deliveries.clone(),
        );
        r.register("subscriptions", "Subscriptions that are not gone", self.subscriptions.clone());
        r.register(
            "quarantined_subscriptions",
            "Subscriptions held back until an operator undoes or applies their quarantine",
            self.quarantined_subscriptions.clone(),
        );
        r.register(
            "open_quarantines",
            "Quarantines that wait for an operator",
            self.open_quarantines.clone(),
        );
        r.register("actors", "Actors alive", self.actors.clone());
        r.register("actor_restarts", "Restarts after a panic", self.actor_restarts.clone());
        r.register(
            "journal_batch_rows",
            "Commands in the last transaction",
            self.journal_batch_rows.clone(),
        );
        r.register_with_unit(
            "journal_commit",
            "Time spent in commits since the start",
            Unit::Seconds,
            self.journal_commit_seconds.clone(),
        );
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        r.register("build", "What runs", build);
        self.registry = registry;
        self
    }

    /// The text that Prometheus reads.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
