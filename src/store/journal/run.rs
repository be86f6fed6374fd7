//! The writer's thread: one batch after the other, and what it does while commits fail.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{Job, Jobs, Shared, Writer};
use crate::store::StoreError;

/// At most so many changes in one transaction, so that settlements are not starved by a burst of accepts.
const MAX_CHANGES: usize = 256;

/// Settlements are added to a transaction for so long: it bounds how long an accept waits for its turn.
const SETTLE_TIME: Duration = Duration::from_millis(5);

/// How long to wait between two tries while commits fail.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The writer's thread.
pub(super) struct Run<W: Writer> {
    pub(super) shared: Arc<Shared<W>>,
    pub(super) writer: W,
}

impl<W: Writer> Run<W> {
    /// Runs until the handle is gone and nothing is left to write.
    pub(super) fn run(mut self) {
        while self.wait_for_work() {
            self.batch();
            self.writer.rest();
            if self.is_given_up() {
                // Dropped, they are answered with `StoreError::Closed`.
                self.shared.lock().settlements.clear();
            }
        }
    }

    /// The handle is gone and commits fail: what is queued can be written no more.
    fn is_given_up(&self) -> bool {
        self.shared.counters.unwritable.load(Ordering::Acquire) && self.shared.lock().closing
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
            Err(Fault::Command(_)) => {
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
            job.run(&mut self.writer).map_err(Fault::Command)?;
        }
        loop {
            let Some(mut job) = self.shared.lock().settlements.pop_front() else { break };
            let end = job.run(&mut self.writer);
            settlements.push_back(job);
            end.map_err(Fault::Command)?;
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
    fn one_by_one(&mut self, mut changes: Jobs<W>, mut settlements: Jobs<W>) {
        while let Some(mut job) = changes.pop_front() {
            match self.transaction(job.as_mut()) {
                Ok(()) => job.answer(Ok(())),
                Err(Fault::Command(error)) => job.answer(Err(error)),
                Err(Fault::Commit(error)) => {
                    changes.push_front(job);
                    return self.unwritable(&error, changes, settlements);
                }
            }
        }
        while let Some(job) = settlements.pop_front() {
            if let Err((job, error)) = self.settle_alone(job) {
                settlements.push_front(job);
                return self.unwritable(&error, VecDeque::new(), settlements);
            }
        }
    }

    /// Gives the settlement back when it is the store that failed, and not the settlement.
    fn settle_alone(
        &mut self,
        mut job: Box<dyn Job<W>>,
    ) -> Result<(), (Box<dyn Job<W>>, StoreError)> {
        match self.transaction(job.as_mut()) {
            Err(Fault::Commit(error) | Fault::Command(error @ StoreError::Unavailable(_))) => {
                return Err((job, error));
            }
            Ok(()) => job.answer(Ok(())),
            Err(Fault::Command(error @ (StoreError::Corrupt(_) | StoreError::Closed))) => {
                job.answer(Err(error));
            }
        }
        Ok(())
    }

    fn transaction(&mut self, job: &mut dyn Job<W>) -> Result<(), Fault> {
        let end = self.try_transaction(|writer| job.run(writer));
        if end.is_ok() {
            self.count_batch(1);
            self.writer.committed();
        }
        end
    }

    fn try_transaction(
        &mut self,
        run: impl FnOnce(&mut W) -> Result<(), StoreError>,
    ) -> Result<(), Fault> {
        self.writer.begin().map_err(Fault::Commit)?;
        let end = run(&mut self.writer)
            .map_err(Fault::Command)
            .and_then(|()| self.commit().map_err(Fault::Commit));
        if end.is_err() {
            self.writer.rollback();
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
                return;
            }
            if self.try_again(&mut settlements) {
                break;
            }
        }
        tracing::info!("the store can be written again");
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

    /// Whether the store can be written: a probe first, since what is in hand may write nothing, and then all that
    /// is in hand, in the order in which it came.
    fn try_again(&mut self, settlements: &mut Jobs<W>) -> bool {
        if self.try_transaction(W::probe).is_err() {
            return false;
        }
        while let Some(job) = settlements.pop_front() {
            if let Err((job, _)) = self.settle_alone(job) {
                settlements.push_front(job);
                return false;
            }
        }
        true
    }
}

enum Fault {
    /// A command failed; the others may be fine.
    Command(StoreError),
    /// The transaction as a whole failed.
    Commit(StoreError),
}
