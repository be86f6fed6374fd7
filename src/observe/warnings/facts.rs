//! What warnings are made of.

use super::Seen;
use crate::clock::Timestamp;

/// Everything that may be wrong, as it is now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// What actors were found to be in trouble with.
    pub alarms: Vec<Alarm>,
    /// How the push services fare.
    pub push_services: Vec<PushService>,
    /// Whether pushes carry no contact.
    pub vapid_subject_missing: bool,
    /// How the store does.
    pub store: Store,
    /// Files and connections that are open, and as many as may be.
    pub files: Option<Use>,
    /// Bytes of the data directory's disk that are taken, and all that it has.
    pub disk: Option<Use>,
    /// Subscriptions that are held back, by push service; `None` when the store did not say.
    pub quarantines: Option<Vec<Held>>,
    /// What an operator has paused.
    pub pauses: Vec<Paused>,
    /// Whether nothing is sent because an operator said so.
    pub draining: bool,
}

impl Facts {
    /// The warnings of which nobody can say at the moment whether they are so.
    pub fn unknown(&self) -> Vec<&'static str> {
        let known = [
            ("quarantine_open", self.quarantines.is_some()),
            ("disk_nearly_full", self.disk.is_some()),
            ("files_nearly_used_up", self.files.is_some()),
        ];
        known.into_iter().filter_map(|(code, is_known)| (!is_known).then_some(code)).collect()
    }
}

/// An actor in trouble.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// `mailbox_over_bound`, `slow_handler`, `restart_loop` or `given_up`.
    pub kind: &'static str,
    /// The actor's id.
    pub actor: String,
    /// What was seen.
    pub detail: String,
    /// When.
    pub seen: Seen,
}

/// One push service, by its origin.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PushService {
    /// `https://host[:port]`.
    pub origin: String,
    /// What its page says had better be looked at.
    pub alerts: Vec<Alert>,
    /// The names of keys that it refuses, each with its app's.
    pub refused_keys: Vec<(String, String)>,
}

/// What was found of a push service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// `vapid_key_paused`, `origin_shut`, `clock_skew` …
    pub code: &'static str,
    /// What was seen.
    pub detail: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

/// How the store does.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Store {
    /// Whether commits fail.
    pub unwritable: bool,
    /// How long a commit takes at worst, but for one in a hundred, of those of the last minutes.
    pub commit_p99_seconds: Option<f64>,
    /// Changes that wait to be written.
    pub waiting_changes: u64,
}

/// What an operator has paused, and has not resumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paused {
    /// What it is.
    pub what: PausedKind,
    /// The origin, or `APP/CHANNEL`.
    pub name: String,
    /// Who said so.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

/// What can pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the words say it")]
pub enum PausedKind {
    PushService,
    Channel,
}

/// So much of so much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Use {
    /// What is taken.
    pub used: u64,
    /// What there is.
    pub limit: u64,
}

impl Use {
    /// The part that is taken.
    pub fn share(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a share is good enough to a part in 2^53")]
        match self.limit {
            0 => 0.0,
            limit => self.used as f64 / limit as f64,
        }
    }
}

/// What is held back of one push service's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The push service's name.
    pub push_service: &'static str,
    /// How many incidents are open.
    pub quarantines: i64,
    /// How many subscriptions are in them.
    pub subscriptions: i64,
}
