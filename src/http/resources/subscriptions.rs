//! Browsers into channels and out of them, and who is in a channel.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::{Caller, secret};
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::list::{self, PageOf, PageParams, Window};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::registration::{self, Registration, RegistrationDocument};
use crate::http::resources::subscription::Trouble;
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::store::directory::Scope;
use crate::store::membership::{Leave, Leaver, Subscribe, SubscribeReply};
use crate::store::pause::is_parked;
use crate::store::view::{ListQuery, MemberView};
use crate::webpush::field::FieldError;
use crate::webpush::service::PushService;

/// Channels in one call, as many as a publish may name.
const MAX_CHANNELS: usize = 1000;

/// A browser that wants to be in several channels.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribeMany {
    /// Names of channels.
    #[schema(min_items = 1, max_items = 1000)]
    pub channels: Vec<String>,
    /// What `PushSubscription.toJSON()` says, and `push_key`.
    #[schema(value_type = RegistrationDocument)]
    pub subscription: Value,
}

/// A browser that is in channels.
#[derive(Serialize, ToSchema)]
pub struct Subscribed {
    /// The subscription's name. It opens nothing.
    pub id: String,
    /// What opens this subscription, given once: when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// All channels that it is in now.
    pub channels: Vec<String>,
    /// How often its endpoint or keys have been replaced.
    pub generation: i64,
}

/// A member of a channel.
#[derive(Serialize, ToSchema)]
pub struct Member {
    /// The subscription's name.
    pub id: String,
    /// `fcm`, `mozilla`, `apple`, `wns`, `ntfy` or `other`.
    pub push_service: &'static str,
    /// `active`, or `waiting` for its next attempt.
    pub state: &'static str,
    /// How many notifications it is behind the channel's head.
    pub lag: i64,
    /// How many attempts the delivery in hand has had.
    pub attempt: u32,
    /// When the next attempt is, if it waits.
    pub next_attempt: Option<String>,
    /// Why it waits, if it does.
    pub trouble: Option<Trouble>,
    /// How its last failed delivery ended, if one did.
    pub last_outcome: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// When it was made.
    pub created: String,
}

/// Which memberships are to end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedParams {
    /// The channel whose subscriptions leave.
    pub r#in: String,
}

/// How many memberships ended.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    /// How many.
    pub removed: u64,
}

/// Puts a browser into a channel.
///
/// The body is `PushSubscription.toJSON()` as it is, and `push_key`: the key that the browser subscribed with.
/// The same endpoint with the same keys is the same subscription: 200.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/subscriptions", operation_id = "subscribe", tag = "subscriptions",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded")),
    request_body = RegistrationDocument,
    responses((status = 201, body = Subscribed), (status = 200, body = Subscribed, description = "It was there.")),
    security((), ("api_key" = ["subscribe"]), ("subscriber_token" = [])),
)]
pub async fn subscribe(
    req: HttpRequest,
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let channels = vec![channel.into_string()];
    let authority = caller.authority_over(&channels)?;
    state.rates.registration(&req, &state.options().trusted_proxies, &caller)?;
    let body = body.json(body::SMALL).await?;
    let registered = Registration::accept(&state, &caller.app, &body, "#")?;
    enrol(&state, &caller, registered.into_subscribe(&caller.app, channels, authority)).await
}

/// Puts a browser into several channels, all or nothing.
#[utoipa::path(
    post, path = "/v1/subscriptions", operation_id = "subscribeToMany", tag = "subscriptions",
    request_body = SubscribeMany,
    responses((status = 201, body = Subscribed), (status = 200, body = Subscribed, description = "It was there.")),
    security((), ("api_key" = ["subscribe"]), ("subscriber_token" = [])),
)]
pub async fn subscribe_many(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.authority_over(&[])?;
    state.rates.registration(&req, &state.options().trusted_proxies, &caller)?;
    let body: SubscribeMany = body.read(body::WIDE).await?;
    let channels = channels(body.channels)?;
    let authority = caller.authority_over(&channels)?;
    let registered =
        Registration::accept(&state, &caller.app, &body.subscription, "#/subscription")?;
    enrol(&state, &caller, registered.into_subscribe(&caller.app, channels, authority)).await
}

