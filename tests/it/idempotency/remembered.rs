//! What is remembered of a call, for how long, and what is not.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::store::Store;
use fanfare::store::directory::Scope;
use http::Method;
use serde_json::json;

use super::*;
use crate::harness::daemon::Home;
use crate::harness::house::{eventually, now};
use crate::harness::push_service::PushService;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn fine() -> (u16, Option<String>, bool) {
    (202, None, false)
}

fn replayed() -> (u16, Option<String>, bool) {
    (202, None, true)
}

fn reused() -> (u16, Option<String>, bool) {
    (422, Some("idempotency-key-reused".to_owned()), false)
}

#[actix_web::test]
async fn another_path_media_type_or_body_is_another_call() {
    let api = api().await;
    assert_eq!(end(&publish(&api, "k", "Tea").send().await), fine());
    let call = |path: &str| api.post(path).bearer(KEY).header("idempotency-key", "k");
    let others = [
        call("/v1/channels/other/notifications").text("text/plain", "Tea"),
        call(PUBLISH).text("application/x-www-form-urlencoded", "Tea"),
        call(PUBLISH).text("text/plain", "Coffee"),
        call(PUBLISH).text("text/plain", ""),
        call("/v1/notifications").json(&json!({ "channels": ["demo"], "raw": "Tea" })),
    ];
    for other in others {
        assert_eq!(end(&other.send().await), reused());
    }
    assert_eq!(end(&publish(&api, "k", "Tea").send().await), replayed());
    assert_eq!(log(&api).await.len(), 1);
    assert_eq!(api.get("/v1/channels/other").bearer(KEY).send().await.status, 404);
    api.stop().await;
}

#[actix_web::test]
async fn a_key_is_its_apps_own() {
    const THEIRS: &str = "fk_another-app-of-the-tests-0123456789abcdef";
    let api = api().await;
    let app = api.create_app("shop").await;
    api.create_key(app, THEIRS, &[Scope::Notify]).await;
    let first = publish(&api, "k", "Tea").send().await;
    let call = || api.post(PUBLISH).bearer(THEIRS).header("idempotency-key", "k");
    let theirs = call().text("text/plain", "Coffee").send().await;
    assert_eq!((end(&first), end(&theirs)), (fine(), fine()));
    assert_ne!(first.json()["id"], theirs.json()["id"]);
    assert_eq!(end(&call().text("text/plain", "Coffee").send().await), replayed());
    api.stop().await;
}

#[actix_web::test]
async fn a_key_has_1_to_255_bytes() {
    let api = api().await;
    let long = "k".repeat(256);
    for (key, status) in [(&long[..1], 202), (&long[..255], 202), (&long[..], 400), ("", 400)] {
        assert_eq!(publish(&api, key, "Tea").send().await.status, status, "{}", key.len());
    }
    api.stop().await;
}

#[actix_web::test]
async fn a_call_that_was_refused_is_not_remembered() {
    let api = api().await;
    let call = |body| {
        let call = api.post(PUBLISH).bearer(KEY).header("idempotency-key", "k");
        call.json(&body).send()
    };
    for (wrong, status) in [
        (json!({ "raw": "Tea", "ttl": -1 }), 422),
        (json!({ "raw": "x".repeat(5000) }), 413),
        (json!({ "raw": "Tea", "send_at": "2999-01-01T00:00:00Z" }), 422),
    ] {
        assert_eq!(call(wrong).await.status.as_u16(), status);
    }
    assert_eq!(end(&call(json!({ "raw": "Tea", "ttl": 1 })).await), fine());
    api.stop().await;
}

#[actix_web::test]
async fn a_call_that_could_not_be_stored_is_not_remembered() {
    let api = api().await;
    let file = api.database();
    let mut database = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    // The last thing that an accept writes: the notification itself is written by then.
    let breaks = "CREATE TRIGGER broken BEFORE INSERT ON idempotency \
                  BEGIN SELECT RAISE(ABORT, 'the disk of the test is broken'); END";
    database.batch_execute(breaks).unwrap();
    assert_eq!(publish(&api, "k", "Tea").send().await.status, 503);
    assert_eq!(log(&api).await.len(), 0, "all of it or nothing");
    database.batch_execute("DROP TRIGGER broken").unwrap();
    let stored = || async {
        let answer = publish(&api, "k", "Tea").send().await;
        (answer.status != 503).then_some(answer)
    };
    let answer = eventually("the store can be written again", stored).await;
    assert_eq!(end(&answer), fine());
    assert_eq!(log(&api).await.len(), 1);
    api.stop().await;
}

#[actix_web::test]
async fn it_is_remembered_for_a_day_also_when_its_notification_is_not() {
    let api = api().await;
    let first = publish(&api, "k", "Tea").send().await;
    let accepted = now();
    let mut database = SqliteConnection::establish(&api.database().to_string_lossy()).unwrap();
    database.batch_execute("DELETE FROM notification; UPDATE channel SET open = 0").unwrap();
    let location = first.header("location").unwrap();
    assert_eq!(api.get(location).bearer(KEY).send().await.status, 404);
    api.store.upkeep(accepted + DAY - Duration::from_secs(60), 100).await.unwrap();
    let again = publish(&api, "k", "Tea").send().await;
    assert_eq!((end(&again), again.json()), (replayed(), first.json()));
    api.store.upkeep(accepted + DAY + Duration::from_secs(1), 100).await.unwrap();
    let anew = publish(&api, "k", "Coffee").send().await;
    assert_eq!((end(&anew), &anew.json()["seq"]), (fine(), &json!(2)));
    api.stop().await;
}

#[actix_web::test]
async fn a_scheduled_ones_repeat_is_answered_as_it_was_also_after_it_went_out() {
    let api = api().await;
    let at = now() + Duration::from_secs(3600);
    let body = json!({ "raw": "Tea", "send_at": at.to_rfc3339() });
    let call = || {
        let call = api.post(PUBLISH).bearer(KEY).header("idempotency-key", "k");
        call.json(&body).send()
    };
    let first = call().await;
    assert_eq!((end(&first), &first.json()["seq"]), (fine(), &json!(null)));
    let again = call().await;
    assert_eq!((end(&again), again.json()), (replayed(), first.json()));
    api.store.upkeep(at, 100).await.unwrap();
    let again = call().await;
    assert_eq!((end(&again), again.json()), (replayed(), first.json()));
    assert_eq!(log(&api).await.len(), 1);
    api.stop().await;
}

#[actix_web::test]
async fn a_kill_right_after_the_answer_and_a_restart_forget_nothing() {
    let service = PushService::start();
    let mut daemon = Home::new().start(&service).await;
    let subscribed = Browser::new();
    daemon.subscribe(&subscribed, &service.endpoint("it"), "demo").await;
    let mut first = None;
    for expected in [fine(), replayed(), replayed()] {
        let call = daemon.call(Method::POST, PUBLISH).header("idempotency-key", "k");
        let answer = call.text("text/plain", "Tea").send().await;
        assert_eq!(end(&answer), expected);
        let body = answer.json();
        assert_eq!(first.get_or_insert_with(|| body.clone()), &body);
        daemon = daemon.kill().start(&service).await;
    }
    let call = daemon.call(Method::POST, PUBLISH).header("idempotency-key", "k");
    assert_eq!(end(&call.text("text/plain", "Coffee").send().await), reused());
    let log = daemon.call(Method::GET, PUBLISH).send().await.json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
    let id = first.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
}
