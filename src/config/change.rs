//! What another reading of the configuration changes, key by key: what can change while the daemon runs, and what holds
//! from the next start only.

use super::delivery::{self, DeliveryConfig};
use super::egress::{self, EgressConfig};
use super::key::{self, Key};
use super::limits::{self, LimitsConfig};
use super::listen::{self, ListenConfig};
use super::log::{self, LogConfig};
use super::storage::{self, StorageConfig};
use super::{BOOTSTRAP_KEY, Config, DEMO, DRAIN_DEADLINE, OBSERVE_ACTING, VAPID_SUBJECT};

/// When a change is heeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heeded {
    /// While the daemon runs.
    Live,
    /// From its next start.
    AtStart,
}

/// What can change while the daemon runs.
const LIVE: [Key; 19] = [
    listen::PUBLIC_URL,
    listen::TRUSTED_PROXIES,
    VAPID_SUBJECT,
    DEMO,
    OBSERVE_ACTING,
    DRAIN_DEADLINE,
    BOOTSTRAP_KEY,
    storage::RETENTION,
    log::LOG,
    delivery::IDLE,
    delivery::RETRY_MIN,
    delivery::RETRY_MAX,
    delivery::MAX_ATTEMPTS,
    egress::ALLOW,
    egress::KNOWN_ONLY,
    limits::CONNECTIONS_PER_ADDRESS,
    limits::BODY_TIMEOUT,
    limits::SUBSCRIBE_PER_ADDRESS,
    limits::SUBSCRIBE_PER_TOKEN,
];

/// What sockets, files and threads were made with, and what is told to libraries once.
const AT_START: [Key; 11] = [
    listen::LISTEN,
    listen::OBSERVE_LISTEN,
    storage::DATA_DIR,
    storage::DATABASE_URL,
    log::LOG_FORMAT,
    delivery::WORKERS,
    egress::CA_FILE,
    egress::TIMEOUT,
    limits::CONNECTIONS,
    limits::HEAD_TIMEOUT,
    limits::IDLE_TIMEOUT,
];

/// One key that is set to something else.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Which.
    pub key: Key,
    /// When it is heeded.
    pub heeded: Heeded,
    /// What it was set to, if it was; a secret's value is not here.
    pub before: Option<toml::Value>,
    /// What it is set to.
    pub after: Option<toml::Value>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = |value: &Option<toml::Value>| {
            value.as_ref().map_or_else(|| "unset".to_owned(), ToString::to_string)
        };
        let path = self.key.path;
        match (self.key.is_secret(), self.heeded) {
            (true, _) => f.write_str(path),
            (false, Heeded::Live) => {
                write!(f, "{path} = {} (was {})", value(&self.after), value(&self.before))
            }
            (false, Heeded::AtStart) => {
                write!(f, "{path} = {} (runs with {})", value(&self.after), value(&self.before))
            }
        }
    }
}

/// When a change of `key` is heeded.
fn heeded(key: Key) -> Heeded {
    debug_assert!(LIVE.contains(&key) != AT_START.contains(&key), "{} is in one table", key.path);
    if LIVE.contains(&key) { Heeded::Live } else { Heeded::AtStart }
}

/// What differs, in the order of [`key::ALL`].
pub fn changes(before: &Config, after: &Config) -> Vec<Change> {
    let (old, new) = (before.entries(), after.entries());
    let value = |entries: &[(Key, toml::Value)], key| {
        entries.iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone())
    };
    let change = |key: Key| {
        let (before_value, after_value) = (value(&old, key), value(&new, key));
        let differs = match key == BOOTSTRAP_KEY {
            true => before.bootstrap_key != after.bootstrap_key,
            false => before_value != after_value,
        };
        differs.then(|| {
            let shown = |value: Option<toml::Value>| value.filter(|_| !key.is_secret());
            let (before, after) = (shown(before_value), shown(after_value));
            Change { key, heeded: heeded(key), before, after }
        })
    };
    key::ALL.into_iter().filter_map(change).collect()
}

/// What a daemon that began with `before` runs with once it has heard of `after`.
pub fn heed(before: &Config, after: Config) -> Config {
    let kept = before.clone();
    Config {
        listen: ListenConfig {
            address: kept.listen.address,
            observe: kept.listen.observe,
            ..after.listen
        },
        storage: StorageConfig { retention: after.storage.retention, ..kept.storage },
        egress: EgressConfig {
            ca_file: kept.egress.ca_file,
            timeout: kept.egress.timeout,
            ..after.egress
        },
        delivery: DeliveryConfig { workers: kept.delivery.workers, ..after.delivery },
        limits: LimitsConfig {
            connections: kept.limits.connections,
            head_timeout: kept.limits.head_timeout,
            idle_timeout: kept.limits.idle_timeout,
            ..after.limits
        },
        log: LogConfig { format: kept.log.format, ..after.log },
        ..after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_in_one_of_the_two_tables() {
        for key in key::ALL {
            let tables = [LIVE.contains(&key), AT_START.contains(&key)];
            assert!(tables == [true, false] || tables == [false, true], "{}: {tables:?}", key.path);
        }
        assert_eq!(LIVE.len() + AT_START.len(), key::ALL.len(), "and each once");
    }
}