/// Takes a subscription out of a channel.
///
/// Also 204 when it was not there. A subscriber token and a name alone remove nobody.
#[utoipa::path(
    delete, path = "/v1/channels/{channel}/subscriptions/{id}", operation_id = "unsubscribe", tag = "subscriptions",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded"),
           ("id" = String, Path, description = "The subscription's name")),
    responses((status = 204, description = "It is not in the channel.")),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn unsubscribe(
    caller: Caller,
    channel: ChannelName,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (_, id) = path.into_inner();
    let id = PublicId::parse(IdKind::Subscription, &id)
        .ok_or_else(|| Problem::not_found("subscription"))?;
    caller.require_subscription(&state.directory(), &id)?;
    let who = Leaver::Channel(id, channel.into_string());
    state.store.leave(Leave { app: caller.app.id, who, now: state.now() }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes out of a channel every subscription that is also in another: a user leaves a team.
#[utoipa::path(
    delete, path = "/v1/channels/{channel}/subscriptions", operation_id = "unsubscribeShared", tag = "subscriptions",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded"), SharedParams),
    responses((status = 200, body = Removed)),
    security(("api_key" = ["subscribe"])),
)]
pub async fn unsubscribe_shared(
    req: HttpRequest,
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
) -> Result<web::Json<Removed>, Problem> {
    caller.require(Scope::Subscribe)?;
    let shared: SharedParams = list::query(&req)?;
    let also_in = ChannelName::parse(&shared.r#in)?.into_string();
    let who = Leaver::Shared { channel: channel.into_string(), also_in };
    let removed = state.store.leave(Leave { app: caller.app.id, who, now: state.now() }).await?;
    Ok(web::Json(Removed { removed }))
}

/// Who is in a channel, and how each of them is doing.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/subscriptions", operation_id = "listMembers", tag = "channels",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded"), PageParams),
    responses((status = 200, body = PageOf<Member>)),
    security(("api_key" = ["read"])),
)]
pub async fn members(
    req: HttpRequest,
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<Member>>, Problem> {
    caller.require(Scope::Read)?;
    let params: PageParams = list::query(&req)?;
    let window = Window::numbered(params.limit, params.cursor)?;
    let query = ListQuery {
        app: caller.app.id,
        name: channel.into_string(),
        after: window.after.clone(),
        limit: window.rows(),
    };
    let rows = state.store.members(query).await?;
    let now = state.now();
    Ok(web::Json(window.page(
        rows,
        |row| row.position.to_string(),
        |row| {
            let waits = row.not_before.is_some_and(|time| time > now);
            show(row, waits)
        },
    )))
}

fn show(member: MemberView, waits: bool) -> Member {
    let (outcome, reason) = member.last_failure.unzip();
    Member {
        id: member.id.to_string(),
        push_service: PushService::at(&member.origin).label(),
        state: if waits { "waiting" } else { "active" },
        lag: member.lag,
        attempt: member.attempts,
        next_attempt: member
            .not_before
            .filter(|time| !is_parked(*time))
            .map(|time| time.to_rfc3339()),
        trouble: member.trouble.map(Trouble::from),
        last_outcome: outcome.map(|outcome| outcome.label()),
        reason,
        created: member.created.to_rfc3339(),
    }
}

/// Legal names, each once, in the caller's order.
fn channels(names: Vec<String>) -> Result<Vec<String>, Problem> {
    if names.is_empty() || names.len() > MAX_CHANNELS {
        let detail = format!("must name 1 to {MAX_CHANNELS} channels, and names {}", names.len());
        return Err(Problem::fields(vec![FieldError::new("#/channels", detail)]));
    }
    checked(names)
}

/// Legal names, each once, in the caller's order: each wrong one is named by its place.
pub fn checked(names: Vec<String>) -> Result<Vec<String>, Problem> {
    let wrong = names.iter().enumerate().filter_map(|(index, name)| {
        let error = ChannelName::parse(name).err()?;
        Some(FieldError::new(format!("#/channels/{index}"), error.to_string()))
    });
    let wrong: Vec<_> = wrong.take(MAX_CHANNELS).collect();
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    let mut seen = std::collections::HashSet::new();
    Ok(names.into_iter().filter(|name| seen.insert(name.clone())).collect())
}

async fn enrol(state: &State, caller: &Caller, call: Subscribe) -> Result<HttpResponse, Problem> {
    match state.store.subscribe(call).await? {
        SubscribeReply::Subscribed { id, generation, channels, created } => {
            let secret = created.then(|| secret::mint(&state.directory(), &caller.app, &id));
            let location = format!("/v1/subscriptions/{id}");
            let body =
                Subscribed { id: id.to_string(), secret, channels, generation: generation.0 };
            let mut response = if created { HttpResponse::Created() } else { HttpResponse::Ok() };
            Ok(response.insert_header(("Location", location)).json(body))
        }
        SubscribeReply::EndpointInUse => Err(registration::endpoint_in_use()),
        SubscribeReply::Full(full) => Err(registration::full(&caller.app, &full)),
        SubscribeReply::Exclusive(namespace) => Err(Problem::field(
            ProblemKind::ExclusiveChannels,
            "#/channels",
            format!("an endpoint is in at most one channel of `{namespace}`, and this names two"),
        )),
    }
}
