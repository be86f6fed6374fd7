//! The parts of the system's page, and what each is read from.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::State;
use crate::observe::figures::Utilisation;
use crate::observe::process::Process;
use crate::observe::sample::{commit_seconds, cpu};
use crate::store::journal::JournalSnapshot;
use crate::store::size::StoreSize;
use crate::tree::load::ThreadLoad;
use crate::tree::observe::looking::Crowd;

/// What the process takes. Null: this system does not say.
#[derive(Serialize, ToSchema)]
pub struct ProcessFigures {
    /// Its number.
    pub pid: u32,
    /// The share of a core that it used in the last minute or two.
    pub cpu: Option<f64>,
    /// Processor time since its start.
    pub cpu_seconds: Option<f64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Memory that is in RAM.
    pub resident_bytes: Option<u64>,
    /// Addresses that are in use.
    pub virtual_bytes: Option<u64>,
}

/// Where it runs.
#[derive(Serialize, ToSchema)]
pub struct Machine {
    /// Processors that it may use.
    pub cores: usize,
    /// Memory, or its share of it in a container.
    pub memory_bytes: Option<u64>,
}

/// The store and its files, as they were a few seconds ago. Null: they cannot be measured.
#[derive(Serialize, ToSchema)]
pub struct StoreFigures {
    /// What kind of store it is: `sqlite`.
    pub kind: Option<&'static str>,
    /// The database itself.
    pub database_bytes: Option<u64>,
    /// What is not folded into it yet.
    pub wal_bytes: Option<u64>,
    /// What is free on its disk.
    pub free_bytes: Option<u64>,
    /// Whether commits succeed, at this moment.
    pub writable: bool,
}

/// What the one writer does and has done since the start.
#[derive(Serialize, ToSchema)]
pub struct Journal {
    /// Transactions.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Commands in the last one.
    pub last_batch: u64,
    /// Commands in one, on average.
    pub mean_batch: Option<f64>,
    /// Commits that failed.
    pub failed_commits: u64,
    /// What waits for its turn.
    pub waiting: Waiting,
    /// Commits of late.
    pub commit: Commit,
}

/// Commands that wait for their turn.
#[derive(Serialize, ToSchema)]
pub struct Waiting {
    /// Accepts, and changes of subscriptions.
    pub changes: usize,
    /// Results of deliveries.
    pub settlements: usize,
    /// What devices say.
    pub reports: usize,
}

/// How long commits took in the last minute or two. Null: there was none.
#[derive(Serialize, ToSchema)]
pub struct Commit {
    /// How many.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_seconds: Option<f64>,
    /// All but one in a hundred took no longer.
    pub p99_seconds: Option<f64>,
    /// None of the last half minute took longer.
    pub max_seconds: Option<f64>,
}

/// A thread that actors live on.
#[derive(Serialize, ToSchema)]
pub struct Arbiter {
    /// `root`, `channels` or `delivery-0` …
    pub name: String,
    /// The share of the last ten seconds that it was busy.
    pub utilisation: Option<f64>,
    /// Actors that live on it.
    pub actors: Option<u64>,
    /// Messages that wait for its supervisor.
    pub mailbox: Option<u64>,
    /// Deliveries that may still begin there; null where none do.
    pub credits: Option<Credits>,
}

/// What bounds the deliveries that are under way on an arbiter.
#[derive(Serialize, ToSchema)]
pub struct Credits {
    /// So many may still begin.
    pub free: usize,
    /// Of so many at once.
    pub all: usize,
}

/// Something that waits in line.
#[derive(Serialize, ToSchema)]
pub struct Queue {
    /// Which line.
    pub name: String,
    /// How many wait.
    pub now: u64,
    /// How many may; null: any number.
    pub bound: Option<u64>,
}

