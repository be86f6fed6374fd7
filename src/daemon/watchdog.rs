//! Whether the daemon is truly alive, for a service manager that starts it anew when it is not. A process that runs and
//! has an actor that hangs is not.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::service_manager::ServiceManager;
use crate::store::Store;
use crate::store::journal::JournalSnapshot;
use crate::tree::Tree;

/// What is looked at.
pub struct Pulse {
    tree: Tree,
    store: Arc<dyn Store>,
    last: JournalSnapshot,
}

impl Pulse {
    /// Of this tree and this store.
    pub fn new(tree: Tree, store: Arc<dyn Store>) -> Self {
        let last = store.journal();
        Self { tree, store, last }
    }

    /// Whether all actors that others depend on answer, and the Journal works at what waits for it. It waits for as long as
    /// one of them does not answer.
    pub async fn beats(&mut self) -> bool {
        let journal = self.store.journal();
        let moves = moves(&self.last, &journal);
        self.last = journal;
        moves && self.tree.answers().await.is_ok()
    }
}

/// Whether the Journal has tried a commit since the last look, if it had anything to commit. A commit that fails is a sign of
/// life too: another start would not free a full disk. What hangs while nobody waits is noticed with the next command, and
/// Root has one twice a second.
fn moves(before: &JournalSnapshot, now: &JournalSnapshot) -> bool {
    let waiting =
        |at: &JournalSnapshot| at.waiting_changes + at.waiting_settlements + at.waiting_reports;
    let (had_work, has_work) = (waiting(before) > 0, waiting(now) > 0);
    let tried = now.batches != before.batches || now.failed_commits != before.failed_commits;
    tried || !had_work || !has_work
}

/// Gives the service manager a sign of life, twice as often as it waits for one, while there is life.
pub(super) async fn watch(manager: Rc<ServiceManager>, patience: Duration, mut pulse: Pulse) {
    let pause = patience / 2;
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Half of the pause, so that a slow answer is not too late all the same.
        if timeout(pause / 2, pulse.beats()).await == Ok(true) {
            manager.alive();
        } else {
            tracing::error!("an actor or the journal does not answer: the watchdog is not fed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_has_work_and_tries_no_commit_is_stuck() {
        let journal = |waiting_settlements, batches, failed_commits| JournalSnapshot {
            waiting_settlements,
            batches,
            failed_commits,
            ..JournalSnapshot::default()
        };
        let rows = [
            (journal(0, 7, 0), journal(0, 7, 0), true, "at rest"),
            (journal(0, 7, 0), journal(3, 7, 0), true, "work has only come"),
            (journal(3, 7, 0), journal(3, 8, 0), true, "busy"),
            (journal(3, 7, 0), journal(3, 7, 1), true, "the disk is full"),
            (journal(3, 7, 0), journal(3, 7, 0), false, "stuck"),
        ];
        let reports = |waiting_reports| JournalSnapshot { waiting_reports, ..journal(0, 7, 0) };
        let rows = rows.into_iter().chain([
            (reports(0), reports(1), true, "reports have only come"),
            (reports(1), reports(1), false, "stuck with reports alone"),
        ]);
        for (before, now, expected, what) in rows {
            assert_eq!(moves(&before, &now), expected, "{what}");
        }
    }
}
