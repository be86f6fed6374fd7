//! Bad input gets an answer that names the field and the limit, and leaves nothing behind.

use fanfare::store::Store;
use http::Method;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY, TOKEN_SECRET};
use crate::harness::browser::Browser;

const SUBSCRIBE: &str = "/v1/channels/demo/subscriptions";
const PUBLISH: &str = "/v1/channels/demo/notifications";

fn token(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(TOKEN_SECRET);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}

/// Method, path, credential, `Fanfare-App`; status and kind of problem.
type Row<'a> = (Method, &'a str, Option<&'a str>, Option<&'a str>, u16, &'a str);

/// A body with one field replaced.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

#[actix_web::test]
async fn a_bad_registration_is_refused_with_its_field_and_leaves_nothing() {
    let api = Api::start().await;
    let good = Browser::new().subscription_json("https://push.example.org/one");
    let mut off_curve = [4_u8; 65];
    off_curve[64] = 5;
    let mut with_extra = good.clone();
    with_extra["colour"] = json!("red");
    let encode = |bytes: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    };
    let mut foreign_key = good.clone();
    foreign_key["push_key"] = json!(Browser::new().p256dh());
    let rows = [
        (with(good.clone(), "/endpoint", json!("http://push.example.org/")), 422, "#/endpoint"),
        (with(good.clone(), "/endpoint", json!("https://127.0.0.1/x")), 422, "#/endpoint"),
        (
            with(good.clone(), "/endpoint", json!("https://push.example.org:22/x")),
            422,
            "#/endpoint",
        ),
        (with(good.clone(), "/endpoint", json!(7)), 422, "#/endpoint"),
        (with(good.clone(), "/keys", json!({})), 422, "#/keys/p256dh"),
        (with(good.clone(), "/keys/auth", json!("AAAA")), 422, "#/keys/auth"),
        (with(good.clone(), "/keys/p256dh", json!("AAAA")), 422, "#/keys/p256dh"),
        (with(good.clone(), "/keys/p256dh", json!(encode(&off_curve))), 422, "#/keys/p256dh"),
        (with(good.clone(), "/expirationTime", json!(1000)), 422, "#/expirationTime"),
        (with_extra, 422, "#/colour"),
        (foreign_key, 422, "#/push_key"),
        (json!([]), 422, "#"),
        (with(good, "/endpoint", json!("https://web.push.apple.com/x")), 409, ""),
    ];
    for (body, status, pointer) in rows {
        let answer = api.post(SUBSCRIBE).json(&body).send().await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{body}: {problem}");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().any(|error| error["pointer"] == pointer);
        assert!(named || pointer.is_empty(), "{body}: {problem}");

        let many = json!({ "channels": ["demo"], "subscription": body });
        let problem = api.post("/v1/subscriptions").json(&many).send().await.json();
        let nested = format!("#/subscription{}", pointer.trim_start_matches('#'));
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().any(|error| error["pointer"] == nested.as_str());
        assert!(named || pointer.is_empty(), "{many}: {problem}");
    }
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 0);
    api.stop().await;
}

