//! Out and in again with one's place in the log: what is open goes on, and every sum stays exact.

use http::Method;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::push_service::{Answer, PushService};

/// The subscription leaves `news`.
async fn leave_news(daemon: &Daemon, subscription: &Value) {
    let id = subscription["id"].as_str().unwrap();
    let path = format!("/v1/channels/news/subscriptions/{id}");
    assert_eq!(daemon.call(Method::DELETE, &path).send().await.status, 204);
}

/// Of two in the channel, one left and came back.
fn is_one_recipient_more(status: &Value) {
    assert_eq!(status["recipients"], 3, "two, and one of them once more: {status}");
    assert_eq!(status["outcomes"]["accepted"], 2, "{status}");
    assert_eq!(status["outcomes"]["unsubscribed"], 1, "{status}");
}

#[actix_web::test]
async fn who_comes_back_by_an_export_gets_what_is_open_since_and_is_counted_once_more() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers = [Browser::new(), Browser::new()];
    let first = daemon.subscribe(&browsers[0], &service.endpoint("one"), "news").await;
    daemon.subscribe(&browsers[1], &service.endpoint("two"), "news").await;
    let settled = daemon.notify("news", "before").await;
    daemon.finished(&settled).await;
    service.answer_all(Answer::Hold);
    let open = daemon.notify("news", "open").await;
    let body = json!({ "notification": { "body": "not for one" }, "exclude": [first["id"]] });
    let answer =
        daemon.call(Method::POST, "/v1/channels/news/notifications").json(&body).send().await;
    let excluding = answer.json()["id"].as_str().unwrap().to_owned();
    service.wait_for(4).await;

    let list = daemon.home().beside("list.jsonl");
    daemon.fanfare(&["export", "--channel", "news", &list]);
    let lines: Vec<Value> = std::fs::read_to_string(&list)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let places: Vec<_> = lines.iter().map(|line| &line["channels"][0]["done_seq"]).collect();
    assert_eq!(places, [&json!(1), &json!(1)]);
    assert_eq!(lines[0]["id"], first["id"]);

    leave_news(&daemon, &first).await;
    let told = daemon.fanfare(&["import", &list]);
    assert_eq!(told, "0 new, 1 already there, 1 known and in a channel more, or changed\n");
    let told = daemon.fanfare(&["import", &list]);
    assert_eq!(told, "0 new, 2 already there\n");
    service.answer_all(Answer::status(201));
    service.release_all();

    is_one_recipient_more(&daemon.finished(&open).await);
    let status = daemon.finished(&excluding).await;
    assert_eq!((&status["recipients"], &status["outcomes"]["accepted"]), (&json!(1), &json!(1)));
    let status = daemon.finished(&settled).await;
    assert_eq!(status["recipients"], 2, "what had ended is what it was: {status}");
    let log = service.log_of("one");
    let texts = log.iter().map(|request| {
        let body = browsers[0].decrypt_json(&request.body);
        body["notification"]["body"].as_str().unwrap().to_owned()
    });
    let texts: Vec<_> = texts.collect();
    assert!(texts.contains(&"open".to_owned()) && !texts.contains(&"not for one".to_owned()));
}

#[actix_web::test]
async fn a_place_in_another_life_of_the_channel_means_nothing() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("one"), "news").await;
    let list = daemon.home().beside("list.jsonl");
    daemon.fanfare(&["export", &list]);
    daemon.fanfare(&["channel", "delete", "news"]);
    daemon.subscribe(&Browser::new(), &service.endpoint("two"), "news").await;
    service.answer_all(Answer::Hold);
    let open = daemon.notify("news", "open").await;
    let told = daemon.fanfare(&["import", &list]);
    assert_eq!(told, "0 new, 0 already there, 1 known and in a channel more, or changed\n");
    service.answer_all(Answer::status(201));
    service.release_all();
    assert_eq!(daemon.finished(&open).await["recipients"], 1);
    assert!(service.log_of("one").is_empty(), "it came at the head");
    let next = daemon.notify("news", "next").await;
    assert_eq!(daemon.finished(&next).await["recipients"], 2);
}

#[actix_web::test]
async fn an_entry_that_names_its_place_twice_is_one_recipient_more() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let first = daemon.subscribe(&Browser::new(), &service.endpoint("one"), "news").await;
    daemon.subscribe(&Browser::new(), &service.endpoint("two"), "news").await;
    service.answer_all(Answer::Hold);
    let open = daemon.notify("news", "open").await;
    service.wait_for(2).await;
    let list = daemon.home().beside("list.jsonl");
    daemon.fanfare(&["export", &list]);
    let text = std::fs::read_to_string(&list).unwrap();
    let mut line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let place = line["channels"][0].clone();
    line["channels"] = json!([place, place]);
    std::fs::write(&list, line.to_string()).unwrap();

    leave_news(&daemon, &first).await;
    let told = daemon.fanfare(&["import", &list]);
    assert_eq!(told, "0 new, 0 already there, 1 known and in a channel more, or changed\n");
    service.answer_all(Answer::status(201));
    service.release_all();
    is_one_recipient_more(&daemon.finished(&open).await);
}
