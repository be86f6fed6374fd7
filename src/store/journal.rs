//! The Journal: the one writer. Commands that arrive together share one transaction and one fsync.
//!
//! Accepts and changes of subscriptions go first, at most `MAX_CHANGES` of them; then settlements, until
//! `SETTLE_TIME` has gone; one commit; then all answers. A command that fails is not allowed to take its
//! neighbours with it: the batch is rolled back and its commands run one by one.
//!
//! After a failed commit nothing is known. Changes are refused until a commit succeeds again; settlements are
//! results that exist nowhere else, so they are kept and go first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{StoreError, StoreFuture};

/// At most so many changes in one transaction, so that settlements are not starved by a burst of accepts.
const MAX_CHANGES: usize = 256;

/// Settlements are added to a transaction for so long: it bounds how long an accept waits for its turn.
const SETTLE_TIME: Duration = Duration::from_millis(5);

/// Changes that may wait. An accept that finds more ahead of it is refused with 503 rather than left to time out.
const MAX_WAITING_CHANGES: usize = 10_000;

/// How long to wait between two tries while commits fail.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// A connection that can write, and what it does around a transaction.
pub trait Writer: Send + 'static {
    /// Begins a transaction that holds the write lock from its start.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Writes what was put off and commits, durably.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Gives up the transaction and whatever was put off.
    fn rollback(&mut self);
    /// The commit succeeded: tells whoever wants to know.
    fn committed(&mut self);
    /// Between transactions: upkeep that must not run inside one.
    fn rest(&mut self);
    /// Writes something, to see whether a commit succeeds.
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
    closing: bool,
}

struct Shared<W> {
    queues: Mutex<Queues<W>>,
    wake: Condvar,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    unwritable: AtomicBool,
    batches: AtomicU64,
    commands: AtomicU64,
    failed_commits: AtomicU64,
    commit_micros: AtomicU64,
    last_batch: AtomicU64,
}

/// What the Journal is doing, and has done since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct JournalSnapshot {
    /// Changes that wait for their turn.
    pub waiting_changes: usize,
    /// Settlements that wait for their turn.
    pub waiting_settlements: usize,
    /// Transactions committed.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Commands in the last one.
    pub last_batch: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Time spent in commits, in microseconds.
    pub commit_micros: u64,
    /// Whether commits succeed.
    pub writable: bool,
}

/// The handle of the writer's thread. Dropping it lets the writer finish what is queued, and waits for that.
pub struct Journal<W: Writer> {
    shared: Arc<Shared<W>>,
    thread: Option<JoinHandle<()>>,
}

impl<W: Writer> Journal<W> {
    /// Starts the writer's thread.
    pub fn start(writer: W) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queues: Mutex::new(Queues {
                changes: VecDeque::new(),
                settlements: VecDeque::new(),
                closing: false,
            }),
            wake: Condvar::new(),
            counters: Counters::default(),
        });
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                let run = AssertUnwindSafe(|| Run { shared, writer }.run());
                if catch_unwind(run).is_err() {
                    // Nothing is known of the transaction in hand. A fresh start reads what is on disk.
                    tracing::error!(
                        "the journal panicked: the process ends so that it can be started anew"
                    );
                    std::process::abort();
                }
            }
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Queues a change; it is answered when it is on disk, or refused at once while commits fail.
    pub fn change<R, F>(&self, function: F) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnMut(&mut W) -> Result<R, StoreError> + Send + 'static,
    {
        if self.shared.counters.unwritable.load(Ordering::Acquire) {
            return refuse("commits fail; see the log");
        }
        let mut queues = self.shared.lock();
        if queues.changes.len() >= MAX_WAITING_CHANGES {
            return refuse("too many changes wait to be written");
        }
        let (job, answer) = command(function);
        if queues.closing {
            return async { Err(StoreError::Closed) }.boxed();
        }
        queues.changes.push_back(job);
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

    /// Whether the last commit succeeded.
    pub fn is_writable(&self) -> bool {
        !self.shared.counters.unwritable.load(Ordering::Acquire)
    }

    /// What it is doing.
    pub fn snapshot(&self) -> JournalSnapshot {
        let (waiting_changes, waiting_settlements) = {
            let queues = self.shared.lock();
            (queues.changes.len(), queues.settlements.len())
        };
        let counters = &self.shared.counters;
        JournalSnapshot {
            waiting_changes,
            waiting_settlements,
            batches: counters.batches.load(Ordering::Relaxed),
            commands: counters.commands.load(Ordering::Relaxed),
            last_batch: counters.last_batch.load(Ordering::Relaxed),
            failed_commits: counters.failed_commits.load(Ordering::Relaxed),
            commit_micros: counters.commit_micros.load(Ordering::Relaxed),
            writable: self.is_writable(),
        }
    }
}

impl<W: Writer> Drop for Journal<W> {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
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

/// The writer's thread.
struct Run<W: Writer> {
    shared: Arc<Shared<W>>,
    writer: W,
}

impl<W: Writer> Run<W> {
    fn run(mut self) {
        while self.wait_for_work() {
            self.batch();
            self.writer.rest();
        }
    }

