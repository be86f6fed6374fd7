//! What an operator sees of a push service: what it answered, how fast, by which clock, with which tokens.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use fanfare::clock::{Clock, Timestamp};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::pausing::shown;
use crate::harness::api::{self, Api};
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::{eventually, now};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn the_page_counts_what_a_push_service_answers_and_shows_a_tokens_age_and_never_the_token() {
    let service = PushService::start();
    service.answer_with(|request| match request.token.as_str() {
        "0" | "1" => Answer::status(413),
        "2" => Answer::status(410),
        _ => Answer::status(201),
    });
    service.answer("3", [Answer::status(503), Answer::status(429).header("retry-after", "0")]);
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..20).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    let begun = now();
    let sent = daemon.notify("news", "text").await;
    let outcomes = &daemon.finished(&sent).await["outcomes"];
    assert_eq!((&outcomes["accepted"], &outcomes["too_large"]), (&json!(17), &json!(2)));
    // Alone, because a connection that is cut takes along what others have on it.
    let alone = Browser::new();
    daemon.subscribe(&alone, &service.endpoint("alone"), "alone").await;
    service.answer("alone", [Answer::Cut]);
    daemon.finished(&daemon.notify("alone", "text").await).await;

    let item = shown(&daemon, &service).await;
    let expected =
        json!({ "ok": 18, "client_error": 3, "throttled": 1, "server_error": 1, "none": 1 });
    assert_eq!((&item["answers"], &item["answers_recent"]), (&expected, &expected));
    assert_eq!((&item["state"], &item["paused"]), (&json!("open"), &Value::Null));
    let latency = &item["latency"];
    assert_eq!(latency["count"], 23);
    let (p50, p99) = (latency["p50_seconds"].as_f64().unwrap(), latency["p99_seconds"].as_f64());
    assert!(0.0 < p50 && Some(p50) <= p99 && p99 < Some(30.0), "{latency}");
    assert!(item["recent_seconds"].as_f64().unwrap() <= 120.0);
    let time = |value: &Value| Timestamp::parse_rfc3339(value.as_str().unwrap()).unwrap();
    assert!(time(&item["last_answer"]) >= begun);
    let [token] = item["vapid_tokens"].as_array().unwrap().as_slice() else { panic!("{item}") };
    let key = daemon.call(Method::GET, "/v1/push-key").send().await.json();
    assert_eq!((&token["key"], &token["app"]), (&key["id"], &json!("default")));
    assert!(time(&token["issued"]) >= begun);
    assert_eq!(time(&token["expires"]).since(time(&token["issued"])).as_secs(), 12 * 3600);
    assert!(token["age_seconds"].as_f64().unwrap() < 180.0);
    let text = item.to_string();
    for request in service.log() {
        let token = request.header("authorization").split(['=', ',']).nth(1).unwrap().to_owned();
        assert!(token.len() > 100 && !text.contains(&token) && !text.contains("/push/"));
    }
    eventually("the one who went is counted no more", || async {
        (shown(&daemon, &service).await["subscriptions"] == 20).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_push_service_whose_clock_is_an_hour_ahead_is_known_by_its_answers() {
    let service = PushService::start();
    service.answer_with(|_| {
        let date = Clock::System.now() + Duration::from_secs(3600);
        let date = UNIX_EPOCH + date.since(Timestamp::default());
        Answer::status(201).header("date", &httpdate::fmt_http_date(date))
    });
    let daemon = Home::new().start(&service).await;
    daemon.crowd(&service, "news", &[Browser::new()]).await;
    let item = eventually("three answers say so", || async {
        let sent = daemon.notify("news", "text").await;
        daemon.finished(&sent).await;
        let item = shown(&daemon, &service).await;
        item["clock_skew_seconds"].is_i64().then_some(item)
    })
    .await;
    let skew = item["clock_skew_seconds"].as_i64().unwrap();
    assert!((3599..=3601).contains(&skew), "{skew}");
    assert_eq!(item["alerts"][0]["code"], "clock_skew", "{item}");
    assert!(item["alerts"][0]["detail"].as_str().unwrap().contains("ahead of ours"));
}

#[actix_web::test]
async fn only_the_instances_admin_sees_it_and_only_where_acting_is_configured_may_it_pause() {
    let api = Api::start().await;
    let other = api.create_app("other").await;
    let key = "fk_admin-of-another-app-0123456789abcdef";
    api.create_key(other, key, &fanfare::store::directory::Scope::ALL).await;
    let path = "/v1/observe/push-services";
    assert_eq!(api.get(path).bearer(key).send().await.status, StatusCode::FORBIDDEN);
    let page = api.get(path).bearer(api::KEY).send().await;
    assert_eq!((page.status, page.json()), (StatusCode::OK, json!({ "items": [] })));
    let body = json!({ "origin": "https://push.example" });
    for act in ["pause", "resume"] {
        let refused = api.post(&format!("{path}/{act}")).bearer(api::KEY).json(&body).send().await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.json()["type"].as_str().unwrap().ends_with("acting-off"));
    }
    api.stop().await;
}

#[actix_web::test]
async fn only_a_push_service_that_is_known_can_be_paused() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.args(["--observe-acting", "true"]);
    let daemon = home.start_with(command).await;
    let origin = service.origin();
    let cases = BTreeMap::from([
        ("https://unknown.example".to_owned(), StatusCode::NOT_FOUND),
        (format!("{origin}/"), StatusCode::UNPROCESSABLE_ENTITY),
        ("fcm".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("http://push.example".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (origin.clone(), StatusCode::NOT_FOUND),
    ]);
    let pause = |origin: &str| {
        daemon
            .call(Method::POST, "/v1/observe/push-services/pause")
            .json(&json!({ "origin": origin }))
            .send()
    };
    for (origin, status) in &cases {
        assert_eq!(pause(origin).await.status, *status, "{origin}");
    }
    // One that somebody lives at is known, though nothing was ever sent there.
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    assert_eq!(pause(&origin).await.status, StatusCode::OK);
    let unnamed = daemon.call(Method::POST, "/v1/observe/push-services/pause").json(&json!({}));
    assert!(unnamed.send().await.status.is_client_error());
}
