//! The configuration from outside: sources in, a `Config` or words out.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::egress::Allowed;
use super::key::{self, Key};
use super::log::LogFormat;
use super::sources::{File, Machine};
use super::storage::Database;
use super::*;

mod refusals;
mod reload;

const KEY: &str = "fk_0123456789abcdef0123456789abcdef";

/// Each key with a value that is not its default.
const VALUES: [(&str, &str); 29] = [
    ("listen", "127.0.0.2:81"),
    ("observe_listen", "[::1]:82"),
    ("public_url", "https://push.example.com"),
    ("trusted_proxies", "10.0.0.0/8"),
    ("data_dir", "/srv/fanfare"),
    ("database_url", "sqlite:/srv/other.db"),
    ("retention", "30days"),
    ("vapid_subject", "mailto:ops@example.com"),
    ("demo", "true"),
    ("observe_acting", "true"),
    ("drain_deadline", "0s"),
    ("log", "fanfare=debug,warn"),
    ("log_format", "json"),
    ("workers", "2"),
    ("delivery.idle", "250ms"),
    ("delivery.retry_min", "2s"),
    ("delivery.retry_max", "30m"),
    ("delivery.max_attempts", "7"),
    ("egress.allow", "push.internal:8443"),
    ("egress.ca_file", "/etc/ca.pem"),
    ("egress.timeout", "3s"),
    ("egress.known_only", "true"),
    ("limits.connections", "500"),
    ("limits.connections_per_address", "50"),
    ("limits.head_timeout", "3s"),
    ("limits.body_timeout", "4s"),
    ("limits.idle_timeout", "5s"),
    ("limits.subscribe_per_address", "60"),
    ("limits.subscribe_per_token", "6"),
];

fn nothing() -> Sources {
    Sources {
        file: None,
        environment: BTreeMap::new(),
        flags: BTreeMap::new(),
        machine: Machine { cores: NonZeroUsize::new(4).unwrap(), terminal: true },
    }
}

fn file(text: &str) -> Sources {
    let file = File { path: PathBuf::from("fanfare.toml"), text: text.to_owned() };
    Sources { file: Some(file), ..nothing() }
}

fn variable(name: &str, value: &str) -> Sources {
    Sources { environment: [(name.to_owned(), value.to_owned())].into(), ..nothing() }
}

fn flag(name: &str, value: &str) -> Sources {
    Sources { flags: [(name.to_owned(), vec![value.to_owned()])].into(), ..nothing() }
}

fn load(sources: &Sources) -> Config {
    Config::load(sources).unwrap_or_else(|errors| panic!("refused: {errors}")).config
}

