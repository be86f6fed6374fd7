//! How the push services fare: the gates before them, what they answer and how fast, for whoever runs the instance.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::pauses::Paused;
use crate::clock::Timestamp;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::population::Counts;
use crate::http::problem::Problem;
use crate::http::resources::push_key;
use crate::http::state::State;
use crate::store::directory::Directory;
use crate::tree::gates::alert::Alert;
use crate::tree::gates::{Answers, GateSnapshot, KeySnapshot, Latency};
use crate::webpush::vapid::TokenSnapshot;

/// So many origins are listed because subscriptions live there, though nobody has asked them for anything since the start.
const AT_REST: usize = 100;

/// One push service's origin, the gate before it, and how it fares.
#[derive(Serialize, ToSchema)]
pub struct PushServiceGate {
    /// The push service's name, or `other`.
    pub push_service: &'static str,
    /// `https://host[:port]`.
    pub origin: String,
    /// `open`, `shut`, `probing`: a few requests find out whether it can be opened; or `paused` by an operator.
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
    /// Since when an operator has had it pause, and who that was.
    pub paused: Option<Paused>,
    /// How many subscriptions live there; null where too many origins have more.
    pub subscriptions: Option<i64>,
    /// How requests ended since the daemon started, or since it forgot an origin that nobody used.
    pub answers: AnswerCounts,
    /// The same of the last one to two minutes.
    pub answers_recent: AnswerCounts,
    /// How long that is.
    pub recent_seconds: f64,
    /// How long its answers took in that time.
    pub latency: AnswerTimes,
    /// When it last answered.
    pub last_answer: Option<String>,
    /// The tokens that requests to it carry.
    pub vapid_tokens: Vec<VapidToken>,
    /// By how many seconds its clock is ahead of ours, to a second, by the `Date` of several of its answers; null until there
    /// were three.
    pub clock_skew_seconds: Option<i64>,
    /// What had better be looked at.
    pub alerts: Vec<PushServiceAlert>,
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

/// How requests ended.
#[derive(Serialize, ToSchema)]
pub struct AnswerCounts {
    /// 2xx.
    pub ok: u64,
    /// 4xx, without 429; and what is none of the others, such as a redirect.
    pub client_error: u64,
    /// 429.
    pub throttled: u64,
    /// 5xx.
    pub server_error: u64,
    /// No answer.
    pub none: u64,
}

/// How long answers took.
#[derive(Serialize, ToSchema)]
pub struct AnswerTimes {
    /// Half of them took no longer.
    pub p50_seconds: Option<f64>,
    /// All but one in a hundred took no longer.
    pub p99_seconds: Option<f64>,
    /// How many there were.
    pub count: u64,
}

/// A token, without the token.
#[derive(Serialize, ToSchema)]
pub struct VapidToken {
    /// The name of the key that signed it.
    pub key: String,
    /// The app that it belongs to.
    pub app: String,
    /// When it was signed.
    pub issued: String,
    /// When it ends; another is signed an hour before.
    pub expires: String,
    /// How old it is.
    pub age_seconds: f64,
}

/// What had better be looked at.
#[derive(Serialize, ToSchema)]
pub struct PushServiceAlert {
    /// `vapid_key_paused`, `origin_shut`, `clock_skew`, `mostly_throttled` or `no_answer`.
    pub code: &'static str,
    /// What was seen, and what to do about it.
    pub detail: String,
}

/// All gates that are in use, and those where most subscriptions live.
#[derive(Serialize, ToSchema)]
pub struct PushServiceGates {
    /// By origin.
    pub items: Vec<PushServiceGate>,
}

/// The push services, and how they fare: those that were asked lately, those that are paused, and the hundred where most
/// subscriptions live. With `Accept: text/event-stream` again and again.
#[utoipa::path(
    get, path = "/v1/observe/push-services", operation_id = "observePushServices", tag = "operation", params(Every),
    responses((status = 200, body = PushServiceGates)),
    security(("api_key" = ["admin"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let every: Every = list::query(&req)?;
    live::answer(&req, caller, every, move || {
        let state = state.clone();
        async move { read(&state).await }
    })
    .await
}

async fn read(state: &State) -> Result<PushServiceGates, Problem> {
    let counts = state.population.counts(&*state.store).await?;
    let directory = state.directory();
    let gates = state.tree.gates_and(counts.most(AT_REST));
    let mut tokens: HashMap<_, Vec<_>> = HashMap::new();
    for token in state.tree.vapid_tokens() {
        tokens.entry(token.origin.as_str().to_owned()).or_default().push(token);
    }
    let page = Page { directory: &directory, counts: &counts, now: state.now() };
    let item = |gate: GateSnapshot| {
        let tokens = tokens.remove(&gate.origin).unwrap_or_default();
        page.show(gate, &tokens)
    };
    Ok(PushServiceGates { items: gates.into_iter().map(item).collect() })
}

/// What an origin is shown with.
struct Page<'a> {
    directory: &'a Directory,
    counts: &'a Counts,
    now: Timestamp,
}

impl Page<'_> {
    fn show(&self, gate: GateSnapshot, tokens: &[TokenSnapshot]) -> PushServiceGate {
        let alerts = gate.alerts(self.now).into_iter().map(PushServiceAlert::from).collect();
        let refused = gate.refused_keys.iter();
        let fares = gate.fares;
        PushServiceGate {
            push_service: gate.push_service,
            state: gate.state,
            cause: gate.cause,
            until: gate.until.map(Timestamp::to_rfc3339),
            limit: gate.limit,
            in_flight: gate.in_flight,
            waiting: gate.waiting,
            refused_keys: refused.filter_map(|key| self.refused(key)).collect(),
            paused: gate.paused.as_ref().map(Paused::from),
            subscriptions: self.counts.of(&gate.origin),
            answers: fares.answers.into(),
            answers_recent: fares.answers_recent.into(),
            recent_seconds: fares.recent_seconds,
            latency: fares.latency.into(),
            last_answer: fares.last_answer.map(Timestamp::to_rfc3339),
            vapid_tokens: tokens.iter().filter_map(|token| self.token(token)).collect(),
            clock_skew_seconds: fares.clock_skew_seconds,
            alerts,
            origin: gate.origin,
        }
    }

    fn refused(&self, key: &KeySnapshot) -> Option<RefusedKey> {
        let (id, app) = push_key::with_app(key.key, self.directory)?;
        let until = key.until.map(Timestamp::to_rfc3339);
        Some(RefusedKey { id, app, state: key.state, until })
    }

    fn token(&self, token: &TokenSnapshot) -> Option<VapidToken> {
        let (key, app) = push_key::with_app(token.key, self.directory)?;
        Some(VapidToken {
            key,
            app,
            issued: token.issued.to_rfc3339(),
            expires: token.expires.to_rfc3339(),
            age_seconds: self.now.since(token.issued).as_secs_f64(),
        })
    }
}

impl From<Answers> for AnswerCounts {
    fn from(answers: Answers) -> Self {
        let Answers { ok, client_error, throttled, server_error, none } = answers;
        Self { ok, client_error, throttled, server_error, none }
    }
}

impl From<Latency> for AnswerTimes {
    fn from(latency: Latency) -> Self {
        let Latency { p50_seconds, p99_seconds, count } = latency;
        Self { p50_seconds, p99_seconds, count }
    }
}

impl From<Alert> for PushServiceAlert {
    fn from(Alert { code, detail }: Alert) -> Self {
        Self { code, detail }
    }
}
