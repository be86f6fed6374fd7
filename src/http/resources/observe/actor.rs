//! One actor: all that it knows of itself. And its end, which it outlives.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::actors::shown::ActorRow;
use crate::clock::Timestamp;
use crate::http::acting;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::AppId;
use crate::metrics::ActorKind;
use crate::store::audit::Act;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::looking::{Killed, Portrait, Silent};
use crate::tree::observe::vital::Vital;
use crate::tree::observe::{Figure, Value};

/// One actor.
#[derive(Serialize, ToSchema)]
pub struct ActorPage {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "its fields are described there")]
    pub row: ActorRow,
    /// What only its kind says of itself.
    pub details: Vec<Detail>,
    /// The app that it works for.
    pub app: Option<String>,
    /// The channel that it serves.
    pub channel: Option<String>,
    /// The subscription that it serves.
    pub subscription: Option<String>,
    /// Its last messages, the newest first.
    pub recent_messages: Vec<RecentMessage>,
    /// Its last restarts, the newest first.
    pub restart_history: Vec<RestartEntry>,
    /// How long what it does takes; null of what is no actor.
    pub latency: Option<LatencyView>,
    /// Its busiest children; null of those that supervise nobody.
    pub children_sample: Option<ChildrenSample>,
    /// Whether it did not answer in time: what only it knows, and its children, are missing.
    pub silent: bool,
}

/// One thing that an actor says of itself.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    /// What it is.
    pub name: &'static str,
    /// How much, or which.
    pub value: DetailValue,
    /// In what it is counted.
    pub unit: Option<&'static str>,
}

/// A number or a word.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "a number and a word")]
pub enum DetailValue {
    Number(f64),
    Text(String),
}

/// A message that an actor handled.
#[derive(Serialize, ToSchema)]
pub struct RecentMessage {
    /// When.
    pub at: String,
    /// Which.
    pub message: &'static str,
}

/// A restart.
#[derive(Serialize, ToSchema)]
pub struct RestartEntry {
    /// When.
    pub at: String,
    /// The panic's message.
    pub panic: String,
    /// `panic`, or `operator` who killed it.
    pub by: &'static str,
}

/// How long what an actor does takes, since its start.
#[derive(Serialize, ToSchema)]
pub struct LatencyView {
    /// What that is: `attempts`, `sweeps` or `messages`.
    pub of: &'static str,
    /// Counts, each of what took longer than the bucket before.
    pub buckets: Vec<LatencyBucket>,
    /// Half took no longer; null when there are none.
    pub p50_seconds: Option<f64>,
    /// Ninety-nine of a hundred took no longer.
    pub p99_seconds: Option<f64>,
}

/// One bucket.
#[derive(Serialize, ToSchema)]
pub struct LatencyBucket {
    /// What it holds took at most so long; null: longer than all others.
    pub up_to_seconds: Option<f64>,
    /// How many.
    pub count: u32,
}

/// Some children.
#[derive(Serialize, ToSchema)]
pub struct ChildrenSample {
    /// How many there are.
    pub total: u64,
    /// The busiest.
    pub items: Vec<ActorRow>,
}

/// One actor, while it is alive.
#[utoipa::path(
    get, path = "/v1/observe/actors/{id}", operation_id = "observeActor", tag = "operation",
    params(("id" = String, Path, description = "As `channels.7` or `subscriptions.0.42`."), Every),
    responses((status = 200, body = ActorPage)),
    security(("api_key" = ["admin"])),
)]
pub async fn show(
    caller: Caller,
    state: web::Data<State>,
    id: web::Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let every: Every = list::query(&req)?;
    let id = ActorId::parse(&id).ok_or_else(not_alive)?;
    live::answer(&req, caller, every, move || {
        let state = state.clone();
        async move { page(&state, id).await }
    })
    .await
}

/// What became of a kill.
#[derive(Serialize, ToSchema)]
pub struct Revived {
    /// Whom it befell.
    pub id: String,
    /// How often it has been restarted by now.
    pub restarts: u32,
}

/// Kills an actor: it ends as by a panic and is restarted at once. No notification is lost; what it had in flight may be sent
/// again, once.
#[utoipa::path(
    post, path = "/v1/observe/actors/{id}/kill", operation_id = "killActor", tag = "operation",
    params(("id" = String, Path, description = "As `channels.7` or `subscriptions.0.42`.")),
    responses((status = 200, body = Revived)),
    security(("api_key" = ["admin"])),
)]
pub async fn kill(
    caller: Caller,
    state: web::Data<State>,
    id: web::Path<String>,
    req: HttpRequest,
) -> Result<web::Json<Revived>, Problem> {
    acting::may(&caller, &state)?;
    let id = ActorId::parse(&id).ok_or_else(not_alive)?;
    acting::permit(&caller, &state, &req, Act::Kill, id.to_string()).await?;
    match state.tree.kill(id).await {
        Killed::Restarted(restarts) => Ok(web::Json(Revived { id: id.to_string(), restarts })),
        Killed::NotAlive => Err(not_alive()),
        Killed::NotAnActor => {
            let detail = format!("{id} is no actor: only actors can be killed");
            Err(Problem::new(ProblemKind::NotKillable, detail))
        }
        Killed::Hangs => Err(hangs(&format!("{id} was told, and has not come to it yet"))),
    }
}

