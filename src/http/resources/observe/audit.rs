//! The audit log, for whoever wants to know who did what to this daemon.

use actix_web::{HttpRequest, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::Caller;
use crate::http::list::{self, PageOf, PageParams, Window};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::store::audit::AuditView;

/// Something that an operator did.
#[derive(Serialize, ToSchema)]
pub struct Audited {
    /// Its number; later acts have greater ones.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who: an API key's name, `key_…`, or `control socket`.
    pub key: String,
    /// What the key was called then.
    pub title: String,
    /// From which address; null by the control socket.
    pub address: Option<String>,
    /// What: `kill`, `pause-origin`, `resume-origin`, `pause-channel`, `resume-channel`, `drain`, `resume`, `log-level`.
    pub act: String,
    /// To what: an actor's id, an origin, `app/channel`, a filter of the log; empty where there is only one.
    pub target: String,
    /// The request's id, as in `X-Request-Id` and in the daemon's log.
    pub request: String,
}

/// Who acted on this daemon, when and from where, newest first: the last 10 000 acts.
#[utoipa::path(
    get, path = "/v1/observe/audit", operation_id = "observeAudit", tag = "operation", params(PageParams),
    responses((status = 200, body = PageOf<Audited>)),
    security(("api_key" = ["admin"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<Audited>>, Problem> {
    caller.require_instance()?;
    let params: PageParams = list::query(&req)?;
    let window = Window::numbered(params.limit, params.cursor)?;
    let before = window.after.as_deref().and_then(|before| before.parse().ok());
    let rows = state.store.audited(before, window.rows()).await?;
    Ok(web::Json(window.page(rows, |row| row.id.to_string(), Audited::from)))
}

impl From<AuditView> for Audited {
    fn from(view: AuditView) -> Self {
        Self {
            id: view.id,
            at: view.at.to_rfc3339(),
            key: view.key,
            title: view.title,
            address: view.address,
            act: view.act,
            target: view.target,
            request: view.request,
        }
    }
}
