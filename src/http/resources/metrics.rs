//! Numbers for Prometheus.

use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use crate::http::auth::Caller;
use crate::http::connection::Connection;
use crate::http::problem::Problem;
use crate::http::state::State;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics. On loopback they are anyone's; elsewhere they need `read` of the app `default`.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "operation", security((), ("api_key" = ["read"])),
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text", body = String)))]
pub async fn show(req: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let connection = Connection::behind(&req);
    if !connection.is_local(req.headers(), state.options().observe_listener) {
        let caller = Caller::extract(&req).await?;
        caller.require_read_of_default()?;
    }
    state.tree.show_gates();
    Ok(HttpResponse::Ok().content_type(OPEN_METRICS).body(state.metrics.encode()))
}
