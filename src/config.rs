//! The configuration: defaults, `fanfare.toml`, environment and flags in, one immutable [`Config`] out. Nothing
//! in here reads the process's own environment: [`Sources`] are handed in, so that tests decide what they are.

use std::time::Duration;

pub mod change;
pub mod error;
pub mod key;
pub mod secret;
pub mod sources;

mod file;
mod parse;
mod settings;

pub mod delivery;
pub mod egress;
pub mod limits;
pub mod listen;
pub mod log;
pub mod storage;

use delivery::DeliveryConfig;
use egress::EgressConfig;
use error::ConfigErrors;
use key::Key;
use limits::LimitsConfig;
use listen::ListenConfig;
use log::LogConfig;
use secret::Secret;
use settings::Settings;
use sources::Sources;
use storage::StorageConfig;

use crate::webpush::vapid::Subject;

const VAPID_SUBJECT: Key = Key::one("vapid_subject");
const DEMO: Key = Key::one("demo");
const OBSERVE_ACTING: Key = Key::one("observe_acting");
const DRAIN_DEADLINE: Key = Key::one("drain_deadline");
const BOOTSTRAP_KEY: Key = Key::credential("bootstrap_key");

/// As long as Kubernetes and systemd leave a process before they kill it, by default.
const DEFAULT_DRAIN_DEADLINE: Duration = Duration::from_secs(30);

/// What an API key begins with, and how many characters it has at least after that.
const API_KEY_PREFIX: &str = "fk_";
const API_KEY_MIN: usize = 32;

/// Everything that was configured, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where the daemon listens, and how it is reached.
    pub listen: ListenConfig,
    /// Where it keeps what it knows.
    pub storage: StorageConfig,
    /// What it may reach.
    pub egress: EgressConfig,
    /// How deliveries are worked.
    pub delivery: DeliveryConfig,
    /// What callers may take of it.
    pub limits: LimitsConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Whom push services may write to about us: `mailto:` or `https:`.
    pub vapid_subject: Option<Subject>,
    /// Whether the channel `demo` is public; `None` leaves it as the database says.
    pub demo: Option<bool>,
    /// Whether whoever observes may also act: restart an actor, pause, drain.
    pub observe_acting: bool,
    /// How long a shutdown waits for what is in flight.
    pub drain_deadline: Duration,
    /// The admin key of the app `default`, when the environment names it.
    pub bootstrap_key: Option<Secret>,
}

/// A configuration, and what its writer should hear about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Sentences: what was ignored.
    pub warnings: Vec<String>,
}

impl Config {
    /// Lays the sources over each other and checks every value.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
        let mut settings = Settings::merge(sources);
        let config = Self {
            listen: ListenConfig::read(&mut settings),
            storage: StorageConfig::read(&mut settings),
            egress: EgressConfig::read(&mut settings),
            delivery: DeliveryConfig::read(&mut settings, sources.machine.cores),
            limits: LimitsConfig::read(&mut settings),
            log: LogConfig::read(&mut settings, sources.machine.terminal),
            vapid_subject: settings.one(VAPID_SUBJECT, vapid_subject),
            demo: settings.one(DEMO, parse::answer),
            observe_acting: settings.one(OBSERVE_ACTING, parse::answer).unwrap_or(false),
            drain_deadline: settings
                .one(DRAIN_DEADLINE, parse::duration_or_zero)
                .unwrap_or(DEFAULT_DRAIN_DEADLINE),
            bootstrap_key: settings.one(BOOTSTRAP_KEY, bootstrap_key),
        };
        let errors = settings.into_errors();
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        Ok(Loaded { config, warnings: settings::unknown_variables(&sources.environment) })
    }

    /// What holds, defaults included, as a file that would say the same; secrets are left out.
    pub fn effective(&self) -> toml::Table {
        let mut root = toml::Table::new();
        for (key, value) in self.entries() {
            let (table, name) = key.table_and_name();
            let table = match table {
                None => &mut root,
                Some(table) => root
                    .entry(table)
                    .or_insert_with(|| toml::Table::new().into())
                    .as_table_mut()
                    .expect("no key has the name of a table"),
            };
            table.insert(name.to_owned(), value);
        }
        root
    }

    /// [`Config::effective`] as text, with a word about what is not in it.
    pub fn effective_toml(&self) -> String {
        let note = match self.bootstrap_key {
            Some(_) => "# bootstrap_key is set; it is a secret and not shown\n",
            None => "",
        };
        format!("{note}{}", self.effective())
    }

    fn entries(&self) -> Vec<(Key, toml::Value)> {
        let mut entries = self.listen.entries();
        entries.extend(self.storage.entries());
        let subject = self.vapid_subject.clone();
        entries.extend(subject.map(|subject| (VAPID_SUBJECT, subject.as_str().into())));
        entries.extend(self.demo.map(|demo| (DEMO, demo.into())));
        entries.push((OBSERVE_ACTING, self.observe_acting.into()));
        entries.push((DRAIN_DEADLINE, parse::show_duration(self.drain_deadline)));
        entries.extend(self.log.entries());
        entries.extend(self.delivery.entries());
        entries.extend(self.egress.entries());
        entries.extend(self.limits.entries());
        entries
    }
}

/// The one place that decides what a subject is; what Apple refuses is refused with it (RFC 8292 §2.1).
fn vapid_subject(text: &str) -> Result<Subject, String> {
    // Its messages begin with the key's name, and so do the ones that this becomes part of.
    Subject::parse(text)
        .map_err(|error| error.to_string().trim_start_matches("vapid_subject ").to_owned())
}

fn bootstrap_key(text: &str) -> Result<Secret, String> {
    let wrong = || {
        format!(
            "is not an API key; write {API_KEY_PREFIX} and at least {API_KEY_MIN} \
             letters, digits or -._~+/= after it"
        )
    };
    let rest = text.strip_prefix(API_KEY_PREFIX).ok_or_else(wrong)?;
    // What a bearer token may consist of (RFC 6750 §2.1): anything else could never be sent.
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if rest.len() < API_KEY_MIN || !rest.bytes().all(is_legal) {
        return Err(wrong());
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests;
