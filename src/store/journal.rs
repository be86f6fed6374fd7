//! The Journal: the one writer. Commands that arrive together share one transaction and one fsync.
//!
//! Accepts and changes of subscriptions go first, at most `run::MAX_CHANGES` of them; then settlements, until
//! `run::SETTLE_TIME` has gone; then reports, at most `run::MAX_REPORTS`; one commit; then all answers. A command that
//! fails is not allowed to take its neighbours with it: the batch is rolled back and its commands run one by one.
//!
//! After a failed commit nothing is known. Changes are refused until a commit succeeds again; settlements are
//! results that exist nowhere else, so they are kept and go first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use futures_util::FutureExt;
use tokio::sync::oneshot;

mod run;
mod times;

use super::{StoreError, StoreFuture};
use run::Run;
use times::Times;
pub use times::{BATCH_ROWS, COMMIT_SECONDS};

/// Changes that may wait. An accept that finds more ahead of it is refused with 503 rather than left to time out.
pub const MAX_WAITING_CHANGES: usize = 10_000;

/// Reports that may wait: seconds' worth of them on a slow disk. Whoever makes one more is to try again, or to give up.
pub const MAX_WAITING_REPORTS: usize = 2_000;

/// A connection that can write, and what it does around a transaction.
pub trait Writer: Send + 'static {
    /// Begins a transaction that holds the write lock from its start.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Writes what the commands have put off to the end of the transaction.
    fn finish(&mut self) -> Result<(), StoreError>;
    /// Commits, durably.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Gives up the transaction and whatever was put off.
    fn rollback(&mut self);
    /// The commit succeeded: tells whoever wants to know.
    fn committed(&mut self);
    /// Between transactions: upkeep that must not run inside one.
    fn rest(&mut self);
    /// Writes something, to see whether a commit succeeds: no less than what a batch may need.
    fn probe(&mut self) -> Result<(), StoreError>;
    /// Commits have begun to fail, or succeed again.
    fn writable(&mut self, writable: bool);
}

/// One command of a batch.
trait Job<W>: Send {
    fn run(&mut self, writer: &mut W) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// A function of a writer, run again as a whole when its batch is rolled back.
struct Command<F, R> {
    function: F,
    result: Option<R>,
    reply: oneshot::Sender<Result<R, StoreError>>,
}

impl<W, F, R> Job<W> for Command<F, R>
where
    F: FnMut(&mut W) -> Result<R, StoreError> + Send,
    R: Send,
{
    fn run(&mut self, writer: &mut W) -> Result<(), StoreError> {
        self.result = None;
        self.result = Some((self.function)(writer)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let answer = end.and_then(|()| result.ok_or(StoreError::Closed));
        // Whoever asked may have gone away meanwhile; the command is done all the same.
        let _ = reply.send(answer);
    }
}

type Jobs<W> = VecDeque<Box<dyn Job<W>>>;

struct Queues<W> {
    changes: Jobs<W>,
    settlements: Jobs<W>,
    reports: Jobs<W>,
    closing: bool,
}

impl<W> Queues<W> {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.settlements.is_empty() && self.reports.is_empty()
    }
}

struct Shared<W> {
    queues: Mutex<Queues<W>>,
    wake: Condvar,
    counters: Counters,
    times: Times,
}

#[derive(Default)]
struct Counters {
    unwritable: AtomicBool,
    batches: AtomicU64,
    commands: AtomicU64,
    failed_commits: AtomicU64,
    last_batch: AtomicU64,
}

/// What the Journal is doing, and has done since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct JournalSnapshot {
    /// Changes that wait for their turn.
    pub waiting_changes: usize,
    /// Settlements that wait for their turn.
    pub waiting_settlements: usize,
    /// Reports that wait for their turn.
    pub waiting_reports: usize,
    /// Transactions committed.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Commands in the last one.
    pub last_batch: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Time spent in commits that succeeded, in microseconds.
    pub commit_micros: u64,
    /// The longest of the last half minute to minute, in microseconds.
    pub longest_commit_micros: u64,
    /// Commits by their time: one count for each of [`COMMIT_SECONDS`], and one for those above.
    pub commit_counts: [u64; COMMIT_SECONDS.len() + 1],
    /// Batches by their commands: one count for each of [`BATCH_ROWS`], and one for those above.
    pub batch_counts: [u64; BATCH_ROWS.len() + 1],
    /// Whether commits succeed.
    pub writable: bool,
}

