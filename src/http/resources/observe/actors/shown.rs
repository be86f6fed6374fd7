//! How actors are shown: one line of a table, the same on every page.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::http::state::State;
use crate::store::journal::JournalSnapshot;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::kin::Children;
use crate::tree::observe::row::Row;

/// One actor, or one part of the tree that is none.
#[derive(Serialize, ToSchema, Clone)]
pub struct ActorRow {
    /// Its place in the tree, as `subscriptions.0.42`.
    pub id: String,
    /// The id of who supervises it.
    pub parent: Option<String>,
    /// `Root`, `ChannelSupervisor`, `ChannelWorker`, `SubscriptionSupervisor`, `SubscriptionWorker`; `Journal` and `Http` are
    /// no actors.
    pub kind: &'static str,
    /// A channel's name, a subscription's public id (its row while that is all that is known), or what it is.
    pub name: String,
    /// The thread that it lives on.
    pub arbiter: String,
    /// What it is doing: `running`, `sweeping`, `resting`, `working`, `held`, `waiting`, `ending`, `restarting`.
    pub state: &'static str,
    /// Until when it waits.
    pub until: Option<String>,
    /// What waits for it.
    pub mailbox: Mailbox,
    /// Messages handled.
    pub messages: u64,
    /// Messages handled in a second, over the window; null of what is no actor.
    pub messages_per_second: Option<f64>,
    /// The share of the window in which it kept its thread; null of what is no actor.
    pub busy: Option<f64>,
    /// How often it was restarted.
    pub restarts: u32,
    /// When it last was.
    pub last_restart: Option<String>,
    /// What the last panic said.
    pub last_panic: Option<String>,
    /// How old it is.
    pub age_seconds: f64,
    /// Whom it supervises; null of those that supervise nobody.
    pub children: Option<ChildCounts>,
    /// Whether it can be killed.
    pub killable: bool,
}

/// What waits for an actor.
#[derive(Serialize, ToSchema, Clone)]
pub struct Mailbox {
    /// Messages that it has been sent and has not handled.
    pub now: u64,
    /// The most that there ever were; null where nobody counts.
    pub peak: Option<u64>,
    /// More than this are an alarm; null: there is no such number.
    pub bound: Option<u64>,
}

/// Whom an actor supervises.
#[derive(Serialize, ToSchema, Clone)]
pub struct ChildCounts {
    /// Alive now.
    pub alive: u64,
    /// Started since its start.
    pub started: u64,
    /// Given up after too many panics.
    pub given_up: u64,
    /// Restarts of all that are and were.
    pub restarts: u64,
}

impl From<Children> for ChildCounts {
    fn from(children: Children) -> Self {
        let Children { alive, started, given_up, restarts } = children;
        Self { alive, started, given_up, restarts }
    }
}

impl ActorRow {
    /// An actor, as of `now`.
    pub fn of(row: Row, now: Timestamp) -> Self {
        let Row { id, name, state: (state, until), bound, reading, children } = row;
        let last_restart = reading.last_restart.as_ref();
        Self {
            name,
            state,
            until: until.map(Timestamp::to_rfc3339),
            mailbox: Mailbox {
                now: reading.waiting.into(),
                peak: Some(reading.peak.into()),
                bound: Some(bound.into()),
            },
            messages: reading.messages,
            messages_per_second: Some(reading.messages_per_second),
            busy: Some(reading.busy),
            restarts: reading.restarts,
            last_restart: last_restart.map(|(at, _)| (now - at.elapsed()).to_rfc3339()),
            last_panic: last_restart.map(|(_, panic)| panic.clone()),
            age_seconds: reading.age.as_secs_f64(),
            children: children.map(ChildCounts::from),
            ..Self::bare(id, Duration::ZERO)
        }
    }

    /// The Journal, which is a thread of the store's.
    pub fn journal(state: &State) -> Self {
        let JournalSnapshot {
            waiting_changes,
            waiting_settlements,
            waiting_reports,
            commands,
            writable,
            ..
        } = state.store.journal();
        let now = (waiting_changes + waiting_settlements + waiting_reports) as u64;
        Self {
            state: if writable { "running" } else { "not writable" },
            mailbox: Mailbox { now, peak: None, bound: None },
            messages: commands,
            ..Self::bare(ActorId::Journal, state.now().since(state.observer.started))
        }
    }

    /// The API.
    pub fn http(state: &State) -> Self {
        let now = state.requests.under_way() as u64;
        Self {
            mailbox: Mailbox { now, peak: None, bound: None },
            messages: state.requests.begun(),
            ..Self::bare(ActorId::Http, state.now().since(state.observer.started))
        }
    }

    fn bare(id: ActorId, age: Duration) -> Self {
        Self {
            id: id.to_string(),
            parent: id.parent().map(|parent| parent.to_string()),
            kind: id.label(),
            name: id.to_string(),
            arbiter: id.thread(),
            state: "running",
            until: None,
            mailbox: Mailbox { now: 0, peak: None, bound: None },
            messages: 0,
            messages_per_second: None,
            busy: None,
            restarts: 0,
            last_restart: None,
            last_panic: None,
            age_seconds: age.as_secs_f64(),
            children: None,
            killable: id.kind().is_some(),
        }
    }
}
