//! The process, its machine, the store and what waits where: what an operator looks at when it is slow.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

mod parts;

use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::metrics::{ActorKind, Kind};
use crate::observe::process::{self, Process};
use crate::store::journal::{JournalSnapshot, MAX_WAITING_CHANGES, MAX_WAITING_REPORTS};
use parts::{Arbiter, Http, Journal, Limit, Machine, ProcessFigures, Queue, StoreFigures};

/// How the daemon and its machine are.
#[derive(Serialize, ToSchema)]
pub struct System {
    /// The daemon's version.
    pub version: &'static str,
    /// When it started.
    pub started: String,
    /// How long ago.
    pub uptime_seconds: f64,
    /// The process.
    pub process: ProcessFigures,
    /// Its machine.
    pub machine: Machine,
    /// Where everything is kept.
    pub store: StoreFigures,
    /// The one writer.
    pub journal: Journal,
    /// The threads of the tree.
    pub arbiters: Vec<Arbiter>,
    /// What waits where.
    pub queues: Vec<Queue>,
    /// What there is only so much of: from a share of 0.85 on it wants looking at.
    pub limits: Vec<Limit>,
    /// The API itself.
    pub http: Http,
}

/// The process, its machine, the store, the arbiters and what waits where.
#[utoipa::path(
    get, path = "/v1/observe/system", operation_id = "observeSystem", tag = "operation", params(Every),
    responses((status = 200, content((System = "application/json"), (String = "text/event-stream")))),
    security(("api_key" = ["admin"])),
)]
pub async fn show(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let every: Every = list::query(&req)?;
    live::answer(&req, caller, every, move || {
        let state = state.clone();
        async move { Ok(read(&state).await) }
    })
    .await
}

async fn read(state: &State) -> System {
    let (journal, process) = (state.store.journal(), Process::now());
    let started = state.observer.started;
    let connections = state.connections.open();
    System {
        version: env!("CARGO_PKG_VERSION"),
        started: started.to_rfc3339(),
        uptime_seconds: state.now().since(started).as_secs_f64(),
        process: ProcessFigures::of(&process, state),
        machine: Machine { cores: process::cores(), memory_bytes: process::memory_bytes() },
        store: StoreFigures::of(state.observer.figures.size(), journal.writable),
        journal: Journal::of(&journal, state),
        arbiters: arbiters(state),
        queues: queues(state, &journal),
        limits: limits(state, &process, connections),
        http: Http { requests_under_way: state.requests.under_way(), connections },
    }
}

fn arbiters(state: &State) -> Vec<Arbiter> {
    let (shares, crowds) = (state.observer.figures.utilisation(), state.tree.crowds());
    let loads = state.tree.loads().into_iter();
    loads.map(|load| Arbiter::of(load, &shares, &crowds)).collect()
}

fn queues(state: &State, journal: &JournalSnapshot) -> Vec<Queue> {
    let queue =
        |name: &str, now: usize, bound| Queue { name: name.to_owned(), now: now as u64, bound };
    let mailboxes = ActorKind::ALL.into_iter().map(|kind| {
        let now = state.metrics.actor_mailbox.get_or_create(&Kind { kind }).get();
        queue(&format!("mailbox.{}", kind.label()), usize::try_from(now).unwrap_or(0), None)
    });
    [
        queue("journal.changes", journal.waiting_changes, Some(MAX_WAITING_CHANGES as u64)),
        queue("journal.settlements", journal.waiting_settlements, None),
        queue("journal.reports", journal.waiting_reports, Some(MAX_WAITING_REPORTS as u64)),
    ]
    .into_iter()
    .chain(mailboxes)
    .collect()
}

/// What there is only so much of.
pub(super) fn limits(state: &State, process: &Process, connections: u32) -> Vec<Limit> {
    let size = state.observer.figures.size();
    let disk = size.and_then(|size| Some((size.disk_bytes?, size.free_bytes?)));
    let most = state.options().limits.connections;
    [
        Limit::of("files", process::open_files(), process::most_files()),
        Limit::of("connections", Some(connections.into()), Some(most.into())),
        Limit::of(
            "disk",
            disk.map(|(all, free)| all.saturating_sub(free)),
            disk.map(|(all, _)| all),
        ),
        Limit::of("memory", process.resident_bytes, process::memory_bytes()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
