//! What is logged, and how it is changed while the daemon runs.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::acting;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::observe::log::level::Filters;
use crate::store::audit::Act;

/// What is logged.
#[derive(Serialize, ToSchema)]
pub struct LogFilters {
    /// What is logged now: a level, or directives such as `info,fanfare::tree=debug`.
    pub filter: String,
    /// What the configuration says, which holds again from the next start, or from a SIGHUP that finds another one.
    pub configured: String,
}

/// What is to be logged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogFilterChange {
    /// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`), or directives such as `info,fanfare::tree=debug`.
    filter: String,
}

/// What is logged, and what the configuration says.
#[utoipa::path(
    get, path = "/v1/observe/log/level", operation_id = "observeLogLevel", tag = "operation",
    responses((status = 200, body = LogFilters)),
    security(("api_key" = ["admin"])),
)]
pub async fn show(
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<LogFilters>, Problem> {
    caller.require_instance()?;
    Ok(web::Json(state.observer.log.level.filters().into()))
}

/// Logs something else from now on, until the next start or until a SIGHUP brings another `log`.
#[utoipa::path(
    put, path = "/v1/observe/log/level", operation_id = "setLogLevel", tag = "operation",
    request_body = LogFilterChange,
    responses((status = 200, body = LogFilters)),
    security(("api_key" = ["admin"])),
)]
pub async fn set(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<LogFilters>, Problem> {
    caller.require_instance()?;
    let LogFilterChange { filter } = body.read(body::SMALL).await?;
    let level = &state.observer.log.level;
    let wrong = |why| Problem::field(ProblemKind::InvalidField, "#/filter", why);
    level.check(&filter).map_err(wrong)?;
    // What is no filter is no act; and with another filter, nobody may be told of it.
    acting::record(&caller, &state, &req, Act::LogLevel, &*filter).await?;
    level.set(&filter).map_err(wrong)?;
    Ok(web::Json(level.filters().into()))
}

impl From<Filters> for LogFilters {
    fn from(filters: Filters) -> Self {
        let Filters { filter, configured } = filters;
        Self { filter, configured }
    }
}
