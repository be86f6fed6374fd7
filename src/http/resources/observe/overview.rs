//! What a key may see here, and what it looks at: the first that a dashboard asks.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::store::directory::{DEFAULT_APP, Scope};

/// Who is looking, and at what.
#[derive(Serialize, ToSchema)]
pub struct Overview {
    /// The app that the key belongs to.
    pub app: String,
    /// What the key may do in its app: `notify`, `subscribe`, `read`, `admin`.
    pub scopes: Vec<&'static str>,
    /// Whether it may see the whole instance: the tree, the actors, the push services, the system and the log.
    pub instance: bool,
    /// Whether it may see the charts, which are of all apps together, as `/metrics` is.
    pub charts: bool,
    /// Whether it may also act: restart actors, pause, drain.
    pub acting: bool,
    /// Whether an operator has drained the node: no push starts until it is resumed.
    pub draining: bool,
    /// When the daemon started.
    pub started: String,
    /// The daemon's version.
    pub version: &'static str,
}

/// What this key may see, and what it looks at.
#[utoipa::path(
    get, path = "/v1/observe", operation_id = "observe", tag = "operation",
    responses((status = 200, body = Overview)),
    security(("api_key" = ["read"])),
)]
pub async fn show(caller: Caller, state: web::Data<State>) -> Result<web::Json<Overview>, Problem> {
    caller.require(Scope::Read)?;
    Ok(web::Json(Overview {
        scopes: Scope::ALL
            .into_iter()
            .filter(|scope| caller.require(*scope).is_ok())
            .map(Scope::label)
            .collect(),
        acting: state.options().acting && caller.require_instance().is_ok(),
        draining: state.tree.is_draining(),
        instance: caller.require_instance().is_ok(),
        charts: caller.app.name == DEFAULT_APP,
        app: caller.app.name.clone(),
        started: state.observer.started.to_rfc3339(),
        version: env!("CARGO_PKG_VERSION"),
    }))
}
