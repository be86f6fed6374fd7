//! A node is drained and resumed: what is under way is settled, nothing new starts, and nothing is lost.

use http::Method;
use serde_json::json;

use super::{act, daemon, join};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

const MEMBERS: usize = 60;

/// Asked again, a drain says how many are left.
async fn settled(daemon: &Daemon) {
    eventually("what is under way is settled", || async {
        let said = act(daemon, "/v1/observe/drain", None).await;
        (said["under_way"] == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_drained_node_settles_what_is_under_way_begins_nothing_and_goes_on_when_it_is_resumed() {
    let service = PushService::start();
    let daemon = daemon(Home::new(), &service).await;
    let browsers: Vec<_> = (0..MEMBERS).map(|_| Browser::new()).collect();
    let names = daemon.crowd(&service, "news", &browsers).await;
    service.answer_all(Answer::Hold);
    let first = daemon.notify("news", "first").await;
    service.wait_for(MEMBERS).await;
    let said = act(&daemon, "/v1/observe/drain", None).await;
    assert_eq!(said, json!({ "draining": true, "under_way": MEMBERS }));
    service.release_all();
    service.answer_all(Answer::status(201));
    settled(&daemon).await;
    assert_eq!(daemon.finished(&first).await["outcomes"]["accepted"], MEMBERS);

    let second = daemon.notify("news", "second").await;
    let ready = daemon.call(Method::GET, "/readyz").send().await;
    assert_eq!(ready.status, 503);
    let parts = json!({ "store": "ok", "tree": "ok", "delivery": "draining" });
    assert_eq!(ready.json()["parts"], parts);
    assert_eq!(daemon.call(Method::GET, "/healthz").send().await.status, 200);
    let seen = daemon.call(Method::GET, "/v1/observe").send().await.json();
    assert_eq!(seen["draining"], true, "{seen}");
    let warnings = daemon.call(Method::GET, "/v1/observe/warnings").send().await.json();
    let warned = warnings["items"].as_array().unwrap().iter();
    assert_eq!(warned.filter(|item| item["code"] == "draining").count(), 1, "{warnings}");
    let test = format!("/v1/subscriptions/{}/test", names[0]);
    let test = daemon.call(Method::POST, &test).send().await;
    assert_eq!(test.status, 503, "{:?}", test.body);
    assert!(test.json()["detail"].as_str().unwrap().contains("drained"), "{:?}", test.body);
    assert_eq!(service.requests(), MEMBERS as u64, "nothing has begun");

    let said = act(&daemon, "/v1/observe/resume", None).await;
    assert_eq!(said["draining"], false);
    assert_eq!(daemon.finished(&second).await["outcomes"]["accepted"], MEMBERS);
    assert_eq!(service.requests(), 2 * MEMBERS as u64, "each once");
    assert_eq!(daemon.call(Method::GET, "/readyz").send().await.status, 200);
}

#[actix_web::test]
async fn a_failure_during_a_drain_is_tried_again_when_the_node_is_resumed() {
    let service = PushService::start();
    let daemon = daemon(Home::new(), &service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    service.answer("it", [Answer::Hold, Answer::status(500), Answer::status(201)]);
    let first = daemon.notify("news", "first").await;
    service.wait_for(1).await;
    act(&daemon, "/v1/observe/drain", None).await;
    service.release_all();
    settled(&daemon).await;
    let second = daemon.notify("news", "second").await;
    assert_eq!(daemon.finished(&first).await["outcomes"]["accepted"], 1);
    act(&daemon, "/v1/observe/resume", None).await;
    assert_eq!(daemon.finished(&second).await["outcomes"]["accepted"], 1);
    assert_eq!(service.requests(), 3, "the second was tried twice");
}

#[actix_web::test]
async fn a_drained_node_ends_when_it_is_told_to() {
    let service = PushService::start();
    let daemon_ = daemon(Home::new(), &service).await;
    daemon_.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    act(&daemon_, "/v1/observe/drain", None).await;
    let id = daemon_.notify("news", "text").await;
    daemon_.terminate();
    let (status, home) = daemon_.ended().await;
    assert!(status.success(), "{status}");
    assert_eq!(service.requests(), 0);
    let daemon_ = daemon(home, &service).await;
    assert_eq!(daemon_.finished(&id).await["outcomes"]["accepted"], 1);
}

#[actix_web::test]
async fn a_channel_that_pauses_during_a_drain_pauses_after_it() {
    let service = PushService::start();
    let daemon = daemon(Home::new(), &service).await;
    join(&daemon, &Browser::new(), &service.endpoint("it")).await;
    act(&daemon, "/v1/observe/drain", None).await;
    // It stands before the drain when its channel pauses.
    let news = daemon.notify("news", "news").await;
    let body = Some(json!({ "channel": "news" }));
    act(&daemon, "/v1/observe/channels/pause", body.clone()).await;
    let other = daemon.notify("other", "other").await;
    act(&daemon, "/v1/observe/resume", None).await;
    assert_eq!(daemon.finished(&other).await["outcomes"]["accepted"], 1);
    assert_eq!(service.requests(), 1);
    act(&daemon, "/v1/observe/channels/resume", body).await;
    assert_eq!(daemon.finished(&news).await["outcomes"]["accepted"], 1);
    assert_eq!(service.requests(), 2);
}
