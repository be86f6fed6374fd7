//! What pauses pauses after `kill -9` too; what was drained is not.

use http::Method;
use serde_json::{Value, json};

use super::{act, daemon, join};
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::{Answer, PushService};

const MEMBERS: usize = 40;

#[actix_web::test]
async fn a_daemon_that_is_killed_while_a_channel_pauses_goes_on_pausing_it() {
    let service = PushService::start();
    let daemon_ = daemon(Home::new(), &service).await;
    for index in 0..MEMBERS {
        join(&daemon_, &Browser::new(), &service.endpoint(&index.to_string())).await;
    }
    service.answer_all(Answer::Hold);
    let first = daemon_.notify("news", "first").await;
    service.wait_for(MEMBERS).await;
    let body = Some(json!({ "channel": "news" }));
    act(&daemon_, "/v1/observe/channels/pause", body.clone()).await;
    let second = daemon_.notify("news", "second").await;
    let home = daemon_.kill();
    service.release_all();
    let asked = service.requests();

    service.answer_all(Answer::status(201));
    let daemon_ = daemon(home, &service).await;
    let other = daemon_.notify("other", "other").await;
    assert_eq!(daemon_.finished(&other).await["outcomes"]["accepted"], MEMBERS);
    assert_eq!(service.requests(), asked + MEMBERS as u64, "nothing of the paused one");
    let shown = daemon_.call(Method::GET, "/v1/channels/news").send().await.json();
    assert!(shown["paused"]["since"].is_string(), "{shown}");
    act(&daemon_, "/v1/observe/channels/resume", body).await;
    for id in [first, second] {
        assert_eq!(daemon_.finished(&id).await["outcomes"]["accepted"], MEMBERS);
    }
    let total = asked + 3 * MEMBERS as u64;
    assert_eq!(service.requests(), total, "what was in flight once more, the rest once");
    let audit = daemon_.call(Method::GET, "/v1/observe/audit").send().await.json();
    let acts = audit["items"].as_array().unwrap().iter();
    let acts: Vec<_> = acts.map(|item| (item["act"].clone(), item["target"].clone())).collect();
    let target = Value::from("default/news");
    let expected = [("resume-channel".into(), target.clone()), ("pause-channel".into(), target)];
    assert_eq!(acts, expected, "what was written before it was killed is there");
}

#[actix_web::test]
async fn a_drained_node_that_starts_anew_delivers() {
    let service = PushService::start();
    let daemon_ = daemon(Home::new(), &service).await;
    daemon_.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    act(&daemon_, "/v1/observe/drain", None).await;
    let id = daemon_.notify("news", "text").await;
    let daemon_ = daemon(daemon_.kill(), &service).await;
    assert_eq!(daemon_.finished(&id).await["outcomes"]["accepted"], 1);
    let seen = daemon_.call(Method::GET, "/v1/observe").send().await.json();
    assert_eq!(seen["draining"], false);
}