fn refusal(sources: &Sources) -> String {
    match Config::load(sources) {
        Ok(loaded) => panic!("accepted: {}", loaded.config.effective_toml()),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn without_any_source_the_defaults_hold() {
    let config = load(&nothing());
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert_eq!(config.listen.public_url(config.listen.address).as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.storage.data_dir, PathBuf::from("./fanfare-data"));
    assert_eq!(config.storage.database, Database::Sqlite("./fanfare-data/fanfare.db".into()));
    assert_eq!(config.storage.retention, Duration::from_secs(7 * 86_400));
    assert_eq!(config.egress.timeout, Duration::from_secs(10));
    assert_eq!(config.egress.allow, []);
    assert_eq!(config.delivery.workers.get(), 4);
    assert_eq!(config.delivery.idle, Duration::from_secs(60));
    assert_eq!(config.delivery.retry_min, Duration::from_secs(1));
    assert_eq!(config.delivery.retry_max, Duration::from_secs(3600));
    assert_eq!(config.delivery.max_attempts, None);
    assert_eq!(config.drain_deadline, Duration::from_secs(30));
    assert!(!config.observe_acting);
    assert_eq!((config.demo, config.bootstrap_key), (None, None));
}

#[test]
fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let mut sources = nothing();
    assert_eq!(load(&sources).listen.address.port(), 8080);
    sources.file = file("listen = \"127.0.0.1:1\"").file;
    assert_eq!(load(&sources).listen.address.port(), 1);
    sources.environment = variable("FANFARE_LISTEN", "127.0.0.1:2").environment;
    assert_eq!(load(&sources).listen.address.port(), 2);
    sources.flags = flag("listen", "127.0.0.1:3").flags;
    assert_eq!(load(&sources).listen.address.port(), 3);
}

#[test]
fn a_list_of_a_stronger_source_replaces_the_weaker_one_whole() {
    let mut sources = file("[egress]\nallow = [\"a.test:1\", \"b.test:2\"]");
    assert_eq!(load(&sources).egress.allow.len(), 2);
    sources.environment = variable("FANFARE_EGRESS_ALLOW", "10.0.0.0/8, c.test:3").environment;
    let host = Allowed::Host { host: "c.test".to_owned(), port: 3 };
    let network = Allowed::Network("10.0.0.0/8".parse().unwrap());
    assert_eq!(load(&sources).egress.allow, [network, host]);
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let sources = variable("FANFARE_LISTEN", "");
    assert_eq!(load(&sources).listen.address.port(), 8080);
}

#[test]
fn every_key_is_heeded_in_the_file_the_environment_and_as_a_flag() {
    let in_file: Vec<Key> = key::ALL.into_iter().filter(|key| key.is_in_file()).collect();
    assert_eq!(in_file.len(), VALUES.len(), "each key needs a row in VALUES");
    let defaults = load(&nothing());
    for key in in_file {
        let (path, value) = VALUES.into_iter().find(|(path, _)| *path == key.path).unwrap();
        let from_file = load(&file(&format!("{path} = \"{value}\"")));
        assert_ne!(from_file, defaults, "{path} changed nothing");
        assert_eq!(load(&variable(&key.variable(), value)), from_file, "{path} as a variable");
        assert_eq!(load(&flag(&key.flag(), value)), from_file, "{path} as a flag");
    }
}

#[test]
fn the_effective_configuration_says_the_same_when_it_is_read_back() {
    let text = "listen = \"[::]:80\"\npublic_url = \"https://a.example\"\ndemo = false\nworkers = 3\n\
                trusted_proxies = [\"10.0.0.1\"]\nvapid_subject = \"mailto:a@b.example\"\n\
                [egress]\nallow = [\"[fd00::1]:8443\", \"fd00::/8\"]\nca_file = \"ca.pem\"\n\
                [delivery]\nidle = \"1h 30m\"\nmax_attempts = 0x10\n";
    let config = load(&file(text));
    assert_eq!(config.delivery.max_attempts, Some(16));
    assert_eq!(load(&file(&config.effective_toml())), config);
}

#[test]
fn the_format_of_the_log_follows_the_terminal_until_somebody_says_otherwise() {
    let mut sources = nothing();
    assert_eq!(load(&sources).log.format, LogFormat::Text);
    sources.machine.terminal = false;
    assert_eq!(load(&sources).log.format, LogFormat::Json);
    sources.flags = flag("log-format", "text").flags;
    assert_eq!(load(&sources).log.format, LogFormat::Text);
}

#[test]
fn a_secret_is_read_from_the_file_that_a_variable_names() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    let path = path.to_str().unwrap();
    let config = load(&variable("FANFARE_BOOTSTRAP_KEY_FILE", path));
    assert_eq!(config.bootstrap_key, load(&variable("FANFARE_BOOTSTRAP_KEY", KEY)).bootstrap_key);

    let mut both = variable("FANFARE_BOOTSTRAP_KEY_FILE", path);
    both.environment.insert("FANFARE_BOOTSTRAP_KEY".to_owned(), KEY.to_owned());
    let words =
        "FANFARE_BOOTSTRAP_KEY: set beside FANFARE_BOOTSTRAP_KEY_FILE; unset one of the two";
    assert_eq!(refusal(&both), words);

    let missing = refusal(&variable("FANFARE_BOOTSTRAP_KEY_FILE", "/nowhere/key"));
    assert!(
        missing.starts_with("FANFARE_BOOTSTRAP_KEY_FILE: /nowhere/key cannot be read"),
        "{missing}"
    );
}

#[test]
fn a_bootstrap_key_that_is_none_is_refused_and_none_is_ever_shown() {
    let rows =
        ["fk_short", "xx_0123456789abcdef0123456789abcdef", "fk_0123456789abcdef 123456789abcdef"];
    for key in rows {
        let words = refusal(&variable("FANFARE_BOOTSTRAP_KEY", key));
        assert!(
            words.starts_with("FANFARE_BOOTSTRAP_KEY: bootstrap_key is not an API key"),
            "{words}"
        );
        assert!(!words.contains(key), "{words}");
    }
    let config = load(&variable("FANFARE_BOOTSTRAP_KEY", KEY));
    let shown = format!("{config:?}\n{}", config.effective_toml());
    assert!(shown.contains("bootstrap_key is set") && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_listener_for_every_address_is_reached_by_loopback() {
    let rows = [("0.0.0.0:80", "http://127.0.0.1/"), ("[::]:8080", "http://[::1]:8080/")];
    for (listen, url) in rows {
        let config = load(&flag("listen", listen));
        assert_eq!(config.listen.public_url(config.listen.address).as_str(), url);
    }
}
