//! A browser's life: subscribed, seen, replaced, taken out, forgotten.

use fanfare::store::Store;
use fanfare::store::directory::Scope;
use serde_json::json;

use crate::harness::api::{Api, KEY, TOKEN_SECRET};
use crate::harness::browser::Browser;

const DEMO: &str = "/v1/channels/demo/subscriptions";

#[actix_web::test]
async fn a_browser_subscribes_to_a_public_channel_and_gets_its_secret_once() {
    let api = Api::start().await;
    let body = Browser::new().subscription_json("https://push.example.org/one");
    let first = api.post(DEMO).json(&body).send().await;
    assert_eq!(first.status, 201);
    let subscribed = first.json();
    assert_eq!(subscribed["channels"], json!(["demo"]));
    let (id, secret) = (subscribed["id"].as_str().unwrap(), subscribed["secret"].as_str().unwrap());
    assert!(id.starts_with("sub_") && secret.starts_with("ss_"));

    let again = api.post(DEMO).json(&body).send().await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["id"], id);
    assert_eq!(again.json().get("secret"), None);

    let shown = api.get(&format!("/v1/subscriptions/{id}")).bearer(secret).send().await;
    assert_eq!(shown.status, 200);
    let key = api.get("/v1/push-key").send().await.json();
    let shown = shown.json();
    assert_eq!((&shown["state"], &shown["push_key"]), (&json!("active"), &key["key"]));
    assert!(!shown.to_string().contains("push.example.org"), "{shown}");

    let members = api.get(DEMO).bearer(KEY).send().await.json();
    assert_eq!(members["items"][0]["id"], id);
    assert_eq!(members["items"][0]["push_service"], "other");
    api.stop().await;
}

#[actix_web::test]
async fn nobody_takes_over_an_endpoint_but_its_owner_and_a_backend() {
    let api = Api::start().await;
    let endpoint = "https://push.example.org/one";
    let subscribed =
        api.post(DEMO).json(&Browser::new().subscription_json(endpoint)).send().await.json();
    let (id, secret) = (subscribed["id"].as_str().unwrap(), subscribed["secret"].as_str().unwrap());
    let stranger = Browser::new().subscription_json(endpoint);
    let refused = api.post(DEMO).json(&stranger).send().await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("#endpoint-in-use"));

    let path = format!("/v1/subscriptions/{id}");
    let another =
        api.post(DEMO).json(&Browser::new().subscription_json("https://push.example.org/two"));
    let another = another.send().await.json();
    let foreign = another["secret"].as_str().unwrap();
    for call in [api.get(&path), api.delete(&path), api.put(&path).json(&stranger)] {
        assert_eq!(call.bearer(foreign).send().await.status, 401);
    }
    let token = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &json!({ "aud": "fanfare:default", "exp": api.state.now().as_secs() + 60, "channels": ["*"] }),
        &jsonwebtoken::EncodingKey::from_secret(TOKEN_SECRET),
    );
    let removed = api.delete(&format!("{DEMO}/{id}")).bearer(&token.unwrap()).send().await;
    assert_eq!(removed.status, 403);

    let replaced = api.put(&path).bearer(secret).json(&stranger).send().await;
    assert_eq!(replaced.status, 200, "{:?}", replaced.body);
    assert_eq!(replaced.json()["id"], id);
    assert!(replaced.json()["generation"].as_i64() > subscribed["generation"].as_i64());
    api.stop().await;
}

#[actix_web::test]
async fn leaving_and_forgetting_may_be_repeated() {
    let api = Api::start().await;
    let subscribed =
        api.post(DEMO).json(&Browser::new().subscription_json("https://push.example.org/one"));
    let subscribed = subscribed.send().await.json();
    let (id, secret) = (subscribed["id"].as_str().unwrap(), subscribed["secret"].as_str().unwrap());
    let membership = format!("{DEMO}/{id}");
    for _ in 0..2 {
        assert_eq!(api.delete(&membership).bearer(secret).send().await.status, 204);
    }
    let path = format!("/v1/subscriptions/{id}");
    let shown = api.get(&path).bearer(secret).send().await.json();
    assert_eq!(shown["channels"], json!([]));
    for _ in 0..2 {
        assert_eq!(api.delete(&path).bearer(secret).send().await.status, 204);
    }
    assert_eq!(api.get(&path).bearer(secret).send().await.status, 404);
    api.stop().await;
}

#[actix_web::test]
async fn a_user_leaves_a_team_on_every_device() {
    let api = Api::start().await;
    for (number, user) in [(1, "user:42"), (2, "user:42"), (3, "user:7")] {
        let browser = Browser::new();
        let endpoint = format!("https://push.example.org/{number}");
        let body = json!({
            "channels": [user, "team/a"],
            "subscription": browser.subscription_json(&endpoint),
        });
        let answer = api.post("/v1/subscriptions").bearer(KEY).json(&body).send().await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["channels"]),
            (201, &json!(["team/a", user]))
        );
    }
    let team = "/v1/channels/team%2Fa/subscriptions";
    let left = api.delete(&format!("{team}?in=user:42")).bearer(KEY).send().await;
    assert_eq!((left.status.as_u16(), left.json()), (200, json!({ "removed": 2 })));
    let members = api.get(team).bearer(KEY).send().await.json();
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    for query in ["", "?in=", "?in=a&also=b"] {
        let answer = api.delete(&format!("{team}{query}")).bearer(KEY).send().await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{query}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn a_token_that_the_daemon_issued_opens_its_channels() {
    let api = Api::start().await;
    let body = json!({ "channels": ["user:42", "team:*"], "expires_in": 60 });
    let issued = api.post("/v1/tokens").bearer(KEY).json(&body).send().await.json();
    let token = issued["token"].as_str().unwrap();
    let browser = Browser::new().subscription_json("https://push.example.org/one");
    let path = "/v1/channels/team:7/subscriptions";
    assert_eq!(api.post(path).bearer(token).json(&browser).send().await.status, 201);
    let other = "/v1/channels/user:43/subscriptions";
    assert_eq!(api.post(other).bearer(token).json(&browser).send().await.status, 403);
    for (body, pointer) in [
        (json!({ "channels": [] }), "#/channels"),
        (json!({ "channels": ["a*b"] }), "#/channels/0"),
        (json!({ "channels": ["a"], "expires_in": 86_401 }), "#/expires_in"),
    ] {
        let problem = api.post("/v1/tokens").bearer(KEY).json(&body).send().await.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let reader = "fk_reader";
    let app = api.store.directory().apps["default"].id;
    api.create_key(app, reader, &[Scope::Read]).await;
    assert_eq!(api.post("/v1/tokens").bearer(reader).json(&body).send().await.status, 403);
    api.stop().await;
}

#[actix_web::test]
async fn a_test_push_goes_out_at_most_once_a_second() {
    let api = Api::start().await;
    let subscribed =
        api.post(DEMO).json(&Browser::new().subscription_json("https://push.example.org/one"));
    let subscribed = subscribed.send().await.json();
    let (id, secret) = (subscribed["id"].as_str().unwrap(), subscribed["secret"].as_str().unwrap());
    let path = format!("/v1/subscriptions/{id}/test");
    // Whatever became of the first: without a tree nobody sends.
    let _first = api.post(&path).bearer(secret).json(&json!({})).send().await;
    let second = api.post(&path).bearer(secret).json(&json!({})).send().await;
    assert_eq!(second.status, 429);
    assert_eq!(second.header("retry-after"), Some("1"));
    assert!(second.header("ratelimit").is_some());
    api.stop().await;
}
