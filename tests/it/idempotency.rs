//! `Idempotency-Key`: the same call twice is one notification, whatever happens in between.

mod in_flight;
mod remembered;

use serde_json::Value;

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::{Answer, Call};

const PUBLISH: &str = "/v1/channels/demo/notifications";

/// An API with one subscription in `demo`.
async fn api() -> Api {
    let api = Api::start().await;
    let body = Browser::new().subscription_json("https://push.example.org/1");
    let call = api.post("/v1/channels/demo/subscriptions").bearer(KEY).json(&body);
    assert_eq!(call.send().await.status, 201);
    api
}

/// A publish of a text under a key.
fn publish(api: &Api, key: &str, text: &'static str) -> Call {
    let call = api.post(PUBLISH).bearer(KEY).header("idempotency-key", key);
    call.text("text/plain", text)
}

/// What became of a publish: its status, the kind of the problem, and whether it was replayed.
fn end(answer: &Answer) -> (u16, Option<String>, bool) {
    let replayed = answer.header("idempotency-replayed") == Some("true");
    let kind = match answer.status.as_u16() {
        202 => None,
        _ => answer.json()["type"]
            .as_str()
            .and_then(|kind| kind.split('#').nth(1))
            .map(str::to_owned),
    };
    (answer.status.as_u16(), kind, replayed)
}

/// The notifications of `demo`.
async fn log(api: &Api) -> Vec<Value> {
    let log = api.get(PUBLISH).bearer(KEY).send().await.json();
    log["items"].as_array().unwrap().clone()
}
