//! Publishing: what is accepted, and how it is looked up.

use http::Method;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;

const PUBLISH: &str = "/v1/channels/demo/notifications";

async fn subscribe(api: &Api, channel: &str, number: u8) -> String {
    let endpoint = format!("https://push.example.org/{number}");
    let path = format!("/v1/channels/{channel}/subscriptions");
    let body = Browser::new().subscription_json(&endpoint);
    let answer = api.post(&path).bearer(KEY).json(&body).send().await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn what_curl_sends_is_accepted_and_can_be_followed() {
    let api = Api::start().await;
    subscribe(&api, "demo", 1).await;
    let call = api.post(PUBLISH).bearer(KEY);
    let accepted = call.text("application/x-www-form-urlencoded", "Tea is ready").send().await;
    assert_eq!(accepted.status, 202);
    let body = accepted.json();
    assert_eq!(
        (&body["channel"], &body["seq"], &body["recipients"]),
        (&json!("demo"), &json!(1), &json!(1))
    );
    let location = accepted.header("location").unwrap();
    assert_eq!(location, format!("/v1/notifications/{}", body["id"].as_str().unwrap()));

    let status = api.get(location).bearer(KEY).send().await.json();
    assert_eq!(
        (&status["state"], &status["outcomes"]["pending"]),
        (&json!("delivering"), &json!(1))
    );
    let failures = api.get(&format!("{location}/failures")).bearer(KEY).send().await.json();
    assert_eq!(failures, json!({ "items": [], "truncated": false }));
    for _ in 0..2 {
        let cancelled = api.delete(location).bearer(KEY).send().await.json();
        assert_eq!(
            (&cancelled["state"], &cancelled["outcomes"]["cancelled"]),
            (&json!("cancelled"), &json!(1))
        );
    }
    let log = api.get(PUBLISH).bearer(KEY).send().await.json();
    assert_eq!(log["items"][0]["id"], body["id"]);
    api.stop().await;
}

#[actix_web::test]
async fn an_unknown_channel_is_an_empty_one() {
    let api = Api::start().await;
    let path = "/v1/channels/nobody%2Fhere/notifications";
    for body in ["Tea", ""] {
        let accepted = api.post(path).bearer(KEY).text("text/plain", body).send().await;
        assert_eq!(accepted.status, 202);
        assert_eq!(accepted.json()["recipients"], 0);
        let location = accepted.header("location").unwrap();
        let status = api.get(location).bearer(KEY).send().await.json();
        assert_eq!((&status["state"], &status["recipients"]), (&json!("done"), &json!(0)));
    }
    api.stop().await;
}

#[actix_web::test]
async fn several_channels_get_one_notification_each() {
    let api = Api::start().await;
    for (channel, number) in [("a", 1), ("b", 2)] {
        subscribe(&api, channel, number).await;
    }
    let body = json!({ "channels": ["a", "b", "a", "c"], "notification": { "title": "Tea" } });
    let accepted = api.post("/v1/notifications").bearer(KEY).json(&body).send().await;
    assert_eq!(accepted.status, 202);
    let items = accepted.json()["items"].as_array().cloned().unwrap();
    let shown: Vec<_> = items
        .iter()
        .map(|item| (item["channel"].as_str().unwrap(), item["recipients"].as_i64().unwrap()))
        .collect();
    assert_eq!(shown, [("a", 1), ("b", 1), ("c", 0)]);
    api.stop().await;
}

#[actix_web::test]
async fn the_device_that_caused_it_is_left_out() {
    let api = Api::start().await;
    let own = subscribe(&api, "demo", 1).await;
    subscribe(&api, "demo", 2).await;
    let body = json!({ "notification": { "title": "Tea" }, "exclude": [own] });
    let accepted = api.post(PUBLISH).bearer(KEY).json(&body).send().await.json();
    assert_eq!(accepted["recipients"], 1);
    api.stop().await;
}

#[actix_web::test]
async fn a_repeat_with_the_same_key_is_the_same_call() {
    let api = Api::start().await;
    subscribe(&api, "demo", 1).await;
    let publish = async |text: &'static str| {
        let call = api.post(PUBLISH).bearer(KEY).header("idempotency-key", "order-7");
        call.text("text/plain", text).send().await
    };
    let first = publish("Tea").await;
    let again = publish("Tea").await;
    assert_eq!((again.status.as_u16(), again.json()), (202, first.json()));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = publish("Coffee").await;
    assert_eq!(other.status, 422);
    assert!(other.json()["type"].as_str().unwrap().ends_with("#idempotency-key-reused"));
    let empty = api.post(PUBLISH).bearer(KEY).header("idempotency-key", "").text("text/plain", "x");
    assert_eq!(empty.send().await.status, 400);
    api.stop().await;
}

#[actix_web::test]
async fn channels_are_listed_page_by_page_and_deleted() {
    let api = Api::start().await;
    for (channel, number) in [("a:1", 1), ("a:2", 2), ("a%2F3", 3), ("b", 4)] {
        subscribe(&api, channel, number).await;
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = api.get("/v1/channels?prefix=a&limit=2").bearer(KEY).send().await.json();
    assert_eq!(names(&first), ["a/3", "a:1"]);
    let next = first["next"].as_str().unwrap();
    let path = format!("/v1/channels?prefix=a&limit=2&cursor={}", next.replace('/', "%2F"));
    let second = api.get(&path).bearer(KEY).send().await.json();
    assert_eq!((names(&second), &second["next"]), (vec!["a:2".to_owned()], &Value::Null));
    assert_eq!(api.get("/v1/channels?page=2").bearer(KEY).send().await.status, 400);

    let channel = "/v1/channels/a%2F3";
    assert_eq!(api.get(channel).bearer(KEY).send().await.json()["subscribers"], 1);
    assert_eq!(api.delete(channel).bearer(KEY).send().await.status, 204);
    assert_eq!(api.call(Method::DELETE, channel).bearer(KEY).send().await.status, 404);
    api.stop().await;
}
