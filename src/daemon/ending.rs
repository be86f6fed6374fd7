//! How the daemon ends: no new requests and no new pushes, then what is under way of either, then the rest. What the
//! deadline cuts off is said, and is what the exit status is about.

use std::time::Duration;

use actix_web::dev::ServerHandle;

use super::ExitStatus;
use super::reload::Parts;
use super::service_manager::ServiceManager;
use super::signals::Signals;
use crate::store::Store;

/// What is left to do when nothing is under way any more takes milliseconds. A thread that hangs is not waited for longer.
const LAST: Duration = Duration::from_secs(5);

/// Who is told twice is in a hurry: enough for a commit, so that results in hand need not be fetched again.
const LAST_IN_A_HURRY: Duration = Duration::from_millis(500);

/// What ends.
pub(super) struct Ending {
    pub(super) handle: ServerHandle,
    pub(super) parts: Parts,
    pub(super) deadline: Duration,
}

impl Ending {
    /// Ends everything; a second signal cuts that short. Answers `status`, or that something was cut off.
    pub(super) async fn end(
        self,
        status: ExitStatus,
        signals: &mut Signals,
        manager: &ServiceManager,
    ) -> ExitStatus {
        let (status, last) = tokio::select! {
            is_whole = self.drain(manager) => {
                (if is_whole { status } else { ExitStatus::Failed }, LAST)
            }
            () = signals.end() => {
                tracing::error!("told to end a second time: what is under way is cut off");
                (ExitStatus::Failed, LAST_IN_A_HURRY)
            }
        };
        let store = self.parts.store.clone();
        let rest = async {
            self.parts.state.tree.stop().await;
            // It writes what is queued, on a thread of its own; so it does not hold up the time.
            tokio::task::spawn_blocking(move || store.close()).await.is_ok()
        };
        if tokio::time::timeout(last, rest).await != Ok(true) {
            tracing::error!("a thread hangs: the process ends without it");
            // Returning would wait for it.
            std::process::exit(1);
        }
        status
    }

    /// `false` when the deadline cut something off.
    async fn drain(&self, manager: &ServiceManager) -> bool {
        let Parts { state, store, .. } = &self.parts;
        let under_way = state.tree.under_way();
        tracing::info!(under_way, "stopping: no new requests, no new pushes");
        manager.stopping(self.deadline, &format!("stopping: {under_way} deliveries are under way"));
        state.streams.end();
        let (_, is_drained) = tokio::join!(
            tokio::time::timeout(self.deadline, self.handle.stop(true)),
            state.tree.drain(self.deadline),
        );
        let requests = state.requests.under_way();
        let deliveries = if is_drained { 0 } else { state.tree.under_way() };
        if deliveries + requests == 0 {
            return true;
        }
        let why = match store.is_writable() {
            true => "",
            false => ", because the database cannot be written",
        };
        tracing::error!(
            deliveries,
            requests,
            "drain_deadline ({}) is over: {deliveries} deliveries and {requests} requests to the API were cut off{why}; \
             those deliveries go out again after the next start",
            humantime::format_duration(self.deadline)
        );
        false
    }
}
