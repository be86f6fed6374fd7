//! Channels that an operator pauses and resumes.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::acting;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::resources::apps;
use crate::http::state::State;
use crate::store::audit::Act;
use crate::store::directory::{DEFAULT_APP, DirectoryChange};
use crate::store::pause::{Pause, Subject};

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
    set(&req, &caller, &state, body, true).await
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
    set(&req, &caller, &state, body, false).await
}

async fn set(
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
    let change = DirectoryChange::SetPause { subject, pauses: paused, entry };
    state.store.change_directory(change).await??;
    Ok(web::Json(PausedChannel { app, channel, paused }))
}
