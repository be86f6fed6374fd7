//! The log's last lines: once, or as they come.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;
use tracing::Level;
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::Every;
use crate::http::live::follow::{Event, follow};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::observe::log::{Excerpt, Ids, KEPT, Line, Wanted};

/// Lines of an answer when nobody says.
const DEFAULT_LIMIT: usize = 200;

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// `error`, `warn`, `info`, `debug` or `trace`: lines of this level and worse; all when it is absent.
    level: Option<String>,
    /// Lines of this actor, by its id.
    actor: Option<String>,
    /// Lines of this request, by its id.
    request: Option<String>,
    /// Lines about this notification.
    notification: Option<String>,
    /// Lines about this subscription.
    subscription: Option<String>,
    /// Lines in which this occurs, in whatever case.
    q: Option<String>,
    /// The `next_after` of the answer before: lines that came after it, the first ones of them. The last ones of all
    /// when it is absent.
    after: Option<u64>,
    /// Lines of an answer at most: 1 to 2000, or 200 when it is absent. A stream begins with so many, and then sends all.
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
    /// Seconds between two looks of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    every: Option<u64>,
}

/// Lines of the log, of the last 2000 that are kept.
#[derive(Serialize, ToSchema)]
pub struct LogLines {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// What to send as `after` the next time.
    pub next_after: u64,
    /// Lines after `after` that were no longer kept, wanted or not: too many came meanwhile.
    pub dropped: u64,
}

/// A line of the log.
#[derive(Serialize, ToSchema)]
pub struct LogLine {
    /// 1, 2, 3 … since the daemon started.
    pub n: u64,
    /// When it was logged.
    pub at: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// The module that says it.
    pub target: String,
    /// What it says.
    pub message: String,
    /// What else it says.
    #[schema(value_type = Object)]
    pub fields: BTreeMap<&'static str, Value>,
    /// The actor that was at work.
    pub actor: Option<String>,
    /// The request that was being answered.
    pub request: Option<String>,
    /// The notification that it is about.
    pub notification: Option<String>,
    /// The subscription that it is about.
    pub subscription: Option<String>,
}

/// The log's last lines, as far as they are wanted.
///
/// With `Accept: text/event-stream` they come as they are logged: an event `snapshot`, and then events `lines` of the same
/// shape. A reader who is too slow loses lines, and is told by `dropped` how many.
#[utoipa::path(
    get, path = "/v1/observe/log", operation_id = "observeLog", tag = "operation", params(LogParams),
    responses((status = 200, content((LogLines = "application/json"), (String = "text/event-stream")))),
    security(("api_key" = ["admin"])),
)]
pub async fn show(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let params: LogParams = list::query(&req)?;
    let pause = Every { every: params.every }.pause()?;
    let limit = limit(params.limit)?;
    let after = params.after;
    let wanted = wanted(params)?;
    let first = state.observer.log.tail.read(&wanted, after, limit);
    let news = news(state, wanted, pause, first.next_after);
    Ok(follow(&req, caller, &LogLines::from(first), news))
}

/// The lines that come after `after`, look by look.
fn news(
    state: web::Data<State>,
    wanted: Wanted,
    pause: Duration,
    after: u64,
) -> impl Stream<Item = Vec<Event>> {
    unfold((state, wanted, after), move |(state, wanted, after)| async move {
        sleep(pause).await;
        let news = state.observer.log.tail.read(&wanted, Some(after), KEPT);
        let after = news.next_after;
        let is_news = !news.lines.is_empty() || news.dropped > 0;
        let events = is_news.then(|| event(news)).into_iter().collect();
        Some((events, (state, wanted, after)))
    })
}

fn event(news: Excerpt) -> Event {
    let json = serde_json::to_string(&LogLines::from(news));
    ("lines", json.expect("lines are text and numbers, which JSON can hold"))
}

fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=KEPT => Ok(limit),
        _ => Err(bad_query(format!("`limit` must be from 1 to {KEPT}"))),
    }
}

fn wanted(params: LogParams) -> Result<Wanted, Problem> {
    let LogParams { level, actor, request, notification, subscription, q, .. } = params;
    let level = match level.as_deref() {
        None => Level::TRACE,
        Some(name) => LEVELS
            .into_iter()
            .find(|level| label(*level) == name)
            .ok_or_else(|| bad_query("`level` must be error, warn, info, debug or trace"))?,
    };
    let ids = Ids { actor, request, notification, subscription };
    Ok(Wanted { level, ids, text: q.filter(|text| !text.is_empty()) })
}

fn bad_query(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadQuery, detail)
}

const LEVELS: [Level; 5] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];

fn label(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

impl From<Excerpt> for LogLines {
    fn from(excerpt: Excerpt) -> Self {
        let Excerpt { lines, next_after, dropped } = excerpt;
        Self {
            lines: lines.iter().map(|line| LogLine::from(&**line)).collect(),
            next_after,
            dropped,
        }
    }
}

impl From<&Line> for LogLine {
    fn from(line: &Line) -> Self {
        let Line { number, at, level, target, message, fields, ids } = line.clone();
        let Ids { actor, request, notification, subscription } = ids;
        Self {
            n: number,
            at: at.to_rfc3339(),
            level: label(level),
            target,
            message,
            fields: fields.into_iter().collect(),
            actor,
            request,
            notification,
            subscription,
        }
    }
}
