//! The app's channels as the observer lists them: sorted and searched here, not in the page.

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
use crate::store::directory::{Directory, Scope};
use crate::store::pages::{ChannelOrder, ChannelsQuery};
use crate::store::view::ChannelView;

/// Which channels.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// What their names begin with.
    q: Option<String>,
    /// By what they are sorted: `name`, which it is where it is absent, `subscribers` or `open`.
    #[param(inline)]
    sort: Option<Sort>,
    /// `asc` or `desc`. Absent: `asc` by name, else `desc`.
    #[param(inline)]
    order: Option<Order>,
    /// How many items at most: 1 to 200, or 50 when it is absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// How many to pass over: 0 to 10,000.
    #[param(maximum = 10_000)]
    offset: Option<usize>,
    /// Seconds between two snapshots of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    every: Option<u64>,
}

/// What channels can be sorted by.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// As bytes.
    Name,
    /// How many subscriptions are in it.
    Subscribers,
    /// How many notifications are open.
    Open,
}

/// A page of channels.
#[derive(Serialize, ToSchema)]
pub struct ObservedChannels {
    /// How many there are; null: more than 10,000.
    pub matched: Option<i64>,
    /// The channels.
    pub items: Vec<ObservedChannel>,
}

/// A channel.
#[derive(Serialize, ToSchema)]
pub struct ObservedChannel {
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
    /// Whether nothing of it is sent, because an operator has said so.
    pub paused: bool,
}

/// The app's channels, sorted.
///
/// A search under many channels looks at no more than 20,000 of them: one by `subscribers` or `open` may then list fewer.
#[utoipa::path(
    get, path = "/v1/observe/channels", operation_id = "observeChannels", tag = "operation", params(Params),
    responses((status = 200, body = ObservedChannels)),
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
    let query = params.query(&caller)?;
    let read = move || {
        let (state, query) = (state.clone(), query.clone());
        async move {
            let page = state.store.channels_page(query).await?;
            let directory = state.directory();
            let show = |view| ObservedChannel::of(view, &directory);
            let items = page.items.into_iter().map(show).collect();
            Ok(ObservedChannels { matched: page.matched, items })
        }
    };
    live::answer(&req, caller, every, read).await
}

impl Params {
    fn query(self, caller: &Caller) -> Result<ChannelsQuery, Problem> {
        let order = match self.sort {
            None | Some(Sort::Name) => ChannelOrder::Name,
            Some(Sort::Subscribers) => ChannelOrder::Subscribers,
            Some(Sort::Open) => ChannelOrder::Open,
        };
        Ok(ChannelsQuery {
            app: caller.app.id,
            prefix: self.q.unwrap_or_default(),
            order,
            descending: match self.order {
                Some(order) => order == Order::Desc,
                None => order != ChannelOrder::Name,
            },
            offset: part::offset(self.offset)?,
            limit: part::limit(self.limit)?,
        })
    }
}

impl ObservedChannel {
    fn of(view: ChannelView, directory: &Directory) -> Self {
        Self {
            name: view.name,
            subscribers: view.subscribers,
            head: view.head,
            open: view.open,
            scheduled: view.scheduled,
            oldest_pending: view.oldest_pending.map(|time| time.to_rfc3339()),
            paused: directory.pauses.channels.contains_key(&view.id),
        }
    }
}
