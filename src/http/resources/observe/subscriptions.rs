//! The app's subscriptions as the observer lists them: never an endpoint or a key.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::part;
use crate::clock::Timestamp;
use crate::http::auth::Caller;
use crate::http::list::{self, PageOf};
use crate::http::live::{self, Every};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::IdKind;
use crate::store::directory::Scope;
use crate::store::pages::{Standing, SubscriptionItem, SubscriptionsQuery};
use crate::store::pause::is_parked;
use crate::store::view::Trouble;
use crate::webpush::service::PushService;

/// Which subscriptions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// Only those in this channel.
    channel: Option<String>,
    /// Only those that are `active`, `waiting`, `gone` or `quarantined`.
    state: Option<String>,
    /// Only those of this push service: `fcm`, `mozilla`, `apple`, `wns`, `ntfy` or `other`.
    push_service: Option<String>,
    /// Only the one of this name, or those whose names begin so: `sub_…`.
    q: Option<String>,
    /// How many items at most: 1 to 200, or 50 when it is absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Seconds between two snapshots of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    every: Option<u64>,
}

/// A subscription.
#[derive(Serialize, ToSchema)]
pub struct ObservedSubscription {
    /// Its name.
    pub id: String,
    /// Its push service: `fcm`, `mozilla`, `apple`, `wns`, `ntfy`, or `other`.
    pub push_service: &'static str,
    /// `active`, `waiting`, `gone` (it can come back for seven days) or `quarantined`.
    pub state: &'static str,
    /// At most ten of the channels that it is in; of one that went, that it would return to.
    pub channels: Vec<String>,
    /// How many these are in all.
    pub channel_count: i64,
    /// The generation of its endpoint and keys.
    pub generation: i64,
    /// How many attempts the delivery in hand has had.
    pub attempt: u32,
    /// When the next attempt is, if it waits.
    pub next_attempt: Option<String>,
    /// Why it waits, if it does.
    pub trouble: Option<ObservedTrouble>,
    /// How the last delivery ended that was not accepted; null: none is known.
    pub last_outcome: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// When it was made.
    pub created: String,
}

/// Why a subscription waits.
#[derive(Serialize, ToSchema)]
pub struct ObservedTrouble {
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// The push service's reason, or the daemon's own.
    pub reason: String,
}

/// The app's subscriptions, newest first; those that wait: the next one first; those that went: the last one first.
///
/// A page is read in short steps. Where a filter lets few through it has fewer items than it might, or none, and a `next`:
/// go on until that is null.
#[utoipa::path(
    get, path = "/v1/observe/subscriptions", operation_id = "observeSubscriptions", tag = "operation", params(Params),
    responses((status = 200, body = PageOf<ObservedSubscription>)),
    security(("api_key" = ["read"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Read)?;
    let params: Params = list::query(&req)?;
    let every = Every { every: params.every };
    let query = params.query(&caller, state.now())?;
    let read = move || {
        let state = state.clone();
        let query = SubscriptionsQuery { now: state.now(), ..query.clone() };
        async move {
            let page = state.store.subscriptions_page(query).await?;
            part::show::<_, ObservedSubscription>(page)
        }
    };
    live::answer(&req, caller, every, read).await
}

impl Params {
    fn query(self, caller: &Caller, now: Timestamp) -> Result<SubscriptionsQuery, Problem> {
        let standing = named(self.state.as_deref(), "state", &Standing::ALL, Standing::label)?;
        let push_service = self.push_service.as_deref();
        Ok(SubscriptionsQuery {
            app: caller.app.id,
            channel: self.channel,
            standing,
            push_service: named(
                push_service,
                "push_service",
                &PushService::ALL,
                PushService::label,
            )?,
            id: part::beginning(self.q, IdKind::Subscription.prefix())?,
            cut: part::cut(self.limit, self.cursor)?,
            now,
        })
    }
}

/// The one that has that name, or a 400 that lists the names.
fn named<T: Copy>(
    asked: Option<&str>,
    parameter: &str,
    all: &[T],
    label: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(asked) = asked else { return Ok(None) };
    match all.iter().find(|one| label(**one) == asked) {
        Some(one) => Ok(Some(*one)),
        None => {
            let names: Vec<_> = all.iter().map(|one| format!("`{}`", label(*one))).collect();
            let detail = format!("`{parameter}` must be one of {}", names.join(", "));
            Err(Problem::new(ProblemKind::BadQuery, detail))
        }
    }
}

impl From<SubscriptionItem> for ObservedSubscription {
    fn from(item: SubscriptionItem) -> Self {
        let (last_outcome, reason) = item.last_failure.unzip();
        Self {
            id: item.id.to_string(),
            push_service: item.push_service.label(),
            state: item.standing.label(),
            channels: item.channels,
            channel_count: item.channel_count,
            generation: item.generation.0,
            attempt: item.attempts,
            next_attempt: item
                .not_before
                .filter(|time| !is_parked(*time))
                .map(Timestamp::to_rfc3339),
            trouble: item.trouble.map(ObservedTrouble::from),
            last_outcome: last_outcome.map(|outcome| outcome.label()),
            reason,
            created: item.created.to_rfc3339(),
        }
    }
}

impl From<Trouble> for ObservedTrouble {
    fn from(Trouble { status, reason }: Trouble) -> Self {
        Self { status, reason }
    }
}
