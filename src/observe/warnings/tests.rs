//! The table of what is wrong and what to do about it; and since when it has been so.

use std::time::Duration;

use super::facts::{Alarm, Alert, Facts, Held, Paused, PausedKind, PushService, Store, Use};
use super::history::History;
use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn seen(since: u64, last: u64, count: u64) -> Seen {
    Seen { since: at(since), last: at(last), count }
}

fn of_service(change: impl FnOnce(&mut PushService)) -> Facts {
    let mut service =
        PushService { origin: "https://push.example".to_owned(), ..PushService::default() };
    change(&mut service);
    Facts { push_services: vec![service], ..Facts::default() }
}

fn of_alarm(kind: &'static str) -> Facts {
    let (actor, detail) = ("subscriptions.0.17".to_owned(), "what was seen".to_owned());
    Facts { alarms: vec![Alarm { kind, actor, detail, seen: seen(1, 2, 3) }], ..Facts::default() }
}

fn of_store(unwritable: bool, commit_p99_seconds: Option<f64>, waiting_changes: u64) -> Facts {
    let store = Store { unwritable, commit_p99_seconds, waiting_changes };
    Facts { store, ..Facts::default() }
}

fn alert(code: &'static str, since: Option<Timestamp>) -> Alert {
    Alert { code, detail: "what was seen of it".to_owned(), since }
}

fn of_alert(code: &'static str) -> Facts {
    of_service(|service| service.alerts = vec![alert(code, None)])
}

/// A push service that refuses these keys of the app `shop`.
fn of_refused(keys: &[&str]) -> Facts {
    of_service(|service| {
        service.alerts = vec![alert("vapid_key_paused", None)];
        let named = |key: &&str| ((*key).to_owned(), "shop".to_owned());
        service.refused_keys = keys.iter().map(named).collect();
    })
}

fn of_files(used: u64, limit: u64) -> Facts {
    Facts { files: Some(Use { used, limit }), ..Facts::default() }
}

fn of_disk(used: u64, limit: u64) -> Facts {
    Facts { disk: Some(Use { used, limit }), ..Facts::default() }
}

fn of_pause(what: PausedKind, name: &str) -> Facts {
    let paused = Paused { what, name: name.to_owned(), by: "key_of_ours".to_owned(), since: at(1) };
    Facts { pauses: vec![paused], ..Facts::default() }
}

