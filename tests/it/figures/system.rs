//! The system's page of a real daemon.

use serde_json::Value;

use super::Busy;
use crate::harness::house::eventually;

/// The one of a list that has this name.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut found = list.as_array().unwrap().iter().filter(|it| it["name"] == name);
    found.next().unwrap_or_else(|| panic!("{name} is not in {list}"))
}

#[actix_web::test]
async fn the_system_page_says_what_the_process_the_store_and_the_threads_do() {
    let busy = Busy::start().await;
    // It is measured every few seconds, and may have grown since.
    let database = busy.daemon.home().database();
    let system = eventually("everything has been looked at, the file as it is", || async {
        let system = busy.get("/v1/observe/system").await;
        let file = std::fs::metadata(&database).unwrap().len();
        let is_whole = system["process"]["cpu"].is_number()
            && system["store"]["database_bytes"] == file
            && system["journal"]["commit"]["p99_seconds"].is_number()
            && system["arbiters"][0]["utilisation"].is_number();
        is_whole.then_some(system)
    })
    .await;
    let number = |path: &str| {
        let found = system.pointer(path).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("{path} is no number in {system}"))
    };
    assert_eq!(system["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(number("/process/pid"), f64::from(busy.daemon.id()));
    assert!((0.5..120.0).contains(&number("/uptime_seconds")));
    assert!(number("/process/resident_bytes") > 1e6);
    assert!(number("/process/resident_bytes") < number("/machine/memory_bytes"));
    assert!(number("/process/threads") > 3.0 && number("/machine/cores") >= 1.0);
    assert!(number("/process/cpu") >= 0.0 && number("/process/cpu_seconds") > 0.0);

    assert!(number("/store/database_bytes") > 4096.0);
    assert_eq!(
        (&system["store"]["kind"], &system["store"]["writable"]),
        (&"sqlite".into(), &true.into())
    );
    assert!(number("/store/wal_bytes") > 0.0 && number("/store/free_bytes") > 0.0);

    assert!(number("/journal/batches") > 0.0 && number("/journal/mean_batch") >= 1.0);
    assert!(number("/journal/commit/count") > 0.0);
    let commit = |which: &str| number(&format!("/journal/commit/{which}_seconds"));
    assert!(commit("p50") <= commit("p99") && commit("max") > 0.0);
    assert_eq!(number("/journal/failed_commits"), 0.0);

    let arbiters = system["arbiters"].as_array().unwrap();
    let workers: f64 = arbiters
        .iter()
        .filter(|arbiter| arbiter["name"].as_str().unwrap().starts_with("delivery-"))
        .inspect(|arbiter| assert_eq!(arbiter["credits"]["all"], 2048, "{arbiter}"))
        .map(|arbiter| arbiter["actors"].as_f64().unwrap() - 1.0)
        .sum();
    assert_eq!(workers, 3.0, "a worker for each subscription");
    for name in ["root", "channels"] {
        let arbiter = named(&system["arbiters"], name);
        assert!(arbiter["actors"].as_f64().unwrap() >= 1.0 && arbiter["credits"].is_null());
    }
    for arbiter in arbiters {
        let share = arbiter["utilisation"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&share), "{arbiter}");
    }

    for (name, bound) in [
        ("journal.changes", 10_000.into()),
        ("journal.settlements", Value::Null),
        ("mailbox.Root", Value::Null),
    ] {
        assert_eq!(named(&system["queues"], name)["bound"], bound, "{name}");
    }
    for name in ["files", "connections", "disk", "memory"] {
        let limit = named(&system["limits"], name);
        let share = limit["share"].as_f64().unwrap();
        let (used, all) = (limit["used"].as_f64().unwrap(), limit["limit"].as_f64().unwrap());
        assert!((share - used / all).abs() < 1e-9 && share > 0.0 && share <= 1.0, "{limit}");
    }
    assert_eq!(named(&system["limits"], "connections")["limit"], 10_000);
    assert!(number("/http/requests_under_way") >= 1.0 && number("/http/connections") >= 1.0);
}

#[actix_web::test]
async fn a_thread_that_works_is_seen_to() {
    let busy = Busy::start().await;
    let share = |system: &Value, name: &str| {
        named(&system["arbiters"], name)["utilisation"].as_f64().unwrap_or(0.0)
    };
    // Root does the upkeep and wakes the supervisors, so that its thread is never quite at rest.
    eventually("the root's thread has been busy for some of the time", || async {
        let system = busy.get("/v1/observe/system").await;
        let share = share(&system, "root");
        (share > 0.0 && share < 0.9).then_some(())
    })
    .await;
}
