//! What is wrong with the instance, and what to do about it. Here the facts are gathered; [`crate::observe::warnings`]
//! says what they mean.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::problem::Problem;
use crate::http::resources::observe::system;
use crate::http::resources::push_key;
use crate::http::state::State;
use crate::observe::history::History;
use crate::observe::process::Process;
use crate::observe::sample::commit_seconds;
use crate::observe::warnings::facts::{
    Alarm, Alert, Facts, Held, Paused, PausedKind, PushService, Store, Use,
};
use crate::observe::warnings::{self, Seen};
use crate::store::directory::Directory;
use crate::store::journal::JournalSnapshot;
use crate::store::pause::Pause;
use crate::store::quarantine;
use crate::tree::gates::{self, GateSnapshot};
use crate::tree::observe::alarms::AlarmSnapshot;

/// Something that is wrong.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// What kind of thing: `mailbox_over_bound`, `slow_handler`, `restart_loop`, `given_up`, `vapid_key_paused`,
    /// `origin_shut`, `clock_skew`, `mostly_throttled`, `no_answer`, `vapid_subject_missing`, `store_slow`, `store_unwritable`, `files_nearly_used_up`,
    /// `disk_nearly_full`, `quarantine_open`, `push_service_paused`, `channel_paused` or `draining`.
    pub code: &'static str,
    /// `warning` or `critical`.
    pub severity: &'static str,
    /// What it is about: an actor's id, an origin, `store` …
    pub subject: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
    /// Since when; of what nobody keeps watch over, since somebody looked.
    pub since: String,
    /// When it was so the last time.
    pub last: String,
    /// How often it began.
    pub count: u64,
    /// The page of the dashboard that shows more: `actors/ID`, `push-services`, `channels` or `system`.
    pub page: String,
}

/// Everything that is wrong.
#[derive(Serialize, ToSchema)]
pub struct Warnings {
    /// The worst first.
    pub items: Vec<Warning>,
}

/// What is wrong, and what to do about it.
#[utoipa::path(
    get, path = "/v1/observe/warnings", operation_id = "observeWarnings", tag = "operation", params(Every),
    responses((status = 200, content((Warnings = "application/json"), (String = "text/event-stream")))),
    security(("api_key" = ["admin"])),
)]
pub async fn list(
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

async fn read(state: &State) -> Warnings {
    let now = state.now();
    let facts = gather(state, now).await;
    let mut found = warnings::warnings(&facts);
    state.observer.warnings.note(&mut found, &facts.unknown(), now);
    Warnings { items: found.into_iter().map(|warning| Warning::of(warning, now)).collect() }
}

async fn gather(state: &State, now: Timestamp) -> Facts {
    let directory = state.directory();
    let journal = state.store.journal();
    let limits = system::limits(state, &Process::now(), state.connections.open());
    let taken = |name| {
        let limit = limits.iter().find(|limit| limit.name == name)?;
        Some(Use { used: limit.used, limit: limit.limit })
    };
    // Of a store that does not answer, something else is said.
    let held = state.store.held_back().await.ok();
    Facts {
        alarms: state.tree.alarms().into_iter().map(alarm).collect(),
        push_services: state
            .tree
            .gates()
            .iter()
            .map(|gate| push_service(gate, &directory, now))
            .collect(),
        vapid_subject_missing: !state.options().vapid_subject_known,
        store: store(&journal, state),
        files: taken("files"),
        disk: taken("disk"),
        quarantines: held.map(|held| held.into_iter().map(held_back).collect()),
        pauses: paused(&directory),
        draining: state.tree.is_draining(),
    }
}

fn paused(directory: &Directory) -> Vec<Paused> {
    let paused = |what, name, pause: &Pause| {
        let Pause { since, by, .. } = pause.clone();
        Paused { what, name, by, since }
    };
    let origins = directory.pauses.origins.iter();
    let origins =
        origins.map(|(origin, pause)| paused(PausedKind::PushService, origin.clone(), pause));
    let channels = directory.pauses.channels.values().filter_map(|channel| {
        let app = directory.app(channel.app)?;
        let name = format!("{}/{}", app.name, channel.name);
        Some(paused(PausedKind::Channel, name, &channel.pause))
    });
    let mut all: Vec<_> = origins.chain(channels).collect();
    all.sort_by(|a, b| (a.since, &a.name).cmp(&(b.since, &b.name)));
    all
}

fn held_back(held: quarantine::Held) -> Held {
    Held {
        push_service: held.push_service.label(),
        quarantines: held.quarantines,
        subscriptions: held.subscriptions,
    }
}

fn alarm(alarm: AlarmSnapshot) -> Alarm {
    let AlarmSnapshot { kind, actor, detail, first, last, count } = alarm;
    Alarm { kind, actor, detail, seen: Seen { since: first, last, count } }
}

fn store(journal: &JournalSnapshot, state: &State) -> Store {
    let lately = |history: &History| {
        let (before, after) = history.lately()?;
        commit_seconds(before, after, 0.99)
    };
    Store {
        unwritable: !journal.writable,
        commit_p99_seconds: state.observer.figures.look(lately),
        waiting_changes: journal.waiting_changes as u64,
    }
}

fn push_service(gate: &GateSnapshot, directory: &Directory, now: Timestamp) -> PushService {
    let since = |code| match code {
        "origin_shut" => gate.fares.not_open_since,
        _ => None,
    };
    let alerts = gate.alerts(now).into_iter();
    PushService {
        origin: gate.origin.clone(),
        alerts: alerts
            .map(|gates::alert::Alert { code, detail }| Alert { code, detail, since: since(code) })
            .collect(),
        refused_keys: gate
            .refused_keys
            .iter()
            .filter_map(|key| push_key::with_app(key.key, directory))
            .collect(),
    }
}

impl Warning {
    fn of(warning: warnings::Warning, now: Timestamp) -> Self {
        let Seen { since, last, count } =
            warning.seen.unwrap_or(Seen { since: now, last: now, count: 1 });
        Self {
            code: warning.code,
            severity: warning.severity.label(),
            subject: warning.subject,
            detail: warning.detail,
            remedy: warning.remedy,
            since: since.to_rfc3339(),
            last: last.to_rfc3339(),
            count,
            page: warning.page,
        }
    }
}
