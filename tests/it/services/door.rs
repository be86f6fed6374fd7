//! What a subscription must be to be taken, field by field, through the API.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use fanfare::store::Store;
use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::browser::Browser;

const SUBSCRIBE: &str = "/v1/channels/demo/subscriptions";
const ENDPOINT: &str = "https://push.example.org/one";

/// Sends a registration; answers its status, and the fields that are named with what is wrong.
async fn register(api: &Api, body: &Value) -> (u16, Vec<(String, String)>) {
    let answer = api.post(SUBSCRIBE).json(body).send().await;
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    let named = errors.iter().map(|error| (text(error, "pointer"), text(error, "detail")));
    (answer.status.as_u16(), named.collect())
}

/// Expects a 422 that names one field, and says why in words that hold `why`.
async fn is_refused(api: &Api, body: &Value, pointer: &str, why: &str) {
    let (status, named) = register(api, body).await;
    assert_eq!((status, named.len()), (422, 1), "{body}: {named:?}");
    assert_eq!(named[0].0, pointer, "{body}");
    assert!(named[0].1.contains(why), "{body}: {named:?}");
}

fn at(endpoint: &str) -> Value {
    Browser::new().subscription_json(endpoint)
}

/// A registration with another value in one of its keys.
fn with_key(name: &str, value: &str) -> Value {
    let mut body = at(ENDPOINT);
    body["keys"][name] = json!(value);
    body
}

#[actix_web::test]
async fn an_endpoint_is_an_https_url_of_at_most_2048_bytes_without_userinfo_or_fragment() {
    let api = Api::start().await;
    let start = "https://push.example.org/";
    let long = |len: usize| format!("{start}{}", "a".repeat(len - start.len()));
    for (endpoint, why) in [
        ("http://push.example.org/one", "not an https URL"),
        ("wss://push.example.org/one", "not an https URL"),
        ("push.example.org/one", "not a well-formed URL"),
        (&long(2049), "longer than 2048 bytes"),
        ("https://user:password@push.example.org/one", "user name or password"),
        ("https://push.example.org/one#two", "fragment"),
    ] {
        is_refused(&api, &at(endpoint), "#/endpoint", why).await;
    }
    assert_eq!(register(&api, &at(&long(2048))).await.0, 201);
    api.stop().await;
}

#[actix_web::test]
async fn an_endpoint_whose_host_is_an_address_literal_in_any_spelling_is_refused() {
    let api = Api::start().await;
    for endpoint in [
        "https://127.0.0.1/one",
        "https://8.8.8.8/one",
        "https://[::1]/one",
        "https://[2606:4700:4700::1111]/one",
    ] {
        is_refused(&api, &at(endpoint), "#/endpoint", "is an address, not a name").await;
    }
    for endpoint in ["https://0x7f.1/one", "https://2130706433/one", "https://127.1/one"] {
        is_refused(&api, &at(endpoint), "#/endpoint", "not a well-formed URL").await;
    }
    // A known server's pattern let this one through.
    let elsewhere = at("https://127.0.0.1:9200/x.google.com/");
    is_refused(&api, &elsewhere, "#/endpoint", "is an address, not a name").await;
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 0);
    api.stop().await;
}

#[actix_web::test]
async fn a_dead_push_service_is_refused_with_422_and_its_neighbours_are_not() {
    let api = Api::start().await;
    for endpoint in [
        "https://android.googleapis.com/gcm/send/APA91bH",
        "https://permanently-removed.invalid/fcm/send/APA91bH",
        "https://permanently-removed.invalid/",
        "https://PERMANENTLY-removed.invalid/fcm/send/APA91bH",
    ] {
        is_refused(&api, &at(endpoint), "#/endpoint", "gone for good").await;
    }
    for endpoint in
        ["https://fcm.googleapis.com/fcm/send/APA91bH", "https://fcm.googleapis.com/wp/APA91bG"]
    {
        assert_eq!(register(&api, &at(endpoint)).await.0, 201, "{endpoint}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn keys_are_taken_in_base64url_and_in_plain_base64_with_padding_and_without() {
    let api = Api::start().await;
    let browser = Browser::new();
    let bytes = |text: String| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (point, secret) = (bytes(browser.p256dh()), bytes(browser.auth()));
    let plain = STANDARD.encode(&point);
    let spellings = [
        (browser.p256dh(), browser.auth()),
        (URL_SAFE.encode(&point), URL_SAFE.encode(&secret)),
        (plain.clone(), STANDARD.encode(&secret)),
        (plain.trim_end_matches('=').to_owned(), STANDARD.encode(&secret).replace('=', "")),
    ];
    for (index, (p256dh, auth)) in spellings.into_iter().enumerate() {
        let endpoint = format!("{ENDPOINT}-{index}");
        let body = json!({ "endpoint": endpoint, "keys": { "p256dh": p256dh, "auth": auth } });
        assert_eq!(register(&api, &body).await, (201, Vec::new()), "{body}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn p256dh_is_65_bytes_with_4_first_and_a_point_on_the_curve() {
    let api = Api::start().await;
    let point = URL_SAFE_NO_PAD.decode(Browser::new().p256dh()).unwrap();
    let changed = |at: usize| {
        let mut point = point.clone();
        point[at] ^= 1;
        URL_SAFE_NO_PAD.encode(point)
    };
    let form = "must be 65 bytes of which the first is 4";
    for (value, why) in [
        (URL_SAFE_NO_PAD.encode(&point[..64]), form),
        (URL_SAFE_NO_PAD.encode([point.as_slice(), &[0]].concat()), form),
        (URL_SAFE_NO_PAD.encode([&[2], &point[1..33]].concat()), form),
        (changed(0), form),
        (changed(64), "not a point on the curve"),
        (URL_SAFE_NO_PAD.encode([&[4_u8][..], &[0; 64]].concat()), "not a point on the curve"),
        ("{}".to_owned(), "must be base64url"),
        (String::new(), form),
    ] {
        is_refused(&api, &with_key("p256dh", &value), "#/keys/p256dh", why).await;
    }
    api.stop().await;
}

#[actix_web::test]
async fn auth_is_16_bytes() {
    let api = Api::start().await;
    for len in [0, 15, 17, 32] {
        let value = URL_SAFE_NO_PAD.encode(vec![7; len]);
        let why = format!("must be 16 bytes; it has {len}");
        is_refused(&api, &with_key("auth", &value), "#/keys/auth", &why).await;
    }
    is_refused(&api, &with_key("auth", "not base64!"), "#/keys/auth", "must be base64url").await;
    api.stop().await;
}

#[actix_web::test]
async fn an_expiration_time_in_the_past_is_refused_and_one_ahead_is_taken() {
    let api = Api::start().await;
    let now = fanfare::clock::Clock::System.now().as_millis();
    let expiring = |at: i64| {
        let mut body = self::at(ENDPOINT);
        body["expirationTime"] = json!(at);
        body
    };
    for past in [0, -1, now - 60_000] {
        is_refused(&api, &expiring(past), "#/expirationTime", "is in the past").await;
    }
    assert_eq!(register(&api, &expiring(now + 3_600_000)).await.0, 201);
    api.stop().await;
}
