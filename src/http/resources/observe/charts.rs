//! How the figures went: of all apps together, as `/metrics` is.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use utoipa::{IntoParams, ToSchema};

use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::Every;
use crate::http::live::follow::{Event, follow};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::observe::history::{History, Point, Span};

/// How far back a chart goes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChartsParams {
    /// `10m` (a point a second), `1h` (every ten seconds), `6h` (every minute) or `24h` (every two minutes); `10m` when it
    /// is absent.
    span: Option<String>,
    /// Seconds between two looks of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    every: Option<u64>,
}

/// Some lines over the same moments.
#[derive(Serialize, ToSchema)]
pub struct Charts {
    /// Seconds from one point to the next, where none is missing.
    pub step_seconds: u64,
    /// When each step ended, in seconds since the Unix epoch, oldest first.
    pub at: Vec<i64>,
    /// The lines.
    pub series: Vec<ChartSeries>,
}

/// One line.
#[derive(Serialize, ToSchema)]
pub struct ChartSeries {
    /// What it is of.
    pub name: &'static str,
    /// `per_second`, `seconds`, `bytes`, `share` or `count`.
    pub unit: &'static str,
    /// Which of that name.
    pub labels: BTreeMap<&'static str, &'static str>,
    /// A value for each moment; null: there is none.
    #[schema(value_type = Vec<Option<f32>>)]
    pub values: Vec<f32>,
}

/// One more moment of all lines.
#[derive(Serialize, ToSchema)]
pub struct ChartPoint {
    /// When its step ended, in seconds since the Unix epoch. It replaces all that does not come before it.
    pub at: i64,
    /// A value for each line, in their order; null: there is none.
    #[schema(value_type = Vec<Option<f32>>)]
    pub values: Vec<f32>,
}

/// How the figures of the whole instance went.
///
/// With `Accept: text/event-stream` it goes on: an event `snapshot`, and then an event `point`, `{at, values}`, for each
/// step.
#[utoipa::path(
    get, path = "/v1/observe/charts", operation_id = "observeCharts", tag = "operation", params(ChartsParams),
    responses((status = 200, content((Charts = "application/json"), (String = "text/event-stream")))),
    security(("api_key" = ["read"])),
)]
pub async fn show(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_read_of_default()?;
    let params: ChartsParams = list::query(&req)?;
    let span = span(params.span.as_deref())?;
    let pause = Every { every: params.every }.pause()?;
    let first = state.observer.figures.look(|history| Charts::of(history, span));
    let last = first.at.last().copied().unwrap_or(i64::MIN);
    Ok(follow(&req, caller, &first, points(state, span, pause, last)))
}

fn span(asked: Option<&str>) -> Result<Span, Problem> {
    match asked.unwrap_or("10m") {
        "10m" => Ok(Span::TenMinutes),
        "1h" => Ok(Span::Hour),
        "6h" => Ok(Span::SixHours),
        "24h" => Ok(Span::Day),
        _ => {
            let detail = "`span` must be 10m, 1h, 6h or 24h";
            Err(Problem::new(ProblemKind::BadQuery, detail))
        }
    }
}

/// The points that come after `last`, look by look.
fn points(
    state: web::Data<State>,
    span: Span,
    pause: Duration,
    last: i64,
) -> impl Stream<Item = Vec<Event>> {
    let taken = state.observer.figures.taken();
    unfold((state, taken, last), move |(state, mut taken, last)| async move {
        if pause > Duration::from_secs(1) {
            sleep(pause).await;
        }
        taken.changed().await.ok()?;
        let points = state.observer.figures.look(|history| history.after(span, last));
        let last = points.last().map_or(last, |point| point.at);
        Some((points.into_iter().map(event).collect(), (state, taken, last)))
    })
}

fn event(Point { at, values }: Point) -> Event {
    let json = serde_json::to_string(&ChartPoint { at, values });
    ("point", json.expect("numbers, which JSON can hold, or writes as null"))
}

impl Charts {
    fn of(history: &History, span: Span) -> Self {
        let points = history.points(span);
        let series =
            history.series().iter().zip(points.values).map(|(series, values)| ChartSeries {
                name: series.name,
                unit: series.unit,
                labels: series.label.into_iter().collect(),
                values,
            });
        Self { step_seconds: span.step_seconds(), at: points.at, series: series.collect() }
    }
}
