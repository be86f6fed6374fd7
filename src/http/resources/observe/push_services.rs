//! How the push services fare: the gates before them, for whoever runs the instance.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::resources::push_key;
use crate::http::state::State;
use crate::store::directory::Directory;
use crate::tree::gates::{GateSnapshot, KeySnapshot};

/// The gate before one push service's origin.
#[derive(Serialize, ToSchema)]
pub struct PushServiceGate {
    /// The push service's name, or `other`.
    pub push_service: &'static str,
    /// `https://host[:port]`.
    pub origin: String,
    /// `open`, `shut`, or `probing`: a few requests find out whether it can be opened.
    pub state: &'static str,
    /// Why it is not open: `outage` or `throttled`.
    pub cause: Option<&'static str>,
    /// Until when it is shut.
    pub until: Option<String>,
    /// How many requests may be under way.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many wait in line.
    pub waiting: usize,
    /// VAPID keys that the push service refuses.
    pub refused_keys: Vec<RefusedKey>,
}

/// A VAPID key that a push service refuses: what it signs waits there.
#[derive(Serialize, ToSchema)]
pub struct RefusedKey {
    /// The key's name, as `fanfare vapid list` shows it.
    pub id: String,
    /// The app that it belongs to.
    pub app: String,
    /// `paused`, or `probing`: one request finds out whether it is taken now.
    pub state: &'static str,
    /// Until when it is paused.
    pub until: Option<String>,
}

/// All gates that are in use.
#[derive(Serialize, ToSchema)]
pub struct PushServiceGates {
    /// By origin.
    pub items: Vec<PushServiceGate>,
}

/// The push services that were asked lately, and how they fare.
#[utoipa::path(
    get, path = "/v1/observe/push-services", operation_id = "observePushServices", tag = "operation",
    responses((status = 200, body = PushServiceGates)),
    security(("api_key" = ["admin"])),
)]
pub async fn list(
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<PushServiceGates>, Problem> {
    caller.require_instance()?;
    let directory = state.directory();
    let gates = state.tree.gates();
    let items = gates.into_iter().map(|gate| PushServiceGate::of(gate, &directory)).collect();
    Ok(web::Json(PushServiceGates { items }))
}

impl PushServiceGate {
    fn of(gate: GateSnapshot, directory: &Directory) -> Self {
        let refused = gate.refused_keys.iter();
        Self {
            push_service: gate.push_service,
            origin: gate.origin,
            state: gate.state,
            cause: gate.cause,
            until: gate.until.map(Timestamp::to_rfc3339),
            limit: gate.limit,
            in_flight: gate.in_flight,
            waiting: gate.waiting,
            refused_keys: refused.filter_map(|key| RefusedKey::of(key, directory)).collect(),
        }
    }
}

impl RefusedKey {
    /// `None`: the key is no longer there.
    fn of(key: &KeySnapshot, directory: &Directory) -> Option<Self> {
        let pair = directory.vapid_keys.get(&key.key)?;
        let app = directory.apps.values().find(|app| app.id == pair.app)?;
        Some(Self {
            id: push_key::name(pair.key.public_base64url()),
            app: app.name.clone(),
            state: key.state,
            until: key.until.map(Timestamp::to_rfc3339),
        })
    }
}