fn hangs(what: &str) -> Problem {
    let detail = format!("{what}: it is busy, or it hangs");
    Problem::new(ProblemKind::Unavailable, detail).retry_after(1)
}

fn not_alive() -> Problem {
    Problem::new(ProblemKind::NotFound, "no actor of that id is alive")
}

async fn page(state: &State, id: ActorId) -> Result<ActorPage, Problem> {
    match id {
        ActorId::Journal => Ok(journal(state)),
        ActorId::Http => Ok(ActorPage::of(ActorRow::http(state))),
        ActorId::Root
        | ActorId::Channels
        | ActorId::Channel(_)
        | ActorId::Subscriptions(_)
        | ActorId::Subscription(..) => {
            let silent = |Silent| hangs(&format!("the supervisor of {id} did not answer"));
            let portrait = state.tree.actor(id).await.map_err(silent)?;
            Ok(of_actor(state, portrait.ok_or_else(not_alive)?))
        }
    }
}

fn journal(state: &State) -> ActorPage {
    let journal = state.store.journal();
    let count = |name, count: usize| Detail::of(Figure::count(name, count as u64));
    let details = vec![
        count("waiting_changes", journal.waiting_changes),
        count("waiting_settlements", journal.waiting_settlements),
        count("waiting_reports", journal.waiting_reports),
        Detail::of(Figure::count("batches", journal.batches)),
        Detail::of(Figure::count("last_batch", journal.last_batch)),
        Detail::of(Figure::count("failed_commits", journal.failed_commits)),
    ];
    ActorPage { details, ..ActorPage::of(ActorRow::journal(state)) }
}

fn of_actor(state: &State, portrait: Portrait) -> ActorPage {
    let Portrait { seen, children, silent } = portrait;
    let now = state.now();
    let particulars = seen.particulars;
    let children_sample = children.map(|(total, rows)| ChildrenSample {
        total,
        items: rows.into_iter().map(|row| ActorRow::of(row, now)).collect(),
    });
    ActorPage {
        details: particulars.figures.into_iter().map(Detail::of).collect(),
        app: particulars.app.and_then(|app| app_name(state, app)),
        channel: particulars.channel,
        subscription: particulars.subscription,
        recent_messages: recent_messages(&seen.vital, now),
        restart_history: restart_history(&seen.vital, now),
        latency: latency(&seen.vital),
        children_sample,
        silent,
        ..ActorPage::of(ActorRow::of(seen.row, now))
    }
}

fn app_name(state: &State, id: AppId) -> Option<String> {
    state.directory().apps.values().find(|app| app.id == id).map(|app| app.name.clone())
}

fn recent_messages(vital: &Vital, now: Timestamp) -> Vec<RecentMessage> {
    let recent = vital.recent(tokio::time::Instant::now()).into_iter();
    let message = |(ago, heard): (std::time::Duration, crate::tree::observe::recent::Heard)| {
        RecentMessage { at: (now - ago).to_rfc3339(), message: heard.label() }
    };
    recent.map(message).collect()
}

fn restart_history(vital: &Vital, now: Timestamp) -> Vec<RestartEntry> {
    let entry = |restart: crate::tree::observe::vital::Restart| RestartEntry {
        at: (now - restart.at.elapsed()).to_rfc3339(),
        panic: restart.panic,
        by: restart.by.label(),
    };
    vital.history().into_iter().map(entry).collect()
}

fn latency(vital: &Vital) -> Option<LatencyView> {
    let of = match vital.id.kind()? {
        ActorKind::SubscriptionWorker => "attempts",
        ActorKind::ChannelWorker => "sweeps",
        ActorKind::Root | ActorKind::ChannelSupervisor | ActorKind::SubscriptionSupervisor => {
            "messages"
        }
    };
    let latency = vital.latency();
    let bucket = |(up_to, count): (Option<std::time::Duration>, u32)| LatencyBucket {
        up_to_seconds: up_to.map(|up_to| up_to.as_secs_f64()),
        count,
    };
    let quantile = |share| latency.quantile(share).map(|at| at.as_secs_f64());
    Some(LatencyView {
        of,
        p50_seconds: quantile(0.5),
        p99_seconds: quantile(0.99),
        buckets: latency.buckets().map(bucket).collect(),
    })
}

impl ActorPage {
    fn of(row: ActorRow) -> Self {
        Self {
            row,
            details: Vec::new(),
            app: None,
            channel: None,
            subscription: None,
            recent_messages: Vec::new(),
            restart_history: Vec::new(),
            latency: None,
            children_sample: None,
            silent: false,
        }
    }
}

impl Detail {
    fn of(Figure { name, value, unit }: Figure) -> Self {
        let value = match value {
            Value::Number(number) => DetailValue::Number(number),
            Value::Text(text) => DetailValue::Text(text),
        };
        Self { name, value, unit }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    #[test]
    fn of_who_hangs_the_answer_is_503_with_a_time_to_try_again() {
        let answer = hangs("root did not answer").error_response();
        assert_eq!(answer.status().as_u16(), 503);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "1");
    }
}
