//! How large: bodies, paths and heads, each with as much as it may have and with one more.

use http::Method;
use serde_json::Value;

use super::listener::Raw;
use crate::harness::api::{Api, KEY};
use crate::harness::call::{Answer, Call};

const SMALL: usize = 64 * 1024;
const WIDE: usize = 1024 * 1024;

/// A JSON text of exactly so many bytes, which says nothing.
fn padded(len: usize) -> String {
    format!("{{{}}}", " ".repeat(len - 2))
}

fn assert_too_large(answer: &Answer, status: u16, slug: &str, limit: usize) {
    let problem = answer.json();
    assert_eq!(answer.status, status, "{problem}");
    assert!(problem["type"].as_str().unwrap().ends_with(slug), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(&limit.to_string()), "{problem}");
}

#[actix_web::test]
async fn every_body_has_a_limit_and_a_byte_more_is_413() {
    let api = Api::start().await;
    let rows = [
        (Method::POST, "/v1/channels/demo/subscriptions", SMALL),
        (Method::POST, "/v1/channels/demo/notifications", SMALL),
        (Method::POST, "/v1/subscriptions", WIDE),
        (Method::POST, "/v1/notifications", WIDE),
        (Method::POST, "/v1/tokens", SMALL),
        (Method::POST, "/v1/apps", SMALL),
        (Method::PATCH, "/v1/apps/default", SMALL),
        (Method::POST, "/v1/apps/default/keys", SMALL),
    ];
    for (method, path, limit) in rows {
        let call =
            |len| api.call(method.clone(), path).bearer(KEY).text("application/json", padded(len));
        // What it says is another matter; an empty change of an app is even a good one.
        let at = call(limit).send().await;
        assert!([200, 202, 422].contains(&at.status.as_u16()), "{path}: {:?}", at.body);
        assert_too_large(&call(limit + 1).send().await, 413, "#body-too-large", limit);
    }
    api.stop().await;
}

#[actix_web::test]
async fn who_may_not_call_is_refused_before_a_byte_of_the_body_is_read() {
    let api = Api::start().await;
    let mut raw = Raw::connect(&api).await;
    raw.send("POST /v1/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 401 "));
    api.stop().await;
}

#[actix_web::test]
async fn a_path_has_at_most_8_kib() {
    const LIMIT: usize = 8 * 1024;
    let api = Api::start().await;
    let path = |len: usize| {
        let path = "/v1/push-key?x=";
        format!("{path}{}", "a".repeat(len - path.len()))
    };
    assert_eq!(api.get(&path(LIMIT)).send().await.status, 200);
    assert_too_large(&api.get(&path(LIMIT + 1)).send().await, 414, "#target-too-long", LIMIT);
    api.stop().await;
}

#[actix_web::test]
async fn a_head_has_at_most_64_fields_with_32_kib() {
    let api = Api::start().await;
    // The harness adds `host`, and hyper nothing to a GET.
    let with_fields = |count: usize| -> Call {
        (1..count).fold(api.get("/v1/push-key"), |call, n| call.header(&format!("x-{n}"), "y"))
    };
    assert_eq!(with_fields(64).send().await.status, 200);
    assert_too_large(&with_fields(65).send().await, 431, "#head-too-large", 64);

    let host = "host".len() + api.address.to_string().len();
    let with_bytes =
        |len: usize| -> Call { api.get("/v1/push-key").header("x", &"y".repeat(len - host - 1)) };
    assert_eq!(with_bytes(32 * 1024).send().await.status, 200);
    assert_too_large(&with_bytes(32 * 1024 + 1).send().await, 431, "#head-too-large", 32 * 1024);
    api.stop().await;
}

#[actix_web::test]
async fn what_is_refused_before_there_is_a_request_has_a_bare_status_and_the_connection_ends() {
    let api = Api::start().await;
    let many: String = (0..97).map(|n| format!("x-{n}: y\r\n")).collect();
    let huge = format!("x: {}\r\n", "y".repeat(140_000));
    for (fields, status) in [(many.as_str(), "431"), (&huge, "431"), ("no colon\r\n", "400")] {
        let mut raw = Raw::connect(&api).await;
        raw.send(&format!("GET / HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await;
        let answer = raw.rest().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let alive: Value = api.get("/readyz").send().await.json();
    assert_eq!(alive["parts"]["store"], "ok");
    api.stop().await;
}