/// The handle of the writer's thread. Dropping it lets the writer finish what is queued, and waits for that.
pub struct Journal<W: Writer> {
    shared: Arc<Shared<W>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<W: Writer> Journal<W> {
    /// Starts the writer's thread.
    pub fn start(writer: W) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queues: Mutex::new(Queues {
                changes: VecDeque::new(),
                settlements: VecDeque::new(),
                reports: VecDeque::new(),
                closing: false,
            }),
            wake: Condvar::new(),
            counters: Counters::default(),
            times: Times::new(Instant::now()),
        });
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                // Under its name in all that it logs.
                let _named = tracing::error_span!("journal", actor = "journal").entered();
                let run = AssertUnwindSafe(|| Run::new(shared, writer).run());
                if catch_unwind(run).is_err() {
                    // Nothing is known of the transaction in hand. A fresh start reads what is on disk.
                    tracing::error!(
                        "the journal panicked: the process ends so that it can be started anew"
                    );
                    std::process::abort();
                }
            }
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a change; it is answered when it is on disk, or refused at once while commits fail.
    pub fn change<R, F>(&self, function: F) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
    {
        let full = "too many changes wait to be written";
        self.queue_unless(full, function, |queues| &mut queues.changes, MAX_WAITING_CHANGES)
    }

    /// Queues what is good to know and holds up nothing: it comes last in each transaction, and a few at a time. It is
    /// answered and refused as a change is.
    pub fn report<R, F>(&self, function: F) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
    {
        let full = "too many reports wait to be written";
        self.queue_unless(full, function, |queues| &mut queues.reports, MAX_WAITING_REPORTS)
    }

    fn queue_unless<R, F>(
        &self,
        full: &'static str,
        function: F,
        queue: fn(&mut Queues<W>) -> &mut Jobs<W>,
        room: usize,
    ) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
    {
        let mut queues = self.shared.lock();
        if queues.closing {
            return async { Err(StoreError::Closed) }.boxed();
        }
        if self.shared.counters.unwritable.load(Ordering::Acquire) {
            return refuse("commits fail; see the log");
        }
        if queue(&mut queues).len() >= room {
            return refuse(full);
        }
        let (job, answer) = command(function);
        queue(&mut queues).push_back(job);
        drop(queues);
        self.shared.wake.notify_one();
        answer
    }

    /// Queues a settlement, or a read that must come behind earlier settlements. It is kept until it is on disk.
    pub fn settlement<R, F>(&self, function: F) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
    {
        let (job, answer) = command(function);
        let mut queues = self.shared.lock();
        if queues.closing {
            return async { Err(StoreError::Closed) }.boxed();
        }
        queues.settlements.push_back(job);
        drop(queues);
        self.shared.wake.notify_one();
        answer
    }

    /// Lets the writer finish what is queued, waits for that, and answers whatever comes later with
    /// [`StoreError::Closed`].
    pub fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal's thread panicked");
        }
    }

    /// Whether the last commit succeeded.
    pub fn is_writable(&self) -> bool {
        !self.shared.counters.unwritable.load(Ordering::Acquire)
    }

    /// What it is doing.
    pub fn snapshot(&self) -> JournalSnapshot {
        let (waiting_changes, waiting_settlements, waiting_reports) = {
            let queues = self.shared.lock();
            (queues.changes.len(), queues.settlements.len(), queues.reports.len())
        };
        let Shared { counters, times, .. } = &*self.shared;
        JournalSnapshot {
            waiting_changes,
            waiting_settlements,
            waiting_reports,
            batches: counters.batches.load(Ordering::Relaxed),
            commands: counters.commands.load(Ordering::Relaxed),
            last_batch: counters.last_batch.load(Ordering::Relaxed),
            failed_commits: counters.failed_commits.load(Ordering::Relaxed),
            commit_micros: times.commit_micros(),
            longest_commit_micros: times.longest_commit(Instant::now()),
            commit_counts: times.commit_counts(),
            batch_counts: times.batch_counts(),
            writable: self.is_writable(),
        }
    }
}

impl<W: Writer> Drop for Journal<W> {
    fn drop(&mut self) {
        self.close();
    }
}

fn refuse<R: Send + 'static>(why: &'static str) -> StoreFuture<R> {
    async move { Err(StoreError::Unavailable(why.to_owned())) }.boxed()
}

fn command<W, R, F>(function: F) -> (Box<dyn Job<W>>, StoreFuture<R>)
where
    W: Writer,
    R: Send + 'static,
    F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Box::new(Command { function, result: None, reply });
    (job, answer.map(|answer| answer.unwrap_or(Err(StoreError::Closed))).boxed())
}

impl<W> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Queues<W>> {
        // Nothing that can panic runs under the lock.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
