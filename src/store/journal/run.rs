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

/// At most so many reports in one transaction: at 20 to 50 µs each, an accept waits a millisecond or two for them at most.
const MAX_REPORTS: usize = 32;

/// How long to wait between two tries while commits fail.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// How long a change that fails alone is not told again: upkeep, for one, is tried twice a second.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// The writer's thread.
pub(super) struct Run<W: Writer> {
    shared: Arc<Shared<W>>,
    writer: W,
    told: Option<Instant>,
}

impl<W: Writer> Run<W> {
    pub(super) fn new(shared: Arc<Shared<W>>, writer: W) -> Self {
        Self { shared, writer, told: None }
    }

    /// Runs until the handle is gone and nothing is left to write.
    pub(super) fn run(mut self) {
        while self.wait_for_work() {
            if let Err(error) = self.batch() {
                self.recover(&error);
            }
            self.writer.rest();
            if self.is_given_up() {
                // Dropped, they are answered with `StoreError::Closed`.
                self.shared.lock().settlements.clear();
            }
        }
    }

    /// The handle is gone and commits fail: what is queued can be written no more.
    fn is_given_up(&self) -> bool {
        self.is_unwritable() && self.shared.lock().closing
    }

    fn is_unwritable(&self) -> bool {
        self.shared.counters.unwritable.load(Ordering::Acquire)
    }

