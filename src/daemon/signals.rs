//! What the daemon hears from outside: SIGTERM and SIGINT end it, a second one at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ExitStatus;
use crate::tree::Tree;

/// The signals that are listened to.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn new() -> Self {
        let listen =
            |kind| signal(kind).expect("a handler for an ordinary signal can be installed");
        Self {
            terminate: listen(SignalKind::terminate()),
            interrupt: listen(SignalKind::interrupt()),
            hangup: listen(SignalKind::hangup()),
        }
    }

    /// Waits to be told to end, or for the tree to say that it cannot go on.
    pub(super) async fn wait(&mut self, tree: &Tree) -> ExitStatus {
        tokio::select! {
            () = self.end() => ExitStatus::Stopped,
            () = tree.failed() => ExitStatus::Failed,
        }
    }

    /// Waits to be told to end.
    pub(super) async fn end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                // Its default would end the process, which nobody means who sends it to a daemon.
                _ = self.hangup.recv() => {
                    tracing::warn!("SIGHUP: the configuration is read at a start only; restart to change it");
                }
            }
        }
    }
}
