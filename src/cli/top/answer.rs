//! What the API answers, as far as a terminal shows it. A field that an older or newer daemon leaves out is empty here.

use serde::{Deserialize, Deserializer};

/// What is not known, as how busy a part is that is no actor, is nothing here.
fn known<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// An actor, or a part of the tree that is none.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Actor {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) kind: String,
    pub(super) name: String,
    #[serde(deserialize_with = "known")]
    pub(super) arbiter: String,
    pub(super) state: String,
    pub(super) mailbox: Mailbox,
    #[serde(deserialize_with = "known")]
    pub(super) messages: u64,
    #[serde(deserialize_with = "known")]
    pub(super) messages_per_second: f64,
    #[serde(deserialize_with = "known")]
    pub(super) busy: f64,
    #[serde(deserialize_with = "known")]
    pub(super) restarts: u64,
    pub(super) last_panic: Option<String>,
    #[serde(deserialize_with = "known")]
    pub(super) age_seconds: f64,
    pub(super) children: Option<Children>,
    #[serde(deserialize_with = "known")]
    pub(super) hidden: u64,
    pub(super) killable: bool,
    /// It was asked, and did not answer in time.
    pub(super) silent: bool,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mailbox {
    pub(super) now: u64,
    #[serde(deserialize_with = "known")]
    pub(super) peak: u64,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Children {
    pub(super) alive: u64,
    pub(super) started: u64,
    pub(super) given_up: u64,
}

/// The tree, parents first.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Actor>,
}

/// A page of actors.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Actors {
    pub(super) total: u64,
    pub(super) matched: u64,
    pub(super) items: Vec<Actor>,
    /// Supervisors whose workers are missing.
    pub(super) silent: Vec<String>,
}

/// One actor.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OneActor {
    #[serde(flatten)]
    pub(super) actor: Actor,
    pub(super) details: Vec<Detail>,
    pub(super) recent_messages: Vec<Handled>,
    pub(super) restart_history: Vec<Restart>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail {
    pub(super) name: String,
    pub(super) value: serde_json::Value,
    pub(super) unit: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Handled {
    pub(super) at: String,
    pub(super) message: String,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Restart {
    pub(super) at: String,
    pub(super) panic: String,
    pub(super) by: String,
}

/// The push services.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PushServices {
    pub(super) items: Vec<PushService>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PushService {
    pub(super) push_service: String,
    pub(super) origin: String,
    pub(super) state: String,
    pub(super) until: Option<String>,
    pub(super) limit: u64,
    pub(super) in_flight: u64,
    pub(super) waiting: u64,
    pub(super) answers: Answers,
    pub(super) latency: Latency,
    pub(super) alerts: Vec<Alert>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answers {
    pub(super) ok: u64,
    pub(super) client_error: u64,
    pub(super) throttled: u64,
    pub(super) server_error: u64,
    pub(super) none: u64,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Latency {
    pub(super) p50_seconds: Option<f64>,
    pub(super) p99_seconds: Option<f64>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Alert {
    pub(super) detail: String,
}

/// How figures went.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Charts {
    pub(super) at: Vec<f64>,
    pub(super) series: Vec<Series>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: std::collections::BTreeMap<String, String>,
    pub(super) values: Vec<Option<f64>>,
}

/// The process.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct System {
    pub(super) version: String,
    pub(super) uptime_seconds: f64,
    pub(super) process: Process,
    pub(super) machine: Machine,
    pub(super) limits: Vec<Limit>,
    pub(super) arbiters: Vec<Arbiter>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Process {
    pub(super) cpu: Option<f64>,
    pub(super) resident_bytes: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Machine {
    pub(super) cores: u64,
    pub(super) memory_bytes: Option<f64>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    pub(super) name: String,
    pub(super) used: f64,
    pub(super) limit: f64,
    pub(super) share: f64,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Arbiter {
    pub(super) name: String,
    pub(super) utilisation: Option<f64>,
    pub(super) actors: u64,
    pub(super) mailbox: u64,
}
