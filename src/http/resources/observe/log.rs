//! The log's last lines: once, or as they come.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tracing::Level;
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::Caller;
use crate::http::live::{self, Every, KEEP_ALIVE};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::http::{list, sse};
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
    if !live::wants_stream(&req) {
        return Ok(HttpResponse::Ok().json(LogLines::from(first)));
    }
    let now = Instant::now();
    let feed = Feed {
        after: first.next_after,
        first: Some(first),
        wanted,
        pause,
        looked: now,
        said: now,
        state,
        caller,
    };
    Ok(sse::answer(unfold(Some(feed), |feed| async move {
        let mut feed = feed?;
        let (frame, goes_on) = feed.next().await;
        Some((Ok(Bytes::from(frame)), goes_on.then_some(feed)))
    })))
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

/// Somebody who watches the log.
struct Feed {
    first: Option<Excerpt>,
    after: u64,
    wanted: Wanted,
    pause: Duration,
    /// When it was last read.
    looked: Instant,
    /// When something was last sent.
    said: Instant,
    state: web::Data<State>,
    caller: Caller,
}

impl Feed {
    /// What is sent next, and whether anything comes after it.
    async fn next(&mut self) -> (String, bool) {
        let (frame, goes_on) = match self.first.take() {
            Some(first) => (frame("snapshot", first), true),
            None => self.wait().await,
        };
        self.said = Instant::now();
        (frame, goes_on)
    }

    async fn wait(&mut self) -> (String, bool) {
        loop {
            tokio::select! {
                biased;
                () = self.state.streams.ended() => {
                    return (sse::comment("the server stops: ask again"), false);
                }
                () = sleep_until(self.looked + self.pause) => {}
            }
            self.looked = Instant::now();
            if !self.caller.is_known_to(&self.state.directory()) {
                return (sse::comment("this key is there no more"), false);
            }
            let news = self.state.observer.log.tail.read(&self.wanted, Some(self.after), KEPT);
            self.after = news.next_after;
            if !news.lines.is_empty() || news.dropped > 0 {
                return (frame("lines", news), true);
            }
            if self.said.elapsed() >= KEEP_ALIVE {
                return (sse::comment("still here"), true);
            }
        }
    }
}

fn frame(event: &str, excerpt: Excerpt) -> String {
    let json = serde_json::to_string(&LogLines::from(excerpt))
        .expect("lines are text and numbers, which JSON can hold");
    sse::event(event, &json)
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
