//! kill -9 at the moments that matter: what was answered holds, and nothing is sent that was taken back.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{SECOND, end_waits, in_an_hour};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::{eventually, now};
use crate::harness::push_service::{Answer, PushService};

async fn publish(daemon: &Daemon, body: &Value) -> String {
    let path = "/v1/channels/news/notifications";
    let answer = daemon.call(Method::POST, path).json(body).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn status(daemon: &Daemon, id: &str) -> Value {
    daemon.call(Method::GET, &format!("/v1/notifications/{id}")).send().await.json()
}

async fn cancel(daemon: &Daemon, id: &str) {
    let path = format!("/v1/notifications/{id}");
    assert_eq!(daemon.call(Method::DELETE, &path).send().await.status, StatusCode::OK);
}

/// When every delivery of it has its outcome: these, and no other; they sum to the recipients.
async fn ends(daemon: &Daemon, id: &str, expected: &Value) {
    let ended = || async {
        let status = status(daemon, id).await;
        let is_over = ["done", "cancelled"].contains(&status["state"].as_str().unwrap());
        (is_over && status["outcomes"]["pending"] == 0).then_some(status)
    };
    let status = eventually(&format!("{id} has ended"), ended).await;
    let mut outcomes = status["outcomes"].as_object().unwrap().clone();
    let sum: i64 = outcomes.values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(Some(sum), status["recipients"].as_i64(), "{status}");
    outcomes.retain(|_, count| *count != 0);
    assert_eq!(&Value::from(outcomes), expected, "{status}");
}

fn bodies(service: &PushService, browser: &Browser) -> Vec<String> {
    let read = |body: &[u8]| String::from_utf8(browser.decrypt(body)).unwrap();
    service.log_of("it").iter().map(|request| read(&request.body)).collect()
}

#[actix_web::test]
async fn what_was_scheduled_goes_out_at_its_time_and_what_was_due_meanwhile_at_once_or_has_expired()
{
    let service = PushService::start();
    let browser = Browser::new();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let soon = now() + SECOND;
    let at = |time: fanfare::clock::Timestamp| json!(time.to_rfc3339());
    let later = json!({ "raw": "later", "send_at": at(soon + 3600 * SECOND) });
    let later = publish(&daemon, &later).await;
    let taken_back = json!({ "raw": "taken back", "send_at": at(soon + 3600 * SECOND) });
    let taken_back = publish(&daemon, &taken_back).await;
    cancel(&daemon, &taken_back).await;
    let short = publish(&daemon, &json!({ "raw": "short", "ttl": 1, "send_at": at(soon) })).await;
    let missed = publish(&daemon, &json!({ "raw": "missed", "send_at": at(soon) })).await;
    let home = daemon.kill();
    let over = || async { (now() > soon + SECOND).then_some(()) };
    eventually("the short one's time is over", over).await;

    let daemon = home.start(&service).await;
    ends(&daemon, &missed, &json!({ "accepted": 1 })).await;
    ends(&daemon, &taken_back, &json!({})).await;
    // It may have gone out before the kill, if that took so long.
    let short_went = bodies(&service, &browser).contains(&"short".to_owned());
    ends(&daemon, &short, &json!({ if short_went { "accepted" } else { "expired" }: 1 })).await;
    assert_eq!(status(&daemon, &later).await["state"], "scheduled");
    let soon = now() + SECOND;
    let goes = publish(&daemon, &json!({ "raw": "goes", "send_at": at(soon) })).await;
    ends(&daemon, &goes, &json!({ "accepted": 1 })).await;
    assert!(now() >= soon);
    let mut sent = bodies(&service, &browser);
    sent.retain(|text| text != "short");
    sent.dedup();
    assert_eq!(sent, ["missed", "goes"]);
}

#[actix_web::test]
async fn between_its_time_and_its_delivery_a_kill_repeats_it_at_most_once() {
    let service = PushService::start();
    let browser = Browser::new();
    service.answer("it", [Answer::Hold]);
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let soon = (now() + SECOND).to_rfc3339();
    let id = publish(&daemon, &json!({ "raw": "due", "send_at": soon })).await;
    service.wait_for(1).await;
    assert_eq!(status(&daemon, &id).await["seq"], 1);
    let home = daemon.kill();
    let daemon = home.start(&service).await;
    ends(&daemon, &id, &json!({ "accepted": 1 })).await;
    assert_eq!(bodies(&service, &browser), ["due", "due"]);
}

#[actix_web::test]
async fn a_cancel_and_a_newer_one_of_a_topic_that_were_answered_hold() {
    let service = PushService::start();
    let browser = Browser::new();
    service.answer("it", [in_an_hour()]);
    let daemon = Home::new().start(&service).await;
    let subscribed = daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let first = publish(&daemon, &json!({ "raw": "waits for a retry" })).await;
    let path = format!("/v1/subscriptions/{}", subscribed["id"].as_str().unwrap());
    let waits = || async {
        let view = daemon.call(Method::GET, &path).send().await.json();
        (view["state"] == "waiting").then_some(())
    };
    eventually("the subscription waits", waits).await;
    let unsent = publish(&daemon, &json!({ "raw": "behind it" })).await;
    let old = publish(&daemon, &json!({ "raw": "old", "topic": "score" })).await;
    cancel(&daemon, &first).await;
    cancel(&daemon, &unsent).await;
    let new = publish(&daemon, &json!({ "raw": "new", "topic": "score" })).await;
    let home = daemon.kill();
    end_waits(&home.database());
    let daemon = home.start(&service).await;
    ends(&daemon, &new, &json!({ "accepted": 1 })).await;
    ends(&daemon, &old, &json!({ "superseded": 1 })).await;
    ends(&daemon, &first, &json!({ "cancelled": 1 })).await;
    ends(&daemon, &unsent, &json!({ "cancelled": 1 })).await;
    assert_eq!(bodies(&service, &browser), ["waits for a retry", "new"]);
}

#[actix_web::test]
async fn a_call_to_a_thousand_channels_that_was_answered_is_in_all_of_them() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "c999").await;
    let names: Vec<_> = (0..1000).map(|number| format!("c{number}")).collect();
    let body = json!({ "channels": names, "raw": "text" });
    let answer = daemon.call(Method::POST, "/v1/notifications").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let daemon = daemon.kill().start(&service).await;
    let channels = daemon.call(Method::GET, "/v1/channels?prefix=c&limit=1000").send().await;
    let channels = channels.json()["items"].as_array().unwrap().clone();
    assert_eq!(channels.len(), 1000);
    assert!(channels.iter().all(|channel| channel["head"] == 1));
    let last = answer.json()["items"][999]["id"].as_str().unwrap().to_owned();
    ends(&daemon, &last, &json!({ "accepted": 1 })).await;
}

#[actix_web::test]
async fn the_command_line_schedules_too() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let at = (now() + 3600 * SECOND).to_rfc3339();
    let said = daemon.fanfare(&["notify", "news", "Tea", "--send-at", &at]);
    assert!(said.contains(&format!("scheduled for {at} in news")), "{said}");
    let shown = daemon.fanfare(&["channel", "show", "news"]);
    assert!(shown.contains("scheduled: 1"), "{shown}");
}
