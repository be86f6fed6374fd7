//! Whether the daemon is alive and ready, for whoever restarts it or sends it work.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::state::State;

/// Ready or not, part by part.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ok` or `failing`.
    status: &'static str,
    /// Each part, with the same words but for `delivery`.
    parts: Parts,
}

/// What must work for a notification to be accepted and delivered.
#[derive(Serialize, ToSchema)]
pub struct Parts {
    /// Commits succeed.
    store: &'static str,
    /// The actors are up.
    tree: &'static str,
    /// Pushes start: `ok`, or `draining` when an operator has drained the node.
    delivery: &'static str,
}

/// Alive: the process answers. It says nothing of the store, whose failure no restart cures.
#[utoipa::path(get, path = "/healthz", operation_id = "isAlive", tag = "operation", security(()),
    responses((status = 200, description = "The process answers.", content_type = "text/plain", body = String)))]
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Ready: notifications are accepted and delivered.
#[utoipa::path(get, path = "/readyz", operation_id = "isReady", tag = "operation", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness, description = "A part is failing.")))]
pub async fn ready(state: web::Data<State>) -> HttpResponse {
    let word = |fine| if fine { "ok" } else { "failing" };
    let (store, tree) = (state.store.is_writable(), state.tree.is_ready());
    let is_draining = state.tree.is_draining();
    let delivery = if is_draining { "draining" } else { "ok" };
    let parts = Parts { store: word(store), tree: word(tree), delivery };
    let is_ready = store && tree && !is_draining;
    let body = Readiness { status: word(is_ready), parts };
    if is_ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).json(body)
    }
}

/// What is running, as Mozilla's Dockerflow wants it.
#[utoipa::path(get, path = "/__version__", operation_id = "getVersion", tag = "operation", security(()),
    responses((status = 200, description = "`source`, `version`, `commit` and `build`.", body = serde_json::Value)))]
pub async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "source": env!("CARGO_PKG_REPOSITORY"),
        "version": env!("CARGO_PKG_VERSION"),
        "commit": option_env!("FANFARE_COMMIT").unwrap_or_default(),
        "build": option_env!("FANFARE_BUILD").unwrap_or_default(),
    }))
}