    /// Sleeps until there is something to do; `false` when there is nothing left and the handle is gone.
    fn wait_for_work(&self) -> bool {
        let mut queues = self.shared.lock();
        loop {
            if !queues.is_empty() {
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

    fn take_reports(&self) -> Jobs<W> {
        let mut queues = self.shared.lock();
        let count = queues.reports.len().min(MAX_REPORTS);
        queues.reports.drain(..count).collect()
    }

    /// One transaction: changes first, then settlements while there is time, and some reports. Answers how many settlements
    /// it answered.
    fn batch(&mut self) -> Result<usize, StoreError> {
        let (changes, reports) = (self.take_changes(), self.take_reports());
        let mut batch = Batch { changes, settlements: VecDeque::new(), reports };
        match self.try_batch(&mut batch) {
            Ok(()) => {
                let Batch { changes, settlements, reports } = batch;
                let settled = settlements.len();
                self.count_batch(changes.len() + settled + reports.len());
                self.writer.committed();
                for job in changes.into_iter().chain(settlements).chain(reports) {
                    job.answer(Ok(()));
                }
                Ok(settled)
            }
            Err(Fault::Command(_)) => {
                self.writer.rollback();
                self.one_by_one(batch)
            }
            Err(Fault::Commit(error)) => {
                self.writer.rollback();
                Err(self.failed(error, batch))
            }
        }
    }

    fn try_batch(&mut self, batch: &mut Batch<W>) -> Result<(), Fault> {
        self.writer.begin().map_err(Fault::Commit)?;
        let start = Instant::now();
        for job in &mut batch.changes {
            job.run(&mut self.writer).map_err(Fault::Command)?;
        }
        loop {
            let Some(mut job) = self.shared.lock().settlements.pop_front() else { break };
            let end = job.run(&mut self.writer);
            batch.settlements.push_back(job);
            end.map_err(Fault::Command)?;
            if start.elapsed() >= SETTLE_TIME {
                break;
            }
        }
        for job in &mut batch.reports {
            job.run(&mut self.writer).map_err(Fault::Command)?;
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let start = Instant::now();
        // What the commands have put off to the end is still of their making.
        let end = self.writer.finish().map_err(Fault::Command);
        let end = end.and_then(|()| self.writer.commit().map_err(Fault::Commit));
        if end.is_ok() {
            let now = Instant::now();
            self.shared.times.committed(now, now.duration_since(start));
        }
        end
    }

    fn count_batch(&self, commands: usize) {
        let counters = &self.shared.counters;
        counters.batches.fetch_add(1, Ordering::Relaxed);
        counters.commands.fetch_add(commands as u64, Ordering::Relaxed);
        counters.last_batch.store(commands as u64, Ordering::Relaxed);
        self.shared.times.batch(commands);
    }

    /// Each command in a transaction of its own, so that one which cannot succeed fails alone.
    fn one_by_one(&mut self, mut batch: Batch<W>) -> Result<usize, StoreError> {
        if let Err(error) = self.each_alone(&mut batch.changes) {
            return Err(self.failed(error, batch));
        }
        let settlements = batch.settlements.len();
        while let Some(mut job) = batch.settlements.pop_front() {
            match self.transaction(job.as_mut()) {
                Ok(()) => job.answer(Ok(())),
                Err(Fault::Command(error @ (StoreError::Corrupt(_) | StoreError::Closed))) => {
                    job.answer(Err(error));
                }
                // It is the store that failed, and not the settlement.
                Err(Fault::Commit(error) | Fault::Command(error @ StoreError::Unavailable(_))) => {
                    batch.settlements.push_front(job);
                    return Err(self.failed(error, batch));
                }
            }
        }
        match self.each_alone(&mut batch.reports) {
            Ok(()) => Ok(settlements),
            Err(error) => Err(self.failed(error, batch)),
        }
    }

    /// Changes or reports, up to a commit that fails: what is not answered then is left.
    fn each_alone(&mut self, jobs: &mut Jobs<W>) -> Result<(), StoreError> {
        while let Some(mut job) = jobs.pop_front() {
            match self.transaction(job.as_mut()) {
                Ok(()) => job.answer(Ok(())),
                Err(Fault::Command(error)) => {
                    self.tell(&error);
                    job.answer(Err(error));
                }
                Err(Fault::Commit(error)) => {
                    jobs.push_front(job);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// A change alone could not be made. Others can, so this is told now and then, and has no end to be told.
    fn tell(&mut self, error: &StoreError) {
        let is_told = self.told.is_some_and(|told| told.elapsed() < TELL_AGAIN);
        if error.is_told() && !is_told {
            self.told = Some(Instant::now());
            tracing::error!(%error, "a change could not be made: a part of the store cannot be read or written");
        }
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
        let end = self
            .writer
            .begin()
            .map_err(Fault::Commit)
            .and_then(|()| run(&mut self.writer).map_err(Fault::Command))
            .and_then(|()| self.commit());
        if end.is_err() {
            self.writer.rollback();
        }
        end
    }

    /// Commits fail: whoever listens hears of it, then changes are refused; settlements are kept, in their order.
    fn failed(&mut self, error: StoreError, batch: Batch<W>) -> StoreError {
        self.shared.counters.failed_commits.fetch_add(1, Ordering::Relaxed);
        if !self.shared.counters.unwritable.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the store cannot be written: nothing is accepted and no push starts until it can");
            self.writer.writable(false);
        }
        let waiting = {
            let mut queues = self.shared.lock();
            batch.settlements.into_iter().rev().for_each(|job| queues.settlements.push_front(job));
            let queues = &mut *queues;
            let (changes, reports) = (&mut queues.changes, &mut queues.reports);
            std::mem::take(changes).into_iter().chain(std::mem::take(reports))
        };
        for job in batch.changes.into_iter().chain(batch.reports).chain(waiting) {
            job.answer(Err(error.clone()));
        }
        error
    }

    /// Tries until a commit succeeds and all that is in hand is on disk; only then is anything accepted or sent.
    fn recover(&mut self, error: &StoreError) {
        loop {
            let is_closing = self.pause();
            if self.is_recovered() {
                break;
            }
            if is_closing {
                tracing::error!(%error, "results of pushes could not be written: these pushes will be repeated");
                return;
            }
        }
        tracing::info!("the store can be written again");
        self.shared.counters.unwritable.store(false, Ordering::Release);
        self.writer.writable(true);
    }

    /// Whether the handle is gone: then there is one more try, and no other.
    fn pause(&self) -> bool {
        let queues = self.shared.lock();
        let (queues, _) = self
            .shared
            .wake
            .wait_timeout_while(queues, RETRY_PAUSE, |queues| !queues.closing)
            .unwrap_or_else(PoisonError::into_inner);
        queues.closing
    }

    /// Whether the store can be written: a probe first, since what is in hand may write nothing, and then all that
    /// is in hand, in the order in which it came.
    fn is_recovered(&mut self) -> bool {
        if self.try_transaction(W::probe).is_err() {
            self.shared.counters.failed_commits.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let mut in_hand = self.shared.lock().settlements.len();
        while in_hand > 0 {
            match self.batch() {
                Ok(settled) => in_hand = in_hand.saturating_sub(settled),
                Err(_) => return false,
            }
        }
        true
    }
}

/// What shares a transaction.
struct Batch<W> {
    changes: Jobs<W>,
    settlements: Jobs<W>,
    reports: Jobs<W>,
}

enum Fault {
    /// A command failed; the others may be fine.
    Command(StoreError),
    /// The transaction as a whole failed.
    Commit(StoreError),
}
