//! Where a credential may ride: in one `Authorization` header, and nowhere else.

use serde_json::json;

use super::forge::{CHANNEL, PATH, assert_nothing_stored, claims, hs256, try_at};
use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;

#[actix_web::test]
async fn a_credential_in_a_url_a_cookie_a_body_or_another_header_is_none() {
    let api = Api::start().await;
    let token = hs256(claims(&api).to_string());
    let body = Browser::new().subscription_json("https://push.example.org/one");
    for credential in [token.as_str(), KEY] {
        for name in ["access_token", "token", "authorization", "bearer", "jwt", "key"] {
            let path = format!("{PATH}?{name}={credential}");
            let answer = api.post(&path).json(&body).send().await;
            assert_eq!(answer.status, 401, "in the query as {name}");
        }
        for (name, value) in [
            ("cookie", format!("authorization={credential}; token={credential}; jwt={credential}")),
            ("x-authorization", format!("Bearer {credential}")),
            ("proxy-authorization", format!("Bearer {credential}")),
            ("x-api-key", credential.to_owned()),
            ("fanfare-app", credential.to_owned()),
        ] {
            let answer = api.post(PATH).header(name, &value).json(&body).send().await;
            let expected = if name == "fanfare-app" { 404 } else { 401 };
            assert_eq!(answer.status, expected, "in the header {name}");
        }
        let mut with_token = body.clone();
        with_token["access_token"] = json!(credential);
        assert_eq!(api.post(PATH).json(&with_token).send().await.status, 401, "in the body");
        let form = format!("access_token={credential}");
        let form = api.post(PATH).text("application/x-www-form-urlencoded", form).send().await;
        assert_eq!(form.status, 401, "in a form");
    }
    assert_nothing_stored(&api).await;
    api.stop().await;
}

#[actix_web::test]
async fn the_header_is_there_once_with_the_scheme_bearer_and_one_word() {
    let api = Api::start().await;
    let token = hs256(claims(&api).to_string());
    let body = Browser::new().subscription_json("https://push.example.org/one");
    let rows = [
        ("no scheme", token.clone(), 401),
        ("Basic", format!("Basic {token}"), 401),
        ("JWT", format!("JWT {token}"), 401),
        ("Token", format!("Token {token}"), 401),
        ("the scheme alone", "Bearer".to_owned(), 401),
        ("the scheme and a space", "Bearer ".to_owned(), 401),
        ("the scheme and a tab", format!("Bearer\t{token}"), 401),
        ("the scheme twice", format!("Bearer Bearer {token}"), 401),
        ("a comma", format!("Bearer {token},"), 401),
        ("two tokens", format!("Bearer {token} {token}"), 401),
        ("a key behind a token", format!("Bearer {token} {KEY}"), 401),
        ("a token behind a key", format!("Bearer {KEY} {token}"), 401),
        ("a colon", format!("Bearer: {token}"), 401),
    ];
    for (name, value, status) in rows {
        let answer = api.post(PATH).header("authorization", &value).json(&body).send().await;
        assert_eq!(answer.status, status, "{name}: {:?}", answer.body);
    }
    // Nobody could say which of two counts, so neither does: RFC 6750 §3.1 calls that an invalid request.
    for (first, second) in [(token.as_str(), KEY), (KEY, &token), (&token, &token)] {
        let call = api.post(PATH).bearer(first).bearer(second).json(&body);
        assert_eq!(call.send().await.status, 400);
    }
    assert_nothing_stored(&api).await;
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let value = format!("{scheme} {token}");
        let answer = api.post(PATH).header("authorization", &value).json(&body).send().await;
        assert!(answer.status.is_success(), "RFC 9110 §11.1: {scheme}: {:?}", answer.body);
    }
    api.stop().await;
}

#[actix_web::test]
async fn a_token_puts_into_channels_and_does_nothing_else() {
    let api = Api::start().await;
    let mut claims = claims(&api);
    claims["channels"] = json!(["*"]);
    for (name, value) in
        [("scope", json!("admin")), ("scopes", json!(["admin", "notify"])), ("admin", json!(true))]
    {
        claims[name] = value;
    }
    let token = hs256(claims.to_string());
    let notifications = format!("/v1/channels/{CHANNEL}/notifications");
    for call in [
        api.post(&notifications).text("text/plain", "x"),
        api.get(PATH),
        api.get("/v1/channels"),
        api.get("/v1/apps"),
        api.post("/v1/apps").json(&json!({ "id": "x" })),
        api.post("/v1/apps/default/token-secret"),
        api.post("/v1/tokens").json(&json!({ "channels": ["a"] })),
        api.delete(&format!("{PATH}?in=news")),
        api.get("/v1/apps/default/keys"),
    ] {
        assert_eq!(call.bearer(&token).send().await.status, 403);
    }
    let answer = try_at(&api, PATH, &token).await;
    assert_eq!(answer.status, 201);
    let own = format!("/v1/subscriptions/{}", answer.json()["id"].as_str().unwrap());
    for call in [api.get(&own), api.delete(&own), api.delete(&format!("{PATH}/{}", &own[18..]))] {
        assert_eq!(call.bearer(&token).send().await.status, 403, "an id and a token open nothing");
    }
    api.stop().await;
}
