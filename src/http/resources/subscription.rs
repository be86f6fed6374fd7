//! One subscription: seen, replaced, tested and forgotten by whoever holds its secret, or by a backend.

use actix_web::{HttpRequest, HttpResponse, web};
use rand::rng;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::auth::{Caller, secret};
use crate::http::body::{self, Body};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::registration::{self, Registration, RegistrationDocument};
use crate::http::resources::notifications::defaults;
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::model::Payload;
use crate::store::directory::{App, Directory, Scope};
use crate::store::membership::{Leave, Leaver, ReplaceReply};
use crate::store::pause::is_parked;
use crate::store::quarantine::RestoreReply;
use crate::store::view::{self, SubscriptionView};
use crate::tree::TestReply;
use crate::webpush::message::{AppDefaults, Envelope, NotificationRequest};

/// A subscription, without its endpoint and keys.
#[derive(Serialize, ToSchema)]
pub struct Subscription {
    /// Its name. It opens nothing.
    pub id: String,
    /// `active`, `waiting` for its next attempt, `gone`: its push service has forgotten it, or `quarantined`: it is held
    /// back until an operator says what becomes of it.
    pub state: &'static str,
    /// The channels that it is in, or was in when it went.
    pub channels: Vec<String>,
    /// How often its endpoint or keys have been replaced.
    pub generation: i64,
    /// The VAPID key that it was made with.
    pub push_key: Option<String>,
    /// The VAPID key that new subscriptions are made with.
    pub current_push_key: Option<String>,
    /// When the next attempt is, if it waits.
    pub next_attempt: Option<String>,
    /// Why it waits, if it does.
    pub trouble: Option<Trouble>,
    /// When it went.
    pub gone: Option<String>,
    /// The quarantine that holds it back.
    pub quarantine: Option<String>,
    /// When it was made.
    pub created: String,
    /// What opens it, when this is another subscription than the one that was asked for: both were the same endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Why a subscription waits for its next attempt.
#[derive(Serialize, ToSchema)]
pub struct Trouble {
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// Its reason, or the daemon's own.
    pub reason: String,
}

impl From<view::Trouble> for Trouble {
    fn from(view::Trouble { status, reason }: view::Trouble) -> Self {
        Self { status, reason }
    }
}

/// How a test push ended.
#[derive(Serialize, ToSchema)]
pub struct Tested {
    /// `accepted`
    pub outcome: &'static str,
    /// The push service's status.
    pub status: u16,
}

/// The subscription's name in the path.
pub fn id(path: web::Path<String>) -> Result<PublicId, Problem> {
    PublicId::parse(IdKind::Subscription, &path).ok_or_else(|| Problem::not_found("subscription"))
}

/// A subscription: its channels and its state, never its endpoint or keys.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}", operation_id = "getSubscription", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    responses((status = 200, body = Subscription)),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn show(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Subscription>, Problem> {
    let id = id(path)?;
    let directory = state.directory();
    caller.require_subscription(&directory, &id)?;
    let found = state.store.subscription(caller.app.id, id, state.now()).await?;
    let found = found.ok_or_else(|| Problem::not_found("subscription"))?;
    Ok(web::Json(shown(&state, &directory, &caller.app, found)))
}

