//! Channels and push services that an operator pauses and resumes.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::acting;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::population::Counts;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::resources::apps;
use crate::http::state::State;
use crate::store::audit::{Act, AuditEntry};
use crate::store::directory::{DEFAULT_APP, DirectoryChange};
use crate::store::pause::{Pause, Subject};
use crate::webpush::subscription::Origin;

/// Since when something pauses, and who said so.
#[derive(Serialize, ToSchema)]
pub struct Paused {
    /// Since when.
    pub since: String,
    /// Who: an API key's name, `key_…`, or `control socket`.
    pub by: String,
}

impl From<&Pause> for Paused {
    fn from(pause: &Pause) -> Self {
        Self { since: pause.since.to_rfc3339(), by: pause.by.clone() }
    }
}

/// Which channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichChannel {
    /// Its app, or `default` when it is absent.
    app: Option<String>,
    /// Its name.
    channel: String,
}

/// A channel that pauses, or goes on.
#[derive(Serialize, ToSchema)]
pub struct PausedChannel {
    /// Its app.
    pub app: String,
    /// Its name.
    pub channel: String,
    /// Whether it pauses.
    pub paused: bool,
}

/// Pauses a channel: what is published is accepted and waits, and nothing of it is sent.
///
/// A push that is under way is settled; other channels of the same devices are not held up. TTLs run on: what expires
/// meanwhile is booked as expired. It lasts until the channel is resumed or deleted, also over a restart.
#[utoipa::path(
    post, path = "/v1/observe/channels/pause", operation_id = "pauseChannel", tag = "operation",
    request_body = WhichChannel, responses((status = 200, body = PausedChannel)),
    security(("api_key" = ["admin"])),
)]
pub async fn pause_channel(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<PausedChannel>, Problem> {
    set_channel(&req, &caller, &state, body, true).await
}

/// Resumes a channel: what waits in it goes out at once.
#[utoipa::path(
    post, path = "/v1/observe/channels/resume", operation_id = "resumeChannel", tag = "operation",
    request_body = WhichChannel, responses((status = 200, body = PausedChannel)),
    security(("api_key" = ["admin"])),
)]
pub async fn resume_channel(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<PausedChannel>, Problem> {
    set_channel(&req, &caller, &state, body, false).await
}

async fn set_channel(
    req: &HttpRequest,
    caller: &Caller,
    state: &State,
    body: Body,
    paused: bool,
) -> Result<web::Json<PausedChannel>, Problem> {
    acting::may(caller, state)?;
    let WhichChannel { app, channel } = body.read(body::SMALL).await?;
    let channel = ChannelName::parse(&channel).map_err(|error| {
        Problem::field(ProblemKind::InvalidChannel, "#/channel", error.to_string())
    })?;
    let (app, channel) = (app.unwrap_or_else(|| DEFAULT_APP.to_owned()), channel.into_string());
    let subject = Subject::Channel { app: apps::find(state, &app)?.id, name: channel.clone() };
    let act = if paused { Act::PauseChannel } else { Act::ResumeChannel };
    let entry = acting::entry(caller, state, req, act, format!("{app}/{channel}"))?;
    write(state, subject, paused, entry).await?;
    Ok(web::Json(PausedChannel { app, channel, paused }))
}

/// Which push service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichOrigin {
    /// `https://host[:port]`, as the list has it.
    origin: String,
}

/// An origin that pauses, or goes on.
#[derive(Serialize, ToSchema)]
pub struct PausedOrigin {
    /// `https://host[:port]`.
    pub origin: String,
    /// Whether it pauses.
    pub paused: bool,
}

/// Pauses a push service: what is for its subscriptions is accepted and waits, and nothing is sent there.
///
/// A push that is under way is settled, and nobody else is held up. TTLs run on: what expires meanwhile is booked as
/// expired. It lasts until it is resumed, also over a restart.
#[utoipa::path(
    post, path = "/v1/observe/push-services/pause", operation_id = "pausePushService", tag = "operation",
    request_body = WhichOrigin, responses((status = 200, body = PausedOrigin)),
    security(("api_key" = ["admin"])),
)]
pub async fn pause_origin(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<PausedOrigin>, Problem> {
    set_origin(&req, &caller, &state, body, true).await
}

/// Resumes a push service: what waits for it goes out, about two thousand subscriptions a second.
#[utoipa::path(
    post, path = "/v1/observe/push-services/resume", operation_id = "resumePushService", tag = "operation",
    request_body = WhichOrigin, responses((status = 200, body = PausedOrigin)),
    security(("api_key" = ["admin"])),
)]
pub async fn resume_origin(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<PausedOrigin>, Problem> {
    set_origin(&req, &caller, &state, body, false).await
}

async fn set_origin(
    req: &HttpRequest,
    caller: &Caller,
    state: &State,
    body: Body,
    paused: bool,
) -> Result<web::Json<PausedOrigin>, Problem> {
    acting::may(caller, state)?;
    let WhichOrigin { origin } = body.read(body::SMALL).await?;
    if Origin::parse(&origin).is_none() {
        let detail = "an origin is `https://host[:port]`, as GET /v1/observe/push-services has it";
        return Err(Problem::field(ProblemKind::InvalidField, "#/origin", detail));
    }
    if !is_known(state, &origin).await? {
        // Who mistypes one would believe that another pauses.
        return Err(Problem::not_found("push service at that origin"));
    }
    let act = if paused { Act::PauseOrigin } else { Act::ResumeOrigin };
    let entry = acting::entry(caller, state, req, act, origin.clone())?;
    write(state, Subject::Origin(origin.clone()), paused, entry).await?;
    Ok(web::Json(PausedOrigin { origin, paused }))
}

/// Whether it was asked for something, pauses, or has subscriptions; those with the fewest of very many are taken as known.
async fn is_known(state: &State, origin: &str) -> Result<bool, Problem> {
    let gates = state.tree.gates();
    if gates.iter().any(|gate| gate.origin == origin) {
        return Ok(true);
    }
    let counts = Counts::read(&*state.store).await?;
    Ok(counts.of(origin) != Some(0))
}

/// Writes down what pauses from now on, or goes on, and who said so, in one transaction.
async fn write(
    state: &State,
    subject: Subject,
    pauses: bool,
    entry: AuditEntry,
) -> Result<(), Problem> {
    let change = DirectoryChange::SetPause { subject, pauses, entry: entry.clone() };
    state.store.change_directory(change).await??;
    acting::tell(&entry);
    Ok(())
}
