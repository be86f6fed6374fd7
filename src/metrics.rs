//! The counters behind `/metrics`: Prometheus text, prefix `fanfare_`, base units, and no label whose values a
//! user or a stranger chooses.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub mod histogram;
mod labels;

use crate::model::ReceiptEvent;
use crate::webpush::service::PushService;
use histogram::Histogram;
pub use labels::{
    ActorKind, Answered, Ended, Kind, Of, OutcomeLabel, PushServiceLabel, Said, Served,
    StatusClass, StatusLabel,
};

/// From 5 ms (a push service next door) to about an hour (a retry's longest wait).
pub const DELIVERY_SECONDS: [f64; 18] = [
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    1800.0, 3600.0,
];

/// From 1 ms to the request's deadline.
pub const REQUEST_SECONDS: [f64; 13] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// From what is in memory to a whole drain; a stream counts with its first byte.
const HTTP_SECONDS: [f64; 11] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

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
    /// Restarts after a panic, or by an operator.
    pub actor_restarts: Family<Kind, Counter>,
    /// Messages that actors have been sent and have not handled.
    pub actor_mailbox: Family<Kind, Gauge>,
    /// From a request's head to its answer's.
    pub http_request_seconds: Family<Served, Histogram, fn() -> Histogram>,
}

impl Metrics {
    /// Counters that all stand at zero.
    pub fn new() -> Self {
        Self::beside(Vec::new())
    }

    /// The same, shown beside what `others` know at each look. They give whole names: what is of the process has no
    /// prefix.
    pub fn beside(others: Vec<Box<dyn Collector>>) -> Self {
        let metrics = Self {
            registry: Registry::default(),
            notifications_accepted: Counter::default(),
            deliveries: Family::default(),
            dropped: Family::default(),
            receipts: Family::default(),
            delivery_seconds: Family::new_with_constructor(|| Histogram::new(&DELIVERY_SECONDS)),
            push_request_seconds: Family::new_with_constructor(|| Histogram::new(&REQUEST_SECONDS)),
            retries: Counter::default(),
            gate_state: Family::default(),
            paused_keys: Family::default(),
            pending_deliveries: Gauge::default(),
            subscriptions: Gauge::default(),
            quarantined_subscriptions: Family::default(),
            open_quarantines: Family::default(),
            actors: Family::default(),
            actor_restarts: Family::default(),
            actor_mailbox: Family::default(),
            http_request_seconds: Family::new_with_constructor(|| Histogram::new(&HTTP_SECONDS)),
        };
        metrics.begun().registered(others)
    }

    /// A rate misses what a counter had when it was first seen, and a gate that was never shut would look as one that nobody
    /// knows of: so what alerts are about is seen from the start.
    fn begun(self) -> Self {
        for kind in ActorKind::ALL {
            let of = Kind { kind };
            drop(self.actors.get_or_create(&of));
            drop(self.actor_restarts.get_or_create(&of));
            drop(self.actor_mailbox.get_or_create(&of));
        }
        for status in StatusClass::ALL {
            drop(self.http_request_seconds.get_or_create(&Served { status }));
        }
        for push_service in PushService::ALL {
            let of = Of { push_service: PushServiceLabel(push_service) };
            drop(self.dropped.get_or_create(&of));
            drop(self.gate_state.get_or_create(&of));
            drop(self.paused_keys.get_or_create(&of));
        }
        for event in ReceiptEvent::ALL {
            drop(self.receipts.get_or_create(&Said { event }));
        }
        self
    }

    fn registered(mut self, others: Vec<Box<dyn Collector>>) -> Self {
        let mut registry = Registry::default();
        for other in others {
            registry.register_collector(other);
        }
        let r = registry.sub_registry_with_prefix("fanfare");
        r.register(
            "notifications_accepted",
            "Notifications accepted",
            self.notifications_accepted.clone(),
        );
        r.register(
            "deliveries",
            "Deliveries that a worker saw end: not those that were closed while they waited",
            self.deliveries.clone(),
        );
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
            "The worst gate of a push service: 0 open, 1 probing or long unasked, 2 shut",
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
        r.register(
            "actor_restarts",
            "Restarts after a panic or by an operator",
            self.actor_restarts.clone(),
        );
        r.register(
            "actor_mailbox_messages",
            "Messages that actors have not handled yet",
            self.actor_mailbox.clone(),
        );
        r.register_with_unit(
            "http_request",
            "From an API request's head to its answer's, by the class of its status",
            Unit::Seconds,
            self.http_request_seconds.clone(),
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
