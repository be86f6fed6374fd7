//! The node is drained and resumed: for whoever is about to move its work, its network or its push services' keys.

use actix_web::{HttpRequest, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::acting;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::store::audit::Act;

/// Whether pushes start.
#[derive(Serialize, ToSchema)]
pub struct Draining {
    /// Whether none does.
    pub draining: bool,
    /// How many pushes have begun whose results are not on disk yet.
    pub under_way: usize,
}

/// Drains the node: no push starts, what is under way is settled, accepts go on, and `/readyz` answers 503.
///
/// It lasts until `POST /v1/observe/resume`, or until the daemon starts anew. Asked again, it says how many are left.
#[utoipa::path(
    post, path = "/v1/observe/drain", operation_id = "drain", tag = "operation",
    responses((status = 200, body = Draining)),
    security(("api_key" = ["admin"])),
)]
pub async fn drain(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<Draining>, Problem> {
    acting::permit(&caller, &state, &req, Act::Drain, "").await?;
    Ok(set(&state, true))
}

/// Lets pushes start again.
#[utoipa::path(
    post, path = "/v1/observe/resume", operation_id = "resume", tag = "operation",
    responses((status = 200, body = Draining)),
    security(("api_key" = ["admin"])),
)]
pub async fn resume(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<Draining>, Problem> {
    acting::permit(&caller, &state, &req, Act::Resume, "").await?;
    Ok(set(&state, false))
}

fn set(state: &State, draining: bool) -> web::Json<Draining> {
    state.tree.set_draining(draining);
    web::Json(Draining { draining, under_way: state.tree.under_way() })
}
