//! Scheduled notifications as the API shows them.

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::store::Store;
use serde_json::{Value, json};

use super::HOUR;
use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::house::now;

const PUBLISH: &str = "/v1/channels/demo/notifications";

fn body(send_at: Timestamp) -> Value {
    json!({ "notification": { "title": "Tea" }, "ttl": 60, "send_at": send_at.to_rfc3339() })
}

#[actix_web::test]
async fn it_is_accepted_looked_up_listed_and_taken_back() {
    let api = Api::start().await;
    let subscription = Browser::new().subscription_json("https://push.example.org/1");
    let subscribe = api.post("/v1/channels/demo/subscriptions").bearer(KEY);
    assert_eq!(subscribe.json(&subscription).send().await.status, 201);
    let at = now() + HOUR;
    let accepted = api.post(PUBLISH).bearer(KEY).json(&body(at)).send().await;
    assert_eq!(accepted.status, 202);
    let first = accepted.json();
    assert_eq!((&first["seq"], &first["recipients"]), (&Value::Null, &Value::Null));
    assert_eq!(first["channel"], "demo");
    let location = accepted.header("location").unwrap();

    let status = api.get(location).bearer(KEY).send().await.json();
    assert_eq!(status["state"], "scheduled");
    assert_eq!((&status["seq"], &status["recipients"]), (&Value::Null, &Value::Null));
    assert_eq!(status["send_at"], at.to_rfc3339());
    assert_eq!(status["expires"], (at + Duration::from_secs(60)).to_rfc3339());
    let failures = api.get(&format!("{location}/failures")).bearer(KEY).send().await.json();
    assert_eq!(failures, json!({ "items": [], "truncated": false }));

    let channel = api.get("/v1/channels/demo").bearer(KEY).send().await.json();
    assert_eq!((&channel["head"], &channel["scheduled"]), (&json!(0), &json!(1)));
    let log = api.get(PUBLISH).bearer(KEY).send().await.json();
    assert_eq!(log["items"], json!([]), "it is in no log yet");
    let waiting = api.get(&format!("{PUBLISH}?state=scheduled")).bearer(KEY).send().await.json();
    assert_eq!(waiting["items"], json!([status]));

    for _ in 0..2 {
        let cancelled = api.delete(location).bearer(KEY).send().await.json();
        assert_eq!((&cancelled["state"], &cancelled["seq"]), (&json!("cancelled"), &Value::Null));
        assert_eq!(cancelled["recipients"], 0);
    }
    let waiting = api.get(&format!("{PUBLISH}?state=scheduled")).bearer(KEY).send().await.json();
    assert_eq!(waiting["items"], json!([]));
    api.stop().await;
}

#[actix_web::test]
async fn it_is_counted_once_and_keeps_its_send_at_after_it_went_out() {
    let api = Api::start().await;
    let at = now() + HOUR;
    let accepted = api.post(PUBLISH).bearer(KEY).json(&body(at)).send().await;
    let count = || api.state.metrics.encode().contains("notifications_accepted_total 1\n");
    assert!(count());
    let location = accepted.header("location").unwrap();
    let before = api.get(location).bearer(KEY).send().await.json();
    api.store.upkeep(at, 10).await.unwrap();
    let after = api.get(location).bearer(KEY).send().await.json();
    assert_eq!((&after["state"], &after["seq"]), (&json!("done"), &json!(1)));
    for kept in ["id", "created", "expires", "send_at"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert!(count(), "it was accepted once");
    let log = api.get(PUBLISH).bearer(KEY).send().await.json();
    assert_eq!(log["items"], json!([after]));
    api.stop().await;
}

#[actix_web::test]
async fn the_past_is_now_and_more_than_28_days_are_refused() {
    let api = Api::start().await;
    let days = |days: u32| Duration::from_secs(24 * 3600) * days;
    let past = api.post(PUBLISH).bearer(KEY).json(&body(now() - HOUR)).send().await;
    assert_eq!((past.status.as_u16(), &past.json()["seq"]), (202, &json!(1)));
    let status = api.get(past.header("location").unwrap()).bearer(KEY).send().await.json();
    assert_eq!((&status["send_at"], &status["state"]), (&Value::Null, &json!("done")));
    let far = api.post(PUBLISH).bearer(KEY).json(&body(now() + days(28) - HOUR)).send().await;
    assert_eq!(far.status, 202);
    let too_far = api.post(PUBLISH).bearer(KEY).json(&body(now() + days(28) + HOUR)).send().await;
    assert_eq!(too_far.status, 422);
    assert_eq!(too_far.json()["errors"][0]["pointer"], "#/send_at");
    api.stop().await;
}

#[actix_web::test]
async fn whatever_is_wrong_with_it_is_said_when_it_is_accepted() {
    let api = Api::start().await;
    let at = (now() + HOUR).to_rfc3339();
    for (wrong, status) in [
        (json!({ "raw": "x".repeat(3968) }), 413),
        (json!({ "raw": "x", "topic": "" }), 422),
        (json!({ "raw": "x", "ttl": -1 }), 422),
        (json!({ "raw": "x", "exclude": ["me"] }), 422),
        (json!({ "notification": { "navigate": "ftp://x" } }), 422),
    ] {
        let mut wrong = wrong;
        wrong["send_at"] = json!(at);
        let answer = api.post(PUBLISH).bearer(KEY).json(&wrong).send().await;
        assert_eq!(answer.status.as_u16(), status, "{wrong}");
    }
    let listed = api.get(&format!("{PUBLISH}?state=scheduled")).bearer(KEY).send().await.json();
    assert_eq!(listed["items"], json!([]));
    api.stop().await;
}

#[actix_web::test]
async fn the_list_of_those_that_wait_has_pages_and_refuses_what_it_does_not_know() {
    let api = Api::start().await;
    let at = now() + HOUR;
    for minutes in [3, 1, 2] {
        let at = at + Duration::from_secs(60) * minutes;
        api.post(PUBLISH).bearer(KEY).json(&body(at)).send().await;
    }
    let list = async |query: &str| api.get(&format!("{PUBLISH}?{query}")).bearer(KEY).send().await;
    let first = list("state=scheduled&limit=2").await.json();
    let next = format!("state=scheduled&limit=2&cursor={}", first["next"].as_str().unwrap());
    let second = list(&next).await.json();
    let times: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| item["send_at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((times.len(), times.is_sorted(), &second["next"]), (3, true, &Value::Null));
    for wrong in ["state=done", "state=scheduled&cursor=7", "state=scheduled&cursor=x.ntf_y"] {
        assert_eq!(list(wrong).await.status, 400, "{wrong}");
    }
    api.stop().await;
}
