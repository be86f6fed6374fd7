//! The app's notifications as the observer lists them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::part;
use crate::http::auth::Caller;
use crate::http::list::{self, PageOf};
use crate::http::live::{self, Every};
use crate::http::problem::Problem;
use crate::http::resources::notification::NotificationStatus;
use crate::http::state::State;
use crate::id::IdKind;
use crate::store::directory::Scope;
use crate::store::pages::{NotificationsQuery, Progress};

/// Which notifications.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// Only those to this channel.
    channel: Option<String>,
    /// Only those that are so. Absent: all that are in their channels' logs.
    #[param(inline)]
    state: Option<StateParam>,
    /// Only the one of this name, or those in the logs whose names begin so: `ntf_…`.
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

/// How a notification is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateParam {
    /// It is not due.
    Scheduled,
    /// Not every delivery has its outcome.
    Delivering,
    /// Every delivery has its outcome.
    Done,
    /// It was taken back.
    Cancelled,
    /// Some delivery has expired, or was refused: it can be sent again to those.
    Failed,
}

/// The app's notifications, newest first.
///
/// A page is read in short steps. Where a filter lets few through it has fewer items than it might, or none, and a `next`:
/// go on until that is null. Those that are not due are listed with `state=scheduled` alone; of those that were cancelled,
/// the ones that never became due come last.
#[utoipa::path(
    get, path = "/v1/observe/notifications", operation_id = "observeNotifications", tag = "operation", params(Params),
    responses((status = 200, body = PageOf<NotificationStatus>)),
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
    let query = NotificationsQuery {
        app: caller.app.id,
        channel: params.channel,
        progress: params.state.map(Progress::from),
        id: part::beginning(params.q, IdKind::Notification.prefix())?,
        cut: part::cut(params.limit, params.cursor)?,
    };
    let read = move || {
        let (state, query) = (state.clone(), query.clone());
        async move {
            let page = state.store.notifications_page(query).await?;
            part::show::<_, NotificationStatus>(page)
        }
    };
    live::answer(&req, caller, every, read).await
}

impl From<StateParam> for Progress {
    fn from(state: StateParam) -> Self {
        match state {
            StateParam::Scheduled => Self::Scheduled,
            StateParam::Delivering => Self::Delivering,
            StateParam::Done => Self::Done,
            StateParam::Cancelled => Self::Cancelled,
            StateParam::Failed => Self::Failed,
        }
    }
}
