//! A VAPID key's life: each subscription is signed for with the key that it was made with, whatever comes after it.

use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare::webpush::vapid::VapidKey;
use http::Method;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::push_service::{PushService, Recorded};

const KEYS: &str = "/control/vapid-keys";

/// The key that a request names, which is the one that has signed it, for this push service.
pub(crate) fn signed_with(service: &PushService, request: &Recorded) -> String {
    let (token, key) = request
        .header("authorization")
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .expect("the form of RFC 8292 §3");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[service.origin()]);
    let point = DecodingKey::from_ec_der(&URL_SAFE_NO_PAD.decode(key).unwrap());
    jsonwebtoken::decode::<Value>(token, &point, &validation).expect("a signature by that key");
    key.to_owned()
}

/// The key that browsers are told to subscribe with, and its tag.
async fn push_key(daemon: &Daemon) -> (String, String) {
    let answer = daemon.call_of_anybody(Method::GET, "/v1/push-key").send().await;
    let key = answer.json()["key"].as_str().unwrap().to_owned();
    (key, answer.header("etag").unwrap().to_owned())
}

/// Rotates as `fanfare vapid rotate` does.
async fn rotate(daemon: &Daemon) {
    let call = daemon.call_of_anybody(Method::POST, KEYS).json(&json!({ "current": true }));
    assert_eq!(call.send_on_control().await.status, 201);
}

/// How many subscriptions each key signs for, the oldest key first.
async fn uses(daemon: &Daemon) -> Vec<(String, bool, i64)> {
    let listed = daemon.call_of_anybody(Method::GET, KEYS).send_on_control().await.json();
    let read = |item: &Value| {
        let key = item["key"].as_str().unwrap().to_owned();
        (key, item["current"] == true, item["subscriptions"].as_i64().unwrap())
    };
    listed["items"].as_array().unwrap().iter().map(read).collect()
}

#[actix_web::test]
async fn each_subscription_is_signed_for_with_the_key_that_it_was_made_with() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..3).map(|_| Browser::new()).collect();
    let (first, first_tag) = push_key(&daemon).await;
    let made = daemon.subscribe(&browsers[0], &service.endpoint("first"), "news").await;

    rotate(&daemon).await;
    let (second, second_tag) = push_key(&daemon).await;
    assert_ne!((&first, &first_tag), (&second, &second_tag));
    let known = daemon.call_of_anybody(Method::GET, "/v1/push-key");
    assert_eq!(known.header("if-none-match", &first_tag).send().await.status, 200);
    let known = daemon.call_of_anybody(Method::GET, "/v1/push-key");
    assert_eq!(known.header("if-none-match", &second_tag).send().await.status, 304);

    // One does not say which, and was made with the current key; one was made before and comes late.
    daemon.subscribe(&browsers[1], &service.endpoint("second"), "news").await;
    let mut late = browsers[2].subscription_json(&service.endpoint("late"));
    late["push_key"] = json!(first);
    let path = "/v1/channels/news/subscriptions";
    assert_eq!(daemon.call(Method::POST, path).json(&late).send().await.status, 201);
    let mut again = browsers[0].subscription_json(&service.endpoint("first"));
    again["push_key"] = json!(first);
    assert_eq!(daemon.call(Method::POST, path).json(&again).send().await.status, 200);
    let expected = [(first.clone(), false, 2), (second.clone(), true, 1)];
    assert_eq!(uses(&daemon).await, expected);

    let notify = async || {
        let id = daemon.notify("news", "text").await;
        assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 3);
    };
    let last = |token: &str| signed_with(&service, service.log_of(token).last().unwrap());
    notify().await;
    assert_eq!(
        [last("first"), last("second"), last("late")],
        [&first, &second, &first].map(Clone::clone)
    );

    // The browser subscribes anew with the current key, and says so with its secret.
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    let mut moved = Browser::new().subscription_json(&service.endpoint("moved"));
    moved["push_key"] = json!(second);
    let call = daemon.call_of_anybody(Method::PUT, &path).json(&moved);
    let shown = call.bearer(made["secret"].as_str().unwrap()).send().await.json();
    assert_eq!((&shown["push_key"], &shown["current_push_key"]), (&json!(second), &json!(second)));
    notify().await;
    assert_eq!(
        [last("moved"), last("second"), last("late")],
        [&second, &second, &first].map(Clone::clone)
    );
    assert_eq!(uses(&daemon).await, [(first, false, 1), (second, true, 2)]);
}

#[actix_web::test]
async fn a_key_that_is_not_the_apps_is_refused_wherever_it_is_named() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let made = daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let mut body = Browser::new().subscription_json(&service.endpoint("other"));
    body["push_key"] = json!(VapidKey::generate().unwrap().public_base64url());
    let put = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    let several = json!({ "channels": ["news"], "subscription": &body });
    let calls = [
        (Method::POST, "/v1/channels/news/subscriptions", &body, "#/push_key"),
        (Method::PUT, put.as_str(), &body, "#/push_key"),
        (Method::POST, "/v1/subscriptions", &several, "#/subscription/push_key"),
    ];
    for (method, path, body, pointer) in calls {
        let answer = daemon.call(method, path).json(body).send().await;
        let problem = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &problem["errors"][0]["pointer"]),
            (422, &json!(pointer))
        );
        assert!(problem["type"].as_str().unwrap().ends_with("#foreign-push-key"), "{problem}");
    }
}

#[actix_web::test]
async fn without_a_contact_apples_endpoints_are_refused_with_the_flag_that_names_one() {
    let api = Api::start().await;
    let body = Browser::new().subscription_json("https://web.push.apple.com/QGk");
    let refused = api.post("/v1/channels/demo/subscriptions").json(&body).send().await;
    let problem = refused.json();
    assert_eq!(refused.status, 409);
    assert!(problem["type"].as_str().unwrap().ends_with("#vapid-subject-needed"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("--vapid-subject mailto:"), "{problem}");
    api.stop().await;
}

#[test]
fn a_contact_that_apple_refuses_is_refused_at_the_start_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    for subject in [
        "mailto:ops@localhost",
        "https://push.local",
        "mailto:ops@example.invalid",
        "mailto:ops@intranet",
        "mailto: ops@example.org",
        "mailto:Ops <ops@example.org>",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_fanfare"))
            .args(["--listen", "127.0.0.1:0", "--vapid-subject", subject, "--data-dir"])
            .arg(directory.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{subject}: {said}");
        assert!(said.contains("--vapid-subject: ") && said.contains("use mailto:you@"), "{said}");
        assert!(!directory.path().join("data").exists(), "nothing is made before");
    }
}