/// What follows from each fact: code, severity, subject, page, and a word that detail and remedy must have.
#[test]
#[rustfmt::skip]
fn each_fact_has_its_warning_with_words_and_a_remedy() {
    use Severity::{Critical, Warning};
    type Said = (&'static str, Severity, &'static str, &'static str, &'static str, &'static str);
    let table: Vec<(Facts, Option<Said>)> = vec![
        (Facts::default(), None),
        (of_store(true, None, 0), Some(("store_unwritable", Critical, "store", "system", "Commits fail", "data_dir"))),
        (of_store(false, Some(0.249), 0), None),
        (of_store(false, Some(0.25), 0), Some(("store_slow", Warning, "store", "system", "0.25 s", "--data-dir"))),
        (of_store(false, Some(2.0), 0), Some(("store_slow", Critical, "store", "system", "2.00 s", "--data-dir"))),
        (of_store(false, None, 1999), None),
        (of_store(false, None, 2000), Some(("store_slow", Warning, "store", "system", "2000 changes wait", "--data-dir"))),
        (of_files(85, 100), None),
        (of_files(86, 100), Some(("files_nearly_used_up", Warning, "process", "system", "86 of 100", "LimitNOFILE"))),
        (of_files(96, 100), Some(("files_nearly_used_up", Critical, "process", "system", "96 of 100", "LimitNOFILE"))),
        (of_files(0, 0), None),
        (of_disk(85, 100), None),
        (of_disk(90 << 20, 100 << 20), Some(("disk_nearly_full", Warning, "disk", "system", "90 % full: 10 MiB", "--retention"))),
        (of_disk(99 << 20, 100 << 20), Some(("disk_nearly_full", Critical, "disk", "system", "99 % full: 1 MiB", "--retention"))),
        (of_refused(&["vpk_1"]),
            Some(("vapid_key_paused", Critical, "https://push.example vpk_1", "push-services", "vpk_1 of the app shop", "fanfare vapid list --app shop"))),
        (of_alert("origin_shut"), Some(("origin_shut", Warning, "https://push.example", "push-services", "https://push.example: what was seen of it", "status page"))),
        (of_alert("clock_skew"), Some(("clock_skew", Warning, "https://push.example", "push-services", "what was seen", "timedatectl"))),
        (of_alert("mostly_throttled"), Some(("mostly_throttled", Warning, "https://push.example", "push-services", "what was seen", "Publish less"))),
        (of_alert("no_answer"), Some(("no_answer", Warning, "https://push.example", "push-services", "what was seen", "network"))),
        (Facts { vapid_subject_missing: true, ..Facts::default() },
            Some(("vapid_subject_missing", Warning, "vapid_subject", "push-services", "Apple", "--vapid-subject mailto:"))),
        (Facts { quarantines: Some(vec![Held { push_service: "fcm", quarantines: 2, subscriptions: 150 }]), ..Facts::default() },
            Some(("quarantine_open", Warning, "fcm", "push-services", "150 subscriptions at fcm", "/v1/quarantines/{id}/undo"))),
        (of_alarm("mailbox_over_bound"), Some(("mailbox_over_bound", Warning, "subscriptions.0.17", "actors/subscriptions.0.17", "what was seen", "--workers"))),
        (of_alarm("slow_handler"), Some(("slow_handler", Warning, "subscriptions.0.17", "actors/subscriptions.0.17", "what was seen", "log lines"))),
        (of_alarm("restart_loop"), Some(("restart_loop", Critical, "subscriptions.0.17", "actors/subscriptions.0.17", "what was seen", "panic"))),
        (of_alarm("given_up"), Some(("given_up", Critical, "subscriptions.0.17", "actors/subscriptions.0.17", "what was seen", "panic"))),
        (of_pause(PausedKind::PushService, "https://push.example"),
            Some(("push_service_paused", Warning, "https://push.example", "push-services", "key_of_ours", "push-services/resume"))),
        (of_pause(PausedKind::Channel, "shop/news"),
            Some(("channel_paused", Warning, "shop/news", "channels", "key_of_ours", "observe/channels/resume"))),
        (Facts { draining: true, ..Facts::default() },
            Some(("draining", Critical, "delivery", "system", "nothing is sent", "/v1/observe/resume"))),
    ];
    for (facts, expected) in table {
        let found = warnings(&facts);
        let Some((code, severity, subject, page, detail, remedy)) = expected else {
            assert_eq!(found, [], "{facts:?}");
            continue;
        };
        let [found] = &found[..] else { panic!("{facts:?}: {found:?}") };
        assert_eq!((found.code, found.severity, &*found.subject, &*found.page), (code, severity, subject, page));
        assert!(found.detail.contains(detail), "{detail} is not in {}", found.detail);
        assert!(found.remedy.contains(remedy), "{remedy} is not in {}", found.remedy);
    }
}

#[test]
fn the_worst_come_first_and_each_refused_key_has_its_own() {
    let mut facts = of_refused(&["vpk_1", "vpk_2"]);
    facts.push_services[0].alerts.push(alert("origin_shut", None));
    facts.vapid_subject_missing = true;
    facts.alarms = of_alarm("restart_loop").alarms;
    let found = warnings(&facts);
    let codes: Vec<_> = found.iter().map(|warning| warning.code).collect();
    assert_eq!(
        codes,
        [
            "vapid_key_paused",
            "vapid_key_paused",
            "restart_loop",
            "origin_shut",
            "vapid_subject_missing"
        ]
    );
    assert_ne!(found[0].subject, found[1].subject);
}

/// When what is wrong was so, by code, after a look at `now`.
fn look(history: &History, facts: &Facts, now: u64) -> Vec<(&'static str, Seen)> {
    let mut found = warnings(facts);
    history.note(&mut found, &facts.unknown(), at(now));
    found.iter().map(|warning| (warning.code, warning.seen.unwrap())).collect()
}

#[test]
fn what_is_wrong_has_been_since_it_was_first_seen_and_comes_again_as_new() {
    let history = History::default();
    let (bad, good) = (of_store(true, None, 0), Facts::default());
    let code = "store_unwritable";
    assert_eq!(look(&history, &bad, 0), [(code, seen(0, 0, 1))]);
    assert_eq!(look(&history, &bad, 5), [(code, seen(0, 5, 1))]);
    assert_eq!(look(&history, &good, 6), []);
    assert_eq!(look(&history, &bad, 9), [(code, seen(9, 9, 2))]);
    assert_eq!(look(&history, &good, 10), []);
    let day = 24 * 60 * 60;
    assert_eq!(look(&history, &good, 9 + day), [], "by now it is forgotten");
    assert_eq!(look(&history, &bad, 10 + day), [(code, seen(10 + day, 10 + day, 1))]);
}

#[test]
fn what_could_not_be_read_has_not_ended() {
    let history = History::default();
    let held = Held { push_service: "fcm", quarantines: 1, subscriptions: 150 };
    let of = |held| Facts { quarantines: held, ..of_disk(95, 100) };
    let (full, code) = ("disk_nearly_full", "quarantine_open");
    let was = look(&history, &of(Some(vec![held.clone()])), 0);
    assert_eq!(was, [(full, seen(0, 0, 1)), (code, seen(0, 0, 1))]);
    assert_eq!(look(&history, &of(None), 5), [(full, seen(0, 5, 1))]);
    let was = look(&history, &of(Some(vec![held])), 6);
    assert_eq!(was, [(full, seen(0, 6, 1)), (code, seen(0, 6, 1))]);
    assert_eq!(look(&history, &Facts { disk: None, ..of(Some(vec![])) }, 7), []);
    assert_eq!(look(&history, &of(Some(vec![])), 8), [(full, seen(0, 8, 1))]);
}

#[test]
fn what_knows_itself_when_it_was_is_believed() {
    let history = History::default();
    assert_eq!(look(&history, &of_alarm("given_up"), 9), [("given_up", seen(1, 2, 3))]);
}

#[test]
fn what_knows_since_when_it_is_so_is_believed_in_that() {
    let history = History::default();
    let facts = of_service(|service| service.alerts = vec![alert("origin_shut", Some(at(1)))]);
    assert_eq!(look(&history, &facts, 5), [("origin_shut", seen(1, 5, 1))]);
}

#[test]
fn the_table_has_an_end_and_what_was_seen_longest_ago_goes() {
    let history = History::default();
    let many = |from: u32, to: u32| Facts {
        push_services: (from..to)
            .map(|number| PushService {
                origin: format!("https://{number}.example"),
                alerts: vec![alert("no_answer", None)],
                ..PushService::default()
            })
            .collect(),
        ..Facts::default()
    };
    look(&history, &many(0, 1), 0);
    look(&history, &many(1, 512), 1);
    assert_eq!(look(&history, &many(0, 1), 2)[0].1.count, 2, "there is room for all of them");
    look(&history, &many(1, 513), 3);
    assert_eq!(look(&history, &many(0, 1), 4)[0].1.count, 1, "it had to go");
}