#[actix_web::test]
async fn a_bad_notification_is_refused_with_its_field_and_leaves_nothing() {
    let api = Api::start().await;
    let rows = [
        (json!({ "raw": "x".repeat(3968) }), 413, None),
        (json!({ "notification": { "title": "x".repeat(4000) } }), 413, None),
        (json!({ "notification": { "title": 7 } }), 422, Some("#/notification/title")),
        (json!({ "notification": { "colour": "red" } }), 422, Some("#/notification/colour")),
        (json!({ "urgency": "asap" }), 422, Some("#/urgency")),
        (json!({ "ttl": -1 }), 422, Some("#/ttl")),
        (json!({ "ttl": 2_419_201 }), 422, Some("#/ttl")),
        (json!({ "send_at": "2999-01-01T00:00:00Z" }), 422, Some("#/send_at")),
        (json!({ "send_at": "tomorrow" }), 422, Some("#/send_at")),
        (json!({ "exclude": ["me"] }), 422, Some("#/exclude/0")),
        (json!({ "channels": ["demo"] }), 422, Some("#/channels")),
        (json!("Tea"), 422, Some("#")),
    ];
    for (body, status, pointer) in rows {
        let answer = api.post(PUBLISH).bearer(KEY).json(&body).send().await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{problem}");
    }
    for (channels, pointer) in [
        (json!([]), "#/channels"),
        (json!(["a", "b*"]), "#/channels/1"),
        (json!(["..", "b"]), "#/channels/0"),
        (json!(vec!["x"; 1001]), "#/channels"),
        (json!("demo"), "#/channels"),
    ] {
        let answer =
            api.post("/v1/notifications").bearer(KEY).json(&json!({ "channels": channels }));
        let answer = answer.send().await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    let channels = api.get("/v1/channels").bearer(KEY).send().await.json();
    assert_eq!(channels, json!({ "items": [], "next": null }));
    api.stop().await;
}

#[actix_web::test]
async fn a_body_that_cannot_be_understood_is_refused_for_its_form() {
    let api = Api::start().await;
    let long = "x".repeat(70_000);
    let rows = [
        ("application/json", "{\n\"a\": }", 400, "line 2 column 6"),
        ("application/json", "", 400, "empty"),
        (
            "application/x-www-form-urlencoded",
            "{\"notification\":{}}",
            415,
            "-H 'Content-Type: application/json'",
        ),
        ("text/html", "<p>", 415, "application/json"),
        ("text/plain; charset=latin1", "x", 415, "UTF-8"),
        ("text/plain", long.as_str(), 413, "65536"),
    ];
    for (media_type, body, status, named) in rows {
        let call = api.post(PUBLISH).bearer(KEY).text(media_type, body.to_owned());
        let answer = call.send().await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
    }
    let subscribing = api.post(SUBSCRIBE).text("text/plain", "{}").send().await;
    assert_eq!(subscribing.status, 415);
    api.stop().await;
}

#[actix_web::test]
async fn whoever_may_not_is_told_what_is_missing() {
    let api = Api::start().await;
    let other = api.create_app("shop").await;
    api.create_key(other, "fk_of-the-shop", &fanfare::store::directory::Scope::ALL).await;
    let app = api.store.directory().apps["default"].id;
    api.create_key(app, "fk_reader", &[fanfare::store::directory::Scope::Read]).await;

    let now = api.state.now().as_secs();
    let expired =
        token(&json!({ "aud": "fanfare:default", "exp": now - 1, "channels": ["team:7"] }));
    let elsewhere =
        token(&json!({ "aud": "fanfare:shop", "exp": now + 60, "channels": ["team:7"] }));
    let unsigned = {
        use base64::Engine;
        let part = |value: Value| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let claims = json!({ "aud": "fanfare:default", "exp": now + 60, "channels": ["team:7"] });
        format!("{}.{}.", part(json!({ "alg": "none" })), part(claims))
    };
    let narrow =
        token(&json!({ "aud": "fanfare:default", "exp": now + 60, "channels": ["team:8"] }));
    let body = Browser::new().subscription_json("https://push.example.org/one");
    let team = "/v1/channels/team:7/subscriptions";
    let rows: [Row<'_>; 13] = [
        (Method::POST, PUBLISH, None, None, 401, "credential-needed"),
        (Method::POST, PUBLISH, Some("fk_unknown"), None, 401, "invalid-credential"),
        (Method::POST, PUBLISH, Some("fk_reader"), None, 403, "scope-needed"),
        (Method::POST, PUBLISH, Some(KEY), Some("shop"), 403, "foreign-app"),
        (Method::POST, PUBLISH, Some(KEY), Some("default"), 422, "invalid-field"),
        (Method::POST, team, None, None, 401, "credential-needed"),
        (Method::POST, team, Some(&expired), None, 401, "invalid-credential"),
        (Method::POST, team, Some(&unsigned), None, 401, "invalid-credential"),
        (Method::POST, team, Some(&elsewhere), Some("default"), 403, "foreign-app"),
        (Method::POST, team, Some(&narrow), None, 403, "channel-forbidden"),
        (Method::GET, "/v1/apps", Some("fk_of-the-shop"), None, 403, "scope-needed"),
        (Method::GET, "/v1/push-key", None, Some("nowhere"), 404, "not-found"),
        (Method::GET, "/control/vapid-keys", Some(KEY), None, 404, "not-found"),
    ];
    for (method, path, credential, app, status, slug) in rows {
        let mut call = api.call(method, path).json(&body);
        if let Some(credential) = credential {
            call = call.bearer(credential);
        }
        if let Some(app) = app {
            call = call.header("fanfare-app", app);
        }
        let answer = call.send().await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{path}: {problem}");
        let kind = format!("{}/docs#{slug}", api.origin());
        assert_eq!(problem["type"], kind.as_str(), "{path}: {problem}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{path}");
    }
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 0);
    api.stop().await;
}