/// Gives a subscription another endpoint and keys.
///
/// It also revives one that went less than seven days ago; what was sent meanwhile is not sent again. An endpoint that
/// exists with equal keys is merged: the answer may be another subscription, and then has its secret.
#[utoipa::path(
    put, path = "/v1/subscriptions/{id}", operation_id = "replaceSubscription", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    request_body = RegistrationDocument,
    responses((status = 200, body = Subscription)),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn replace(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<Subscription>, Problem> {
    let id = id(path)?;
    caller.require_subscription(&state.directory(), &id)?;
    let body = body.json(body::SMALL).await?;
    let registered = Registration::accept(&state, &caller.app, &body, "#")?;
    match state.store.replace(registered.into_replace(&caller.app, id.clone())).await? {
        ReplaceReply::Replaced(view) => {
            let directory = state.directory();
            let merged = (view.id != id).then(|| secret::mint(&directory, &caller.app, &view.id));
            let shown = shown(&state, &directory, &caller.app, view);
            Ok(web::Json(Subscription { secret: merged, ..shown }))
        }
        ReplaceReply::Unknown => Err(Problem::not_found("subscription")),
        ReplaceReply::EndpointInUse => Err(registration::endpoint_in_use()),
        ReplaceReply::Full(full) => Err(registration::full(&caller.app, &full)),
    }
}

/// Forgets a subscription everywhere.
#[utoipa::path(
    delete, path = "/v1/subscriptions/{id}", operation_id = "deleteSubscription", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    responses((status = 204, description = "It is forgotten.")),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn forget(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let id = id(path)?;
    caller.require_subscription(&state.directory(), &id)?;
    let who = Leaver::Everywhere(id);
    state.store.leave(Leave { app: caller.app.id, who, now: state.now() }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a subscription back that went less than seven days ago, or is held back.
///
/// It is in its channels again, from what is published next on. One that is there stays as it is.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/restore", operation_id = "restoreSubscription", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    responses((status = 200, body = Subscription)),
    security(("api_key" = ["subscribe"])),
)]
pub async fn restore(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Subscription>, Problem> {
    caller.require(Scope::Subscribe)?;
    match state.store.restore(caller.app.id, id(path)?, state.now()).await? {
        RestoreReply::Restored(view) => {
            Ok(web::Json(shown(&state, &state.directory(), &caller.app, view)))
        }
        RestoreReply::Unknown => Err(Problem::not_found("subscription")),
        RestoreReply::Full(full) => Err(registration::full(&caller.app, &full)),
    }
}

/// Sends a push to this subscription alone, at most one a second.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/test", operation_id = "testSubscription", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    responses((status = 200, body = Tested)),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn test(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Tested>, Problem> {
    let id = id(path)?;
    caller.require_subscription(&state.directory(), &id)?;
    state.rates.test(&req, &id)?;
    let Some(row) = state.store.subscription_row(caller.app.id, id.clone()).await? else {
        let known = state.store.subscription(caller.app.id, id, state.now()).await?.is_some();
        return Err(if known { gone() } else { Problem::not_found("subscription") });
    };
    match state.tree.send_test(row, test_payload(&state, &caller.app)).await {
        TestReply::Accepted { status } => Ok(web::Json(Tested { outcome: "accepted", status })),
        TestReply::Gone => Err(gone()),
        TestReply::Refused { status, reason } => {
            let said = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let detail = format!("the push service said {said}: {reason}");
            Err(Problem::new(ProblemKind::PushServiceRefused, detail))
        }
        TestReply::Unavailable(reason) => {
            Err(Problem::new(ProblemKind::Unavailable, reason).retry_after(1))
        }
    }
}

fn gone() -> Problem {
    let detail = "its push service has forgotten this subscription; subscribe anew in the browser";
    Problem::new(ProblemKind::SubscriptionGone, detail)
}

/// A notification like any other but for its channel: it has none.
fn test_payload(state: &State, app: &App) -> Payload {
    let home = state.home(app);
    let text = format!("This is a test by {}. Pushes reach this browser.", app.settings.title);
    let body = json!({ "notification": { "title": "It works", "body": text } });
    // It is in no channel's log: there is nothing that a receipt could be counted for.
    let defaults = AppDefaults { receipts: false, ..defaults(app, &home) };
    let request = NotificationRequest::parse_json(&body, &defaults, false);
    let id = PublicId::random(IdKind::Notification, &mut rng());
    let envelope = Envelope { id: id.as_str(), channel: "", epoch: "", seq: 0, group: None };
    let payload = request.ok().and_then(|request| request.content.encode(&envelope));
    Payload::new(payload.unwrap_or_default())
}

fn shown(state: &State, directory: &Directory, app: &App, view: SubscriptionView) -> Subscription {
    let waits = view.not_before.is_some_and(|time| time > state.now());
    let made_with = directory.vapid_keys.get(&view.vapid_key);
    let current = directory.current_vapid_key(app.id);
    let label = match (&view.quarantine, view.gone) {
        (Some(_), _) => "quarantined",
        (None, Some(_)) => "gone",
        (None, None) if waits => "waiting",
        (None, None) => "active",
    };
    Subscription {
        id: view.id.to_string(),
        state: label,
        channels: view.channels,
        generation: view.generation.0,
        push_key: made_with.map(|key| key.key.public_base64url().to_owned()),
        current_push_key: current.map(|key| key.key.public_base64url().to_owned()),
        next_attempt: view
            .not_before
            .filter(|time| !is_parked(*time))
            .map(|time| time.to_rfc3339()),
        trouble: view.trouble.map(Trouble::from),
        gone: view.gone.map(|time| time.to_rfc3339()),
        quarantine: view.quarantine.map(|id| id.to_string()),
        created: view.created.to_rfc3339(),
        secret: None,
    }
}
