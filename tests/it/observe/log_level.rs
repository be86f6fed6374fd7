//! What is logged changes while the daemon runs: by the API, by SIGHUP, and by one after the other.

use std::fs;

use http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;

const LEVEL: &str = "/v1/observe/log/level";

fn configure(home: &Home, log: &str) {
    let text = format!("log_format = \"text\"\nlog = \"{log}\"\n");
    fs::write(home.path().join("fanfare.toml"), text).unwrap();
}

async fn start(log: &str) -> Daemon {
    let home = Home::new();
    configure(&home, log);
    let command = home.plain_command();
    home.start_with(command).await
}

async fn reload(daemon: &Daemon, times: usize) {
    daemon.signal(Signal::HUP);
    eventually("SIGHUP is heeded", || async {
        (daemon.log().matches("SIGHUP: ").count() == times).then_some(())
    })
    .await;
}

async fn level(daemon: &Daemon) -> (String, String) {
    let shown = daemon.call(Method::GET, LEVEL).send().await.json();
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    (text("filter"), text("configured"))
}

async fn set(daemon: &Daemon, body: Value) -> crate::harness::call::Answer {
    daemon.call(Method::PUT, LEVEL).json(&body).send().await
}

/// Makes a call; answers whether the log and its tail told of it.
async fn is_told(daemon: &Daemon) -> (bool, bool) {
    let answer = daemon.call(Method::GET, "/healthz").send().await;
    let id = answer.header("x-request-id").unwrap();
    // The line is written before the answer is.
    let in_log = daemon.log().lines().any(|line| line.contains(id) && line.contains("answered"));
    let tail = daemon.call(Method::GET, &format!("/v1/observe/log?request={id}")).send().await;
    let tail = tail.json()["lines"].clone();
    (in_log, tail.as_array().unwrap().iter().any(|line| line["message"] == "answered"))
}

fn pair(filter: &str, configured: &str) -> (String, String) {
    (filter.to_owned(), configured.to_owned())
}

#[actix_web::test]
async fn who_speaks_last_of_the_api_and_the_configuration_is_heeded_at_once() {
    let daemon = start("info").await;
    assert_eq!(level(&daemon).await, pair("info", "info"));
    assert_eq!(is_told(&daemon).await, (false, false));

    let answer = set(&daemon, json!({ "filter": "info,fanfare::http=debug" })).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.json()["filter"], "info,fanfare::http=debug");
    assert_eq!(is_told(&daemon).await, (true, true));

    // A SIGHUP that finds the same `log` says nothing about it.
    reload(&daemon, 1).await;
    assert_eq!(level(&daemon).await, pair("info,fanfare::http=debug", "info"));
    assert_eq!(is_told(&daemon).await, (true, true));

    configure(daemon.home(), "warn,fanfare::daemon=info");
    reload(&daemon, 2).await;
    let configured = "warn,fanfare::daemon=info";
    assert_eq!(level(&daemon).await, pair(configured, configured));
    assert_eq!(is_told(&daemon).await, (false, false));

    set(&daemon, json!({ "filter": "debug" })).await;
    assert_eq!(is_told(&daemon).await, (true, true));
    set(&daemon, json!({ "filter": "off" })).await;
    assert_eq!(is_told(&daemon).await, (false, false));
}

#[actix_web::test]
async fn what_is_no_filter_is_named_and_changes_nothing_and_what_is_one_is_written_down() {
    let daemon = start("info").await;
    let long = "x".repeat(1001);
    for (body, named) in [
        (json!({ "filter": "loud" }), "\"loud\""),
        (json!({ "filter": "info,fanfare::http=debg" }), "\"fanfare::http=debg\""),
        (json!({ "filter": long }), "1001 bytes"),
        (json!({ "filter": 7 }), "string"),
        (json!({ "level": "info" }), "level"),
        (json!({}), "filter"),
    ] {
        let answer = set(&daemon, body.clone()).await;
        let problem = answer.json();
        assert_eq!(answer.status, 422, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{body}: {problem}");
    }
    assert_eq!(level(&daemon).await, pair("info", "info"));
    let audit = || async {
        let audit = daemon.call(Method::GET, "/v1/observe/audit").send().await.json();
        let items = audit["items"].as_array().unwrap().clone();
        items.iter().map(|it| (it["act"].clone(), it["target"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(audit().await, [], "nothing was done");
    // Acting is off, and this is not behind it.
    assert_eq!(set(&daemon, json!({ "filter": "warn" })).await.status, 200);
    assert_eq!(audit().await, [(json!("log-level"), json!("warn"))]);
}
