//! What the daemon hears from outside: SIGTERM and SIGINT end it, a second one at once; SIGHUP has it read its
//! configuration again.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// To end.
    End,
    /// To read its configuration again.
    Reload,
}

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

    /// Waits to be told something.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::End,
            _ = self.interrupt.recv() => Told::End,
            _ = self.hangup.recv() => Told::Reload,
        }
    }

    /// Waits to be told to end; a SIGHUP meanwhile is heard afterwards.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