    /// Sleeps until there is something to do; `false` when there is nothing left and the handle is gone.
    fn wait_for_work(&self) -> bool {
        let mut queues = self.shared.lock();
        loop {
            if !queues.changes.is_empty() || !queues.settlements.is_empty() {
                return true;
            }
            if queues.closing {
                return false;
            }
            queues = self.shared.wake.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_changes(&self) -> Jobs<W> {
        let mut queues = self.shared.lock();
        let count = queues.changes.len().min(MAX_CHANGES);
        queues.changes.drain(..count).collect()
    }

    /// One transaction: changes first, then settlements while there is time.
    fn batch(&mut self) {
        let mut changes = self.take_changes();
        let mut settlements = VecDeque::new();
        match self.try_batch(&mut changes, &mut settlements) {
            Ok(()) => {
                self.count_batch(changes.len() + settlements.len());
                self.writer.committed();
                for job in changes.into_iter().chain(settlements) {
                    job.answer(Ok(()));
                }
            }
            Err(Fault::Command) => {
                self.writer.rollback();
                self.one_by_one(changes, settlements);
            }
            Err(Fault::Commit(error)) => {
                self.writer.rollback();
                self.unwritable(&error, changes, settlements);
            }
        }
    }

    fn try_batch(&mut self, changes: &mut Jobs<W>, settlements: &mut Jobs<W>) -> Result<(), Fault> {
        self.writer.begin().map_err(Fault::Commit)?;
        let start = Instant::now();
        for job in changes.iter_mut() {
            job.run(&mut self.writer).map_err(|_| Fault::Command)?;
        }
        loop {
            let Some(mut job) = self.shared.lock().settlements.pop_front() else { break };
            let end = job.run(&mut self.writer);
            settlements.push_back(job);
            end.map_err(|_| Fault::Command)?;
            if start.elapsed() >= SETTLE_TIME {
                break;
            }
        }
        self.commit().map_err(Fault::Commit)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let start = Instant::now();
        let end = self.writer.commit();
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.counters.commit_micros.fetch_add(micros, Ordering::Relaxed);
        end
    }

    fn count_batch(&self, commands: usize) {
        let counters = &self.shared.counters;
        counters.batches.fetch_add(1, Ordering::Relaxed);
        counters.commands.fetch_add(commands as u64, Ordering::Relaxed);
        counters.last_batch.store(commands as u64, Ordering::Relaxed);
    }

    /// Each command in a transaction of its own, so that one which cannot succeed fails alone.
    fn one_by_one(&mut self, changes: Jobs<W>, mut settlements: Jobs<W>) {
        for job in changes {
            self.alone(job);
        }
        while let Some(job) = settlements.pop_front() {
            if let Some((job, error)) = self.settle_alone(job) {
                settlements.push_front(job);
                return self.unwritable(&error, VecDeque::new(), settlements);
            }
        }
    }

    fn alone(&mut self, mut job: Box<dyn Job<W>>) {
        let end = self.transaction(job.as_mut());
        job.answer(end);
    }

    /// Gives the settlement back when it is the store that failed, and not the settlement.
    fn settle_alone(&mut self, mut job: Box<dyn Job<W>>) -> Option<(Box<dyn Job<W>>, StoreError)> {
        match self.transaction(job.as_mut()) {
            Err(error @ StoreError::Unavailable(_)) => Some((job, error)),
            end @ (Ok(()) | Err(StoreError::Corrupt(_) | StoreError::Closed)) => {
                job.answer(end);
                None
            }
        }
    }

    fn transaction(&mut self, job: &mut dyn Job<W>) -> Result<(), StoreError> {
        let end = self
            .writer
            .begin()
            .and_then(|()| job.run(&mut self.writer))
            .and_then(|()| self.writer.commit());
        match end {
            Ok(()) => {
                self.count_batch(1);
                self.writer.committed();
            }
            Err(_) => self.writer.rollback(),
        }
        end
    }

    /// Commits fail: refuses changes, keeps settlements, and tries until a commit succeeds.
    fn unwritable(&mut self, error: &StoreError, changes: Jobs<W>, mut settlements: Jobs<W>) {
        tracing::error!(%error, "the store cannot be written: no push starts until it can");
        self.shared.counters.unwritable.store(true, Ordering::Release);
        self.writer.writable(false);
        for job in changes {
            job.answer(Err(error.clone()));
        }
        loop {
            self.shared.counters.failed_commits.fetch_add(1, Ordering::Relaxed);
            self.refuse_changes(error);
            if !self.pause() {
                break;
            }
            if self.try_again(&mut settlements) {
                tracing::info!("the store can be written again");
                break;
            }
        }
        self.shared.counters.unwritable.store(false, Ordering::Release);
        self.writer.writable(true);
    }

    fn refuse_changes(&self, error: &StoreError) {
        let changes = std::mem::take(&mut self.shared.lock().changes);
        for job in changes {
            job.answer(Err(error.clone()));
        }
    }

    /// `false` when the handle is gone: what is in hand can then be written no more.
    fn pause(&self) -> bool {
        let queues = self.shared.lock();
        let (queues, _) = self
            .shared
            .wake
            .wait_timeout_while(queues, RETRY_PAUSE, |queues| !queues.closing)
            .unwrap_or_else(PoisonError::into_inner);
        !queues.closing
    }

    /// Writes the settlements in hand; with none in hand a probe shows whether commits succeed.
    fn try_again(&mut self, settlements: &mut Jobs<W>) -> bool {
        let Some(job) = settlements.pop_front() else {
            let end = self
                .writer
                .begin()
                .and_then(|()| self.writer.probe())
                .and_then(|()| self.writer.commit());
            if end.is_err() {
                self.writer.rollback();
            }
            return end.is_ok();
        };
        match self.settle_alone(job) {
            Some((job, _)) => {
                settlements.push_front(job);
                false
            }
            None => {
                // The store is back: the rest goes in the order in which it came.
                let mut queues = self.shared.lock();
                while let Some(job) = settlements.pop_back() {
                    queues.settlements.push_front(job);
                }
                true
            }
        }
    }
}

enum Fault {
    /// A command failed; the others may be fine.
    Command,
    /// The transaction as a whole failed.
    Commit(StoreError),
}
