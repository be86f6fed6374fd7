//! Quarantines: what was held back because too many went at once, and what an operator says about it.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::Caller;
use crate::http::list::{self, PageOf, PageParams, Window};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::store::directory::Scope;
use crate::store::quarantine::{
    QuarantineQuery, QuarantineView, Resolution, Resolve, ResolveReply,
};
use crate::webpush::service::PushService;

/// Subscriptions that are out of their channels and are kept until an operator says what becomes of them.
#[derive(Serialize, ToSchema)]
pub struct Quarantine {
    /// Its name.
    pub id: String,
    /// `fcm`, `mozilla`, `apple`, `wns`, `ntfy` or `other`.
    pub push_service: &'static str,
    /// The push service's origin.
    pub origin: String,
    /// `gone`: too many went at once; `refused`: the push service refuses the VAPID key for them alone.
    pub cause: &'static str,
    /// When it was opened.
    pub opened: String,
    /// How many subscriptions are in it now.
    pub subscriptions: i64,
    /// `open`, `undone` or `applied`.
    pub state: &'static str,
    /// When an operator undid or applied it.
    pub resolved: Option<String>,
    /// How many subscriptions that has moved so far: back into their channels, or to those that are gone.
    pub moved: i64,
}

/// An incident after an operator's word.
#[derive(Serialize, ToSchema)]
pub struct Resolved {
    /// Whether none is left to be moved; what is left follows by itself.
    pub done: bool,
    /// How it stands.
    pub quarantine: Quarantine,
}

/// How much of it is waited for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResolveParams {
    /// After about how many subscriptions to answer: 1 or more, or all when it is absent. The rest follow by themselves.
    #[param(minimum = 1)]
    limit: Option<u64>,
}

/// The app's incidents, oldest first.
#[utoipa::path(
    get, path = "/v1/quarantines", operation_id = "listQuarantines", tag = "subscriptions", params(PageParams),
    responses((status = 200, body = PageOf<Quarantine>)),
    security(("api_key" = ["read"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<Quarantine>>, Problem> {
    caller.require(Scope::Read)?;
    let params: PageParams = list::query(&req)?;
    let window = Window::numbered(params.limit, params.cursor)?;
    let after = window.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let query = QuarantineQuery { app: caller.app.id, after, limit: window.rows() };
    let rows = state.store.quarantines(query).await?;
    Ok(web::Json(window.page(rows, |row| row.position.to_string(), Quarantine::from)))
}

/// One incident.
#[utoipa::path(
    get, path = "/v1/quarantines/{id}", operation_id = "getQuarantine", tag = "subscriptions",
    params(("id" = String, Path, description = "The quarantine's name")),
    responses((status = 200, body = Quarantine)),
    security(("api_key" = ["read"])),
)]
pub async fn show(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Quarantine>, Problem> {
    caller.require(Scope::Read)?;
    let found = state.store.quarantine(caller.app.id, id(&path)?).await?;
    found.map(|view| web::Json(Quarantine::from(view))).ok_or_else(unknown)
}

/// Brings all subscriptions of an incident back into their channels, from what is published next on. It may be repeated.
#[utoipa::path(
    post, path = "/v1/quarantines/{id}/undo", operation_id = "undoQuarantine", tag = "subscriptions",
    params(("id" = String, Path, description = "The quarantine's name"), ResolveParams),
    responses((status = 200, body = Resolved)),
    security(("api_key" = ["admin"])),
)]
pub async fn undo(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Resolved>, Problem> {
    resolve(&req, &caller, &path, &state, Resolution::Undone).await
}

/// Lets all subscriptions of an incident go, each restorable for seven days more. It may be repeated.
#[utoipa::path(
    post, path = "/v1/quarantines/{id}/apply", operation_id = "applyQuarantine", tag = "subscriptions",
    params(("id" = String, Path, description = "The quarantine's name"), ResolveParams),
    responses((status = 200, body = Resolved)),
    security(("api_key" = ["admin"])),
)]
pub async fn apply(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Resolved>, Problem> {
    resolve(&req, &caller, &path, &state, Resolution::Applied).await
}

async fn resolve(
    req: &HttpRequest,
    caller: &Caller,
    path: &str,
    state: &State,
    resolution: Resolution,
) -> Result<web::Json<Resolved>, Problem> {
    caller.require(Scope::Admin)?;
    let params: ResolveParams = list::query(req)?;
    if params.limit == Some(0) {
        return Err(Problem::new(ProblemKind::BadQuery, "`limit` must be 1 or more"));
    }
    let (app, limit, now) = (caller.app.id, params.limit, state.now());
    let command = Resolve { app, id: id(path)?, resolution, limit, now };
    match state.store.resolve(command).await? {
        ResolveReply::Resolved { view, done } => {
            Ok(web::Json(Resolved { done, quarantine: view.into() }))
        }
        ResolveReply::Unknown => Err(unknown()),
        ResolveReply::Otherwise(earlier) => {
            let detail = match earlier {
                Resolution::Undone => "it has been undone: its subscriptions are back",
                Resolution::Applied => {
                    "it has been applied: bring back its subscriptions one by one, within seven days"
                }
            };
            Err(Problem::new(ProblemKind::QuarantineResolved, detail))
        }
    }
}

fn id(path: &str) -> Result<PublicId, Problem> {
    PublicId::parse(IdKind::Quarantine, path).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("quarantine")
}

impl From<QuarantineView> for Quarantine {
    fn from(view: QuarantineView) -> Self {
        let (resolution, resolved) = view.resolved.unzip();
        Self {
            id: view.id.to_string(),
            push_service: PushService::at(&view.origin).label(),
            origin: view.origin,
            cause: view.cause.label(),
            opened: view.opened.to_rfc3339(),
            subscriptions: view.subscriptions,
            state: resolution.map_or("open", Resolution::label),
            resolved: resolved.map(|at| at.to_rfc3339()),
            moved: view.moved,
        }
    }
}
