//! What can be configured: every key once, with the names that it has in the file, the environment and the flags.

use super::{delivery, egress, limits, listen, log, storage};

/// One thing that can be configured. Its path names it in the file; the other names follow from that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// `listen`, or with its table: `egress.timeout`.
    pub path: &'static str,
    /// How many values it has, and where they may come from.
    pub form: Form,
}

/// How many values a key has, and where they may come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// One value.
    One,
    /// Any number: an array in the file, commas in a variable, a repeated flag.
    Many,
    /// One value that may hold a password: also as `…_FILE`, and never shown.
    Secret,
    /// As [`Form::Secret`], and only in the environment: files are committed and flags are seen in `ps`.
    Credential,
}

impl Key {
    pub(super) const fn one(path: &'static str) -> Self {
        Self { path, form: Form::One }
    }

    pub(super) const fn many(path: &'static str) -> Self {
        Self { path, form: Form::Many }
    }

    pub(super) const fn secret(path: &'static str) -> Self {
        Self { path, form: Form::Secret }
    }

    pub(super) const fn credential(path: &'static str) -> Self {
        Self { path, form: Form::Credential }
    }

    /// The table of the file that it is in, and its name there.
    pub fn table_and_name(self) -> (Option<&'static str>, &'static str) {
        self.path.split_once('.').map_or((None, self.path), |(table, name)| (Some(table), name))
    }

    /// `FANFARE_EGRESS_TIMEOUT`.
    pub fn variable(self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The name of the flag without its dashes: `egress-timeout`.
    pub fn flag(self) -> String {
        self.path.replace(['.', '_'], "-")
    }

    /// Whether the file may have it.
    pub fn is_in_file(self) -> bool {
        match self.form {
            Form::One | Form::Many | Form::Secret => true,
            Form::Credential => false,
        }
    }

    /// Whether its value must not be shown.
    pub fn is_secret(self) -> bool {
        match self.form {
            Form::Secret | Form::Credential => true,
            Form::One | Form::Many => false,
        }
    }
}

/// What every variable of ours begins with.
pub const VARIABLE_PREFIX: &str = "FANFARE_";

/// What the name of a variable ends with when it holds the path of a file that holds the secret.
pub const FILE_SUFFIX: &str = "_FILE";

/// Variables that are ours without being keys: the file's own path, and what `notify` reaches a remote daemon with.
pub const OTHER_VARIABLES: [&str; 4] =
    ["FANFARE_CONFIG", "FANFARE_SERVER", "FANFARE_KEY", "FANFARE_KEY_FILE"];

/// Every key, in the order that `check-config` prints them in.
pub const ALL: [Key; 30] = [
    listen::LISTEN,
    listen::OBSERVE_LISTEN,
    listen::PUBLIC_URL,
    listen::TRUSTED_PROXIES,
    storage::DATA_DIR,
    storage::DATABASE_URL,
    storage::RETENTION,
    super::VAPID_SUBJECT,
    super::DEMO,
    super::OBSERVE_ACTING,
    super::DRAIN_DEADLINE,
    super::BOOTSTRAP_KEY,
    log::LOG,
    log::LOG_FORMAT,
    delivery::WORKERS,
    delivery::IDLE,
    delivery::RETRY_MIN,
    delivery::RETRY_MAX,
    delivery::MAX_ATTEMPTS,
    egress::ALLOW,
    egress::CA_FILE,
    egress::TIMEOUT,
    egress::KNOWN_ONLY,
    limits::CONNECTIONS,
    limits::CONNECTIONS_PER_ADDRESS,
    limits::HEAD_TIMEOUT,
    limits::BODY_TIMEOUT,
    limits::IDLE_TIMEOUT,
    limits::SUBSCRIBE_PER_ADDRESS,
    limits::SUBSCRIBE_PER_TOKEN,
];

/// The known name that is most like `name`, when one is alike enough to be meant.
pub fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    // Below 0.8 Jaro-Winkler pairs words that share little more than their first letters.
    const ALIKE: f64 = 0.8;
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}