/// Something of which there is only so much.
#[derive(Serialize, ToSchema)]
pub struct Limit {
    /// `files`, `connections`, `disk` (bytes) or `memory` (bytes).
    pub name: &'static str,
    /// What is taken.
    pub used: u64,
    /// What there is.
    pub limit: u64,
    /// The part that is taken, 0 to 1.
    pub share: f64,
}

/// What the API is doing.
#[derive(Serialize, ToSchema)]
pub struct Http {
    /// Requests without an answer, this one among them.
    pub requests_under_way: usize,
    /// Open connections from the network.
    pub connections: u32,
}

impl ProcessFigures {
    pub(super) fn of(process: &Process, state: &State) -> Self {
        let lately = |history: &crate::observe::history::History| {
            history.lately().and_then(|(before, after)| cpu(before, after))
        };
        Self {
            pid: std::process::id(),
            cpu: state.observer.figures.look(lately),
            cpu_seconds: process.cpu_seconds,
            threads: process.threads,
            resident_bytes: process.resident_bytes,
            virtual_bytes: process.virtual_bytes,
        }
    }
}

impl StoreFigures {
    pub(super) fn of(size: Option<StoreSize>, writable: bool) -> Self {
        let size = size.as_ref();
        Self {
            kind: size.map(|size| size.kind),
            database_bytes: size.map(|size| size.database_bytes),
            wal_bytes: size.map(|size| size.wal_bytes),
            free_bytes: size.and_then(|size| size.free_bytes),
            writable,
        }
    }
}

impl Journal {
    #[expect(clippy::cast_precision_loss, reason = "a mean, and microseconds of a commit")]
    pub(super) fn of(journal: &JournalSnapshot, state: &State) -> Self {
        let mean = journal.commands as f64 / journal.batches as f64;
        let longest = journal.longest_commit_micros as f64 / 1e6;
        Self {
            batches: journal.batches,
            commands: journal.commands,
            last_batch: journal.last_batch,
            mean_batch: (journal.batches > 0).then_some(mean),
            failed_commits: journal.failed_commits,
            waiting: Waiting {
                changes: journal.waiting_changes,
                settlements: journal.waiting_settlements,
                reports: journal.waiting_reports,
            },
            commit: Commit {
                max_seconds: (longest > 0.0).then_some(longest),
                ..Commit::lately(state)
            },
        }
    }
}

impl Commit {
    fn lately(state: &State) -> Self {
        state.observer.figures.look(|history| {
            let Some((before, after)) = history.lately() else {
                return Self { count: 0, p50_seconds: None, p99_seconds: None, max_seconds: None };
            };
            let all = |counts: &[u64]| counts.iter().sum::<u64>();
            Self {
                count: all(&after.journal.commit_counts) - all(&before.journal.commit_counts),
                p50_seconds: commit_seconds(before, after, 0.5),
                p99_seconds: commit_seconds(before, after, 0.99),
                max_seconds: None,
            }
        })
    }
}

impl Arbiter {
    pub(super) fn of(load: ThreadLoad, shares: &[Utilisation], crowds: &[Crowd]) -> Self {
        let share = shares.iter().find(|share| share.name == load.name);
        let crowd = crowds.iter().find(|crowd| crowd.thread == load.name);
        Self {
            utilisation: share.and_then(|share| share.share),
            actors: crowd.map(|crowd| crowd.actors),
            mailbox: crowd.map(|crowd| crowd.waiting),
            credits: load.credits.map(|(free, all)| Credits { free, all }),
            name: load.name,
        }
    }
}

impl Limit {
    /// `None`: one of them is not known, or there is no limit.
    #[expect(clippy::cast_precision_loss, reason = "a share is good to a part in 2^53")]
    pub(super) fn of(name: &'static str, used: Option<u64>, limit: Option<u64>) -> Option<Self> {
        let (used, limit) = (used?, limit?);
        let share = if limit == 0 { 1.0 } else { used as f64 / limit as f64 };
        Some(Self { name, used, limit, share })
    }
}
