//! SIGHUP: the configuration is read again, and what can change while the daemon runs does.

use std::fs;
use std::process::Command;

use http::Method;
use rustix::process::Signal;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

const SUBSCRIBE: &str = "/v1/channels/news/subscriptions";

/// Writes `fanfare.toml`, which a daemon of that home finds.
fn configure(home: &Home, service: &PushService, text: &str) {
    let text = text
        .replace("SERVICE", service.authority())
        .replace("CA", service.ca_file().to_str().unwrap());
    fs::write(home.path().join("fanfare.toml"), format!("log_format = \"text\"\n{text}")).unwrap();
}

async fn start(service: &PushService, text: &str) -> Daemon {
    let home = Home::new();
    configure(&home, service, text);
    let command = home.plain_command();
    home.start_with(command).await
}

/// Sends SIGHUP, and waits until the daemon has said `words`.
async fn reload(daemon: &Daemon, words: &str) {
    daemon.signal(Signal::HUP);
    let what = format!("the log says {words}");
    eventually(&what, || async { daemon.log().contains(words).then_some(()) }).await;
}

async fn subscribe(daemon: &Daemon, endpoint: &str) -> u16 {
    subscribe_to(daemon, SUBSCRIBE, endpoint).await
}

async fn subscribe_to(daemon: &Daemon, path: &str, endpoint: &str) -> u16 {
    let body = Browser::new().subscription_json(endpoint);
    daemon.call(Method::POST, path).json(&body).send().await.status.as_u16()
}

#[actix_web::test]
async fn what_may_be_reached_changes_for_the_door_and_for_the_way_out() {
    let service = PushService::start();
    let closed = "[egress]\nca_file = \"CA\"\n";
    let open = "[egress]\nca_file = \"CA\"\nallow = [\"SERVICE\"]\n";
    let daemon = start(&service, closed).await;
    assert_eq!(subscribe(&daemon, &service.endpoint("first")).await, 422);

    configure(daemon.home(), &service, open);
    let changed = format!("changed egress.allow = [\"{}\"] (was [])", service.authority());
    reload(&daemon, &changed).await;
    assert_eq!(subscribe(&daemon, &service.endpoint("first")).await, 201);
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);

    configure(daemon.home(), &service, closed);
    reload(&daemon, "changed egress.allow = [] (was ").await;
    assert_eq!(subscribe(&daemon, &service.endpoint("second")).await, 422);
    let id = daemon.notify("news", "text").await;
    let status = daemon.finished(&id).await;
    assert_eq!(status["outcomes"]["accepted"], 0, "nor is it pushed to: {status}");
}

#[actix_web::test]
async fn the_log_the_contact_the_limits_and_the_patience_change_at_once() {
    let service = PushService::start();
    let text = "[egress]\nca_file = \"CA\"\nallow = [\"SERVICE\"]\n";
    let daemon = start(&service, &format!("retention = \"2days\"\n{text}")).await;
    let apple = "https://web.push.apple.com/QGk";
    assert_eq!(subscribe(&daemon, apple).await, 409);
    assert_eq!(subscribe(&daemon, &service.endpoint("it")).await, 201);
    assert!(!daemon.log().contains("answered"), "at info it does not say so");

    let more = "log = \"debug\"\nvapid_subject = \"mailto:ops@example.org\"\nretention = \"3days\"\n\
                public_url = \"https://push.example.org\"\ndrain_deadline = \"1m\"\n";
    let limits = "[limits]\nsubscribe_per_address = 1\n[delivery]\nmax_attempts = 1\n";
    configure(daemon.home(), &service, &format!("{more}{text}{limits}"));
    reload(&daemon, "SIGHUP: changed public_url = \"https://push.example.org\" (was unset)").await;
    eventually("requests are logged", || async {
        daemon.call(Method::GET, "/healthz").send().await;
        daemon.log().contains("answered").then_some(())
    })
    .await;
    // In a channel of its own: nobody reaches Apple from here, and how that is counted is another story.
    let apples = "/v1/channels/apple/subscriptions";
    let subscribed = subscribe_to(&daemon, apples, apple).await;
    assert_eq!(subscribed, 201, "there is a contact now");
    let strangers = [
        subscribe_as_a_stranger(&daemon, &service.endpoint("stranger")).await,
        subscribe_as_a_stranger(&daemon, &service.endpoint("other")).await,
    ];
    assert_eq!(strangers, [201, 429]);
    service.answer("it", [Answer::status(500), Answer::status(201)]);
    let id = daemon.notify("news", "text").await;
    eventually("one attempt is all", || async {
        let status = daemon.call(Method::GET, &format!("/v1/notifications/{id}")).send().await;
        (status.json()["outcomes"]["rejected"] == 1).then_some(())
    })
    .await;
    assert_eq!(service.log_of("it").len(), 1);
    let problem = daemon.call(Method::GET, "/nowhere").send().await.json();
    assert!(
        problem["type"].as_str().unwrap().starts_with("https://push.example.org/"),
        "{problem}"
    );
}

async fn subscribe_as_a_stranger(daemon: &Daemon, endpoint: &str) -> u16 {
    let body = Browser::new().subscription_json(endpoint);
    let path = "/v1/channels/demo/subscriptions";
    daemon.call_of_anybody(Method::POST, path).json(&body).send().await.status.as_u16()
}

