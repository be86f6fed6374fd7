//! The audit log: who acted on the daemon, when and from where. A row is on disk before the act that it tells of.

use std::net::IpAddr;

use super::StoreFuture;
use crate::clock::Timestamp;

/// Rows that are kept: the newest. Whoever needs more collects them, or the daemon's own log.
pub const KEPT: i64 = 10_000;

/// What an operator may do to a daemon that runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// Restart an actor.
    Kill,
    /// Send nothing to a push service's origin.
    PauseOrigin,
    /// Send to it again.
    ResumeOrigin,
    /// Send nothing of a channel.
    PauseChannel,
    /// Send of it again.
    ResumeChannel,
    /// Start no push at all.
    Drain,
    /// Start pushes again.
    Resume,
    /// Log more, or less.
    LogLevel,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Kill,
        Self::PauseOrigin,
        Self::ResumeOrigin,
        Self::PauseChannel,
        Self::ResumeChannel,
        Self::Drain,
        Self::Resume,
        Self::LogLevel,
    ];

    /// The name in the API, in the log and in the store. Never rename: old rows hold it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::PauseOrigin => "pause-origin",
            Self::ResumeOrigin => "resume-origin",
            Self::PauseChannel => "pause-channel",
            Self::ResumeChannel => "resume-channel",
            Self::Drain => "drain",
            Self::Resume => "resume",
            Self::LogLevel => "log-level",
        }
    }
}

/// An act that is about to be done. Nothing in it is a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: the API key's name (`key_…`), or `control socket`.
    pub key: String,
    /// What the key is called.
    pub title: String,
    /// From where; nowhere, by the control socket.
    pub address: Option<IpAddr>,
    /// What.
    pub act: Act,
    /// To what: an actor's id, an origin, `app/channel`, a filter; empty where there is only one.
    pub target: String,
    /// The request's id, under which the log tells more.
    pub request: String,
}

/// A row of the audit log. An act that a newer version wrote keeps its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditView {
    /// Its number: later ones have greater ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub key: String,
    /// What the key was called.
    pub title: String,
    /// From where.
    pub address: Option<String>,
    /// What.
    pub act: String,
    /// To what.
    pub target: String,
    /// The request's id.
    pub request: String,
}

/// What the store does for the audit log.
pub trait Audit {
    /// Writes down an act: it may be done when this has answered, and not before.
    fn audit(&self, entry: AuditEntry) -> StoreFuture<()>;
    /// The acts before `before`, newest first, at most `limit`.
    fn audited(&self, before: Option<i64>, limit: i64) -> StoreFuture<Vec<AuditView>>;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_act_has_a_name_of_its_own() {
        let labels: BTreeSet<_> = Act::ALL.iter().map(|act| act.label()).collect();
        assert_eq!(labels.len(), Act::ALL.len());
        // The last variant's number tells how many there are.
        assert_eq!(Act::LogLevel as usize + 1, Act::ALL.len());
    }
}
