//! Channels: which there are, how one is doing, its log, and its end.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::notification::NotificationStatus;
use super::observe::pauses::Paused;
use crate::http::auth::Caller;
use crate::http::channel_name::ChannelName;
use crate::http::list::{self, PageOf, Window};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::store::directory::{Directory, Scope};
use crate::store::view::{ChannelView, ListQuery, NotificationView, ScheduledPosition};

/// A channel.
#[derive(Serialize, ToSchema)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// How many subscriptions are in it.
    pub subscribers: i64,
    /// The last number of its log.
    pub head: i64,
    /// How many notifications are open.
    pub open: i64,
    /// How many notifications are scheduled.
    pub scheduled: i64,
    /// When the oldest open notification was accepted.
    pub oldest_pending: Option<String>,
    /// Since when an operator has paused it: what is published waits, and nothing of it is sent.
    pub paused: Option<Paused>,
}

/// Which channels.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChannelParams {
    /// What their names begin with.
    prefix: Option<String>,
    /// How many items at most: 1 to 1000, or 100 when it is absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The app's channels, by name.
#[utoipa::path(
    get, path = "/v1/channels", operation_id = "listChannels", tag = "channels", params(ChannelParams),
    responses((status = 200, body = PageOf<Channel>)),
    security(("api_key" = ["read"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<Channel>>, Problem> {
    caller.require(Scope::Read)?;
    let params: ChannelParams = list::query(&req)?;
    let prefix = params.prefix.unwrap_or_default();
    if !prefix.is_empty() {
        ChannelName::parse_prefix(&prefix)
            .map_err(|error| Problem::new(ProblemKind::BadQuery, format!("`prefix`: {error}")))?;
    }
    let window = Window::of(params.limit, params.cursor)?;
    let query = ListQuery {
        app: caller.app.id,
        name: prefix,
        after: window.after.clone(),
        limit: window.rows(),
    };
    let rows = state.store.channels(query).await?;
    let directory = state.directory();
    Ok(web::Json(window.page(rows, |row| row.name.clone(), |row| Channel::of(row, &directory))))
}

/// One channel.
#[utoipa::path(
    get, path = "/v1/channels/{channel}", operation_id = "getChannel", tag = "channels",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded")),
    responses((status = 200, body = Channel)),
    security(("api_key" = ["read"])),
)]
pub async fn show(
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
) -> Result<web::Json<Channel>, Problem> {
    caller.require(Scope::Read)?;
    let found = state.store.channel(caller.app.id, channel.into_string()).await?;
    let shown = found.map(|view| web::Json(Channel::of(view, &state.directory())));
    shown.ok_or_else(|| Problem::not_found("channel"))
}

/// Deletes a channel: its open and its scheduled notifications are cancelled, and its members leave.
#[utoipa::path(
    delete, path = "/v1/channels/{channel}", operation_id = "deleteChannel", tag = "channels",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded")),
    responses((status = 204, description = "It is deleted.")),
    security(("api_key" = ["admin"])),
)]
pub async fn delete(
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Admin)?;
    let app = caller.app.id;
    if state.store.delete_channel(app, channel.into_string(), state.now()).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("channel"))
    }
}

/// Which notifications of a channel.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// `scheduled`: those that are not due, instead of the log.
    #[param(inline)]
    state: Option<LogState>,
    /// How many items at most: 1 to 1000, or 100 when it is absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What can be asked for beside the log.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogState {
    /// Those that are not due.
    Scheduled,
}

/// A channel's notifications, newest first; with `state=scheduled` those that are not due, the next one first.
///
/// One that was cancelled before it was due is in neither list.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/notifications", operation_id = "listNotifications", tag = "channels",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded"), LogParams),
    responses((status = 200, body = PageOf<NotificationStatus>)),
    security(("api_key" = ["read"])),
)]
pub async fn log(
    req: HttpRequest,
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<NotificationStatus>>, Problem> {
    caller.require(Scope::Read)?;
    let LogParams { state: which, limit, cursor } = list::query(&req)?;
    let window = match which {
        None => Window::numbered(limit, cursor)?,
        Some(LogState::Scheduled) => Window::scheduled(limit, cursor)?,
    };
    let query = ListQuery {
        app: caller.app.id,
        name: channel.into_string(),
        after: window.after.clone(),
        limit: window.rows(),
    };
    let page = match which {
        None => {
            let rows = state.store.channel_log(query).await?;
            let position = |row: &NotificationView| row.seq.unwrap_or_default().to_string();
            window.page(rows, position, NotificationStatus::from)
        }
        Some(LogState::Scheduled) => {
            let rows = state.store.scheduled(query).await?;
            let position = |row: &NotificationView| ScheduledPosition::of(row).to_string();
            window.page(rows, position, NotificationStatus::from)
        }
    };
    Ok(web::Json(page))
}

impl Channel {
    fn of(view: ChannelView, directory: &Directory) -> Self {
        let paused = directory.pauses.channels.get(&view.id);
        Self {
            paused: paused.map(|paused| Paused::from(&paused.pause)),
            name: view.name,
            subscribers: view.subscribers,
            head: view.head,
            open: view.open,
            scheduled: view.scheduled,
            oldest_pending: view.oldest_pending.map(|time| time.to_rfc3339()),
        }
    }
}
