//! The table of actors: searched, sorted and paged in the daemon, however many there are.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::order::Order;
use super::part;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::metrics::ActorKind;
use crate::tree::observe::meter::Window;
use crate::tree::observe::selection::{Query, Sort};

pub mod shown;

use shown::ActorRow;

/// Which actors, and in which order.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActorsQuery {
    /// Of one kind only.
    #[serde(default, deserialize_with = "kind")]
    #[param(value_type = Option<String>)]
    pub kind: Option<ActorKind>,
    /// Only those whose name or id has this in it, in whatever case.
    pub q: Option<String>,
    /// Only those that are doing this.
    pub state: Option<String>,
    /// By what they are sorted: `name` when it is absent.
    #[param(inline)]
    pub sort: Option<SortParam>,
    /// `asc`, or `desc`: `asc` when it is absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// Over what time rates and busy shares are taken: `10s` when it is absent.
    #[param(inline)]
    pub window: Option<WindowParam>,
    /// How many at most: 1 to 200, or 50 when it is absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// How many come before them: at most 10000.
    #[param(maximum = 10000)]
    pub offset: Option<usize>,
    /// Seconds between two snapshots of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    pub every: Option<u64>,
}

fn kind<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<ActorKind>, D::Error> {
    let label = String::deserialize(from)?;
    // A form whose field is left empty asks for all.
    if label.is_empty() {
        return Ok(None);
    }
    let kind = ActorKind::ALL.into_iter().find(|kind| kind.label() == label);
    let names = || ActorKind::ALL.map(ActorKind::label).join(", ");
    kind.map(Some).ok_or_else(|| serde::de::Error::custom(format!("`kind` is one of {}", names())))
}

/// By what actors are sorted.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub enum SortParam {
    Name,
    State,
    Mailbox,
    MailboxPeak,
    Messages,
    MessagesPerSecond,
    Busy,
    Restarts,
    Age,
}

impl From<SortParam> for Sort {
    fn from(sort: SortParam) -> Self {
        match sort {
            SortParam::Name => Self::Name,
            SortParam::State => Self::State,
            SortParam::Mailbox => Self::Mailbox,
            SortParam::MailboxPeak => Self::MailboxPeak,
            SortParam::Messages => Self::Messages,
            SortParam::MessagesPerSecond => Self::MessagesPerSecond,
            SortParam::Busy => Self::Busy,
            SortParam::Restarts => Self::Restarts,
            SortParam::Age => Self::Age,
        }
    }
}

/// Over what time.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum WindowParam {
    /// Ten seconds.
    #[serde(rename = "10s")]
    TenSeconds,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Since each actor's start.
    #[serde(rename = "start")]
    Start,
}

impl From<WindowParam> for Window {
    fn from(window: WindowParam) -> Self {
        match window {
            WindowParam::TenSeconds => Self::TenSeconds,
            WindowParam::Minute => Self::Minute,
            WindowParam::Start => Self::Start,
        }
    }
}

impl TryFrom<ActorsQuery> for Query {
    type Error = Problem;

    fn try_from(asked: ActorsQuery) -> Result<Self, Problem> {
        Ok(Self {
            kind: asked.kind,
            text: asked.q.filter(|text| !text.is_empty()),
            state: asked.state.filter(|state| !state.is_empty()),
            sort: asked.sort.map_or(Sort::Name, Sort::from),
            descending: asked.order == Some(Order::Desc),
            window: asked.window.map_or(Window::TenSeconds, Window::from),
            offset: part::offset(asked.offset)?,
            limit: part::limit(asked.limit)?,
        })
    }
}

/// A page of actors.
#[derive(Serialize, ToSchema)]
pub struct ActorsPage {
    /// When it was read.
    pub at: String,
    /// How many actors are alive.
    pub total: u64,
    /// How many of them were asked for.
    pub matched: usize,
    /// How many come before these.
    pub offset: usize,
    /// The actors.
    pub items: Vec<ActorRow>,
    /// Supervisors that did not answer in time: their workers are missing.
    pub silent: Vec<String>,
}

/// Actors, searched and sorted.
#[utoipa::path(
    get, path = "/v1/observe/actors", operation_id = "observeActors", tag = "operation",
    params(ActorsQuery),
    responses((status = 200, body = ActorsPage)),
    security(("api_key" = ["admin"])),
)]
pub async fn list(
    caller: Caller,
    state: web::Data<State>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let asked: ActorsQuery = list::query(&req)?;
    let every = Every { every: asked.every };
    let query = Query::try_from(asked)?;
    live::answer(&req, caller, every, move || {
        let (state, query) = (state.clone(), query.clone());
        async move {
            let offset = query.offset;
            let found = state.tree.actors(query).await;
            let now = state.now();
            Ok(ActorsPage {
                at: now.to_rfc3339(),
                total: found.total,
                matched: found.matched,
                offset,
                items: found.rows.into_iter().map(|row| ActorRow::of(row, now)).collect(),
                silent: found.silent.iter().map(ToString::to_string).collect(),
            })
        }
    })
    .await
}
