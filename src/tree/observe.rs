//! What every actor shows of itself: ask it to [`Observe`], get a [`Snapshot`].

use actix::Message;
use serde::Serialize;

use crate::store::journal::JournalSnapshot;

/// Asks an actor what it is doing.
#[derive(Clone, Copy, Debug)]
pub struct Observe;

impl Message for Observe {
    type Result = Snapshot;
}

/// One actor, or a whole part of the tree by its supervisor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, actix::MessageResponse)]
pub struct Snapshot {
    /// What it is: `Root`, `ChannelSupervisor` …
    pub kind: &'static str,
    /// Which one of its kind.
    pub name: String,
    /// What it is doing.
    pub state: String,
    /// Messages that it has been sent and has not handled.
    pub mailbox: u64,
    /// How often it, or any child that it has had, was restarted after a panic.
    pub restarts: u64,
    /// Children that were given up.
    pub given_up: u64,
    /// Children that were started.
    pub started: u64,
    /// Children that are alive.
    pub alive: u64,
    /// What it does, in numbers: each actor's own.
    pub figures: Vec<(&'static str, u64)>,
    /// Its last panic's message.
    pub last_panic: Option<String>,
}

impl Snapshot {
    /// A snapshot with nothing to say but who and what.
    pub fn new(kind: &'static str, name: impl Into<String>, state: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            state: state.into(),
            mailbox: 0,
            restarts: 0,
            given_up: 0,
            started: 0,
            alive: 0,
            figures: Vec::new(),
            last_panic: None,
        }
    }
}

/// Asks a supervisor for its children, at most so many.
#[derive(Clone, Copy, Debug)]
pub struct ObserveChildren {
    /// At most so many.
    pub limit: usize,
}

impl Message for ObserveChildren {
    type Result = Vec<Snapshot>;
}

/// The whole tree, without the workers one by one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TreeSnapshot {
    /// The root.
    pub root: Snapshot,
    /// The Journal.
    pub journal: JournalSnapshot,
    /// The supervisor of channels.
    pub channels: Snapshot,
    /// The supervisors of subscriptions, one per delivery arbiter.
    pub subscriptions: Vec<Snapshot>,
}
