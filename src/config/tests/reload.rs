//! Another reading of the configuration: what has changed, and what of it is heeded when.

use super::{Config, KEY, Key, VALUES, file, key, load, nothing, variable};
use crate::config::change::{Change, Heeded, changes, heed};

fn paths(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.key.path).collect()
}

/// What is set to something else while the daemon runs, and what is left for its next start.
fn told_apart(before: &Config, after: &Config) -> (Vec<Change>, Vec<Change>) {
    let running = heed(before, after.clone());
    (changes(before, &running), changes(&running, after))
}

#[test]
fn each_key_is_heeded_while_the_daemon_runs_or_from_its_next_start() {
    let before = load(&nothing());
    for (path, value) in VALUES {
        let after = load(&file(&format!("{path} = \"{value}\"")));
        let found = changes(&before, &after);
        assert!(paths(&found).contains(&path), "{path} is not in {found:?}");
        let (live, left) = told_apart(&before, &after);
        assert!(live.iter().all(|change| change.heeded == Heeded::Live), "{path}: {live:?}");
        assert!(left.iter().all(|change| change.heeded == Heeded::AtStart), "{path}: {left:?}");
        assert_eq!(live.len() + left.len(), found.len(), "{path}: {found:?}");
    }
}

#[test]
fn everything_at_once_is_told_apart_and_nothing_is_what_has_not_changed() {
    let before = load(&nothing());
    let text: Vec<_> = VALUES.iter().map(|(path, value)| format!("{path} = \"{value}\"")).collect();
    let mut sources = file(&text.join("\n"));
    sources.environment = variable("FANFARE_BOOTSTRAP_KEY", KEY).environment;
    let after = load(&sources);
    let (live, left) = told_apart(&before, &after);
    let mut heeded = [paths(&live), paths(&left)].concat();
    heeded.sort_unstable();
    let mut all: Vec<_> = key::ALL.into_iter().map(|key: Key| key.path).collect();
    all.sort_unstable();
    assert_eq!(heeded, all);
    assert_eq!(changes(&after, &after), []);
    let running = heed(&before, after.clone());
    assert_eq!(heed(&running, after), running, "the same again changes nothing");
}

#[test]
fn a_change_is_shown_with_both_values_and_a_secret_by_its_name_alone() {
    let mut sources = file("workers = 9\nvapid_subject = \"mailto:a@b.example\"");
    sources.environment = variable("FANFARE_BOOTSTRAP_KEY", KEY).environment;
    sources.environment.insert("FANFARE_DATABASE_URL".to_owned(), "sqlite:/s3cret.db".to_owned());
    let found = changes(&load(&nothing()), &load(&sources));
    let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "database_url",
        "vapid_subject = \"mailto:a@b.example\" (was unset)",
        "bootstrap_key",
        "workers = 9 (runs with 4)",
    ];
    assert_eq!(shown, expected);
    assert!(!format!("{found:?}").contains("s3cret"));
}