#[actix_web::test]
async fn a_file_that_is_wrong_changes_nothing_and_is_told_in_check_configs_words() {
    let service = PushService::start();
    let good = "log = \"info\"\n[egress]\nca_file = \"CA\"\nallow = [\"SERVICE\"]\n";
    let daemon = start(&service, good).await;
    for bad in [
        "log = \"debug\"\nlisten = = 3\n",
        "log = \"debug\"\nlistn = \"127.0.0.1:1\"\n",
        "log = \"debug\"\n[egress]\nallow = [\"nonsense\"]\n",
        "log = \"debug\"\n[delivery]\nretry_min = \"2h\"\n",
    ] {
        configure(daemon.home(), &service, bad);
        let checked = Command::new(env!("CARGO_BIN_EXE_fanfare"))
            .arg("check-config")
            .current_dir(daemon.home().path())
            .output()
            .unwrap();
        assert_eq!(checked.status.code(), Some(2));
        let words = String::from_utf8(checked.stderr).unwrap();
        let words = words.trim().strip_prefix("error: ").unwrap();
        reload(&daemon, &format!("SIGHUP: nothing was changed: {words}")).await;
        assert_eq!(
            subscribe(&daemon, &service.endpoint(bad.len().to_string().as_str())).await,
            201
        );
    }
    assert!(!daemon.log().contains("answered"), "the log is what it was");
    fs::remove_file(daemon.home().path().join("fanfare.toml")).unwrap();
    fs::create_dir(daemon.home().path().join("fanfare.toml")).unwrap();
    reload(&daemon, "fanfare.toml cannot be read; check the path and its permissions").await;
    assert_eq!(daemon.call(Method::GET, "/readyz").send().await.status, 200);
}

#[actix_web::test]
async fn what_needs_a_restart_is_named_with_both_values_and_no_secret_is() {
    let service = PushService::start();
    let home = Home::new();
    let key = home.path().join("key");
    let (earlier, later) =
        ("fk_0123456789abcdef0123456789abcdef", "fk_fedcba9876543210fedcba9876543210");
    fs::write(&key, earlier).unwrap();
    configure(&home, &service, "");
    let mut command = home.plain_command();
    command.env_remove("FANFARE_BOOTSTRAP_KEY").env("FANFARE_BOOTSTRAP_KEY_FILE", &key);
    let daemon = home.start_with(command).await;
    let list = |key| daemon.call_of_anybody(Method::GET, "/v1/channels").bearer(key).send();
    assert_eq!(
        (list(earlier).await.status, list(later).await.status.as_u16()),
        (http::StatusCode::OK, 401)
    );

    fs::write(&key, later).unwrap();
    configure(daemon.home(), &service, "workers = 7\nlog = \"warn\"\n[limits]\nconnections = 77\n");
    reload(&daemon, "these hold from the next start: ").await;
    let log = daemon.log();
    assert!(log.contains("workers = 7 (runs with "), "{log}");
    assert!(log.contains("limits.connections = 77 (runs with 10000)"), "{log}");
    eventually("the other key opens", || async { (list(later).await.status == 200).then_some(()) })
        .await;
    assert_eq!(list(earlier).await.status, 401);
    assert!(!log.contains(earlier) && !log.contains(later), "{log}");

    // The same again says again what waits for a restart, and nothing else.
    daemon.signal(Signal::HUP);
    eventually("it is said again", || async {
        (daemon.log().matches("these hold from the next start").count() == 2).then_some(())
    })
    .await;
    assert_eq!(daemon.log().matches("changed ").count(), 0, "info is not logged any more");
}

#[actix_web::test]
async fn a_drain_waits_for_as_long_as_the_configuration_says_now() {
    let service = PushService::start();
    let text = "[egress]\nca_file = \"CA\"\nallow = [\"SERVICE\"]\n";
    let daemon = start(&service, &format!("drain_deadline = \"1h\"\n{text}")).await;
    assert_eq!(subscribe(&daemon, &service.endpoint("it")).await, 201);
    service.answer_all(Answer::Hold);
    daemon.notify("news", "text").await;
    service.wait_for(1).await;
    configure(daemon.home(), &service, &format!("drain_deadline = \"10ms\"\n{text}"));
    reload(&daemon, "changed drain_deadline = \"10ms\" (was \"1h\")").await;
    daemon.terminate();
    let (status, home) = daemon.ended().await;
    assert_eq!(status.code(), Some(1));
    let said = "drain_deadline (10ms) is over: 1 deliveries and 0 requests to the API were cut off";
    assert!(home.log().contains(said), "{}", home.log());
    service.release_all();
}

#[actix_web::test]
async fn demo_is_public_or_not_as_the_file_says() {
    let service = PushService::start();
    let daemon = start(&service, "demo = false\n[egress]\nallow = [\"SERVICE\"]\n").await;
    assert_eq!(subscribe_as_a_stranger(&daemon, &service.endpoint("it")).await, 401);
    configure(daemon.home(), &service, "demo = true\n[egress]\nallow = [\"SERVICE\"]\n");
    reload(&daemon, "changed demo = true (was false)").await;
    assert_eq!(subscribe_as_a_stranger(&daemon, &service.endpoint("it")).await, 201);
}
