//! The daemon in this process: for good (`serve`), or for the length of one command.

use crate::config::Config;

/// Why the daemon could not do it.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// This part is not wired yet.
    #[error("the daemon is not part of this program yet")]
    Missing,
}

/// How the daemon ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitStatus {
    /// It was asked to, and everything in flight was settled.
    Stopped,
    /// It gave up, or its deadline cut something off.
    Failed,
}

/// A daemon that was started for a command: it has a control socket and listens nowhere else.
#[derive(Debug)]
pub struct Guard {}

impl Guard {
    /// Ends it, and waits until everything is on disk.
    pub async fn stop(self) {}
}

/// Runs until it is told to stop.
pub fn serve(_config: Config) -> Result<ExitStatus, DaemonError> {
    Err(DaemonError::Missing)
}

/// Brings the database up to date, or creates it.
pub fn migrate(_config: &Config) -> Result<(), DaemonError> {
    Err(DaemonError::Missing)
}

/// Starts a daemon that only this process reaches; its control socket is there when this answers.
pub async fn start_for_command(_config: &Config) -> Result<Guard, DaemonError> {
    Err(DaemonError::Missing)
}
