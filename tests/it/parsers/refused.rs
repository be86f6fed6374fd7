//! What a browser would drop is refused before it is sent, with the field that is in the way.

use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};

const PUBLISH: &str = "/v1/channels/demo/notifications";

#[actix_web::test]
async fn what_some_browser_would_drop_is_a_422_that_points_at_it() {
    let api = Api::start().await;
    let action = |navigate: &str| json!([{ "action": "a", "title": "A", "navigate": navigate }]);
    let rows = [
        (json!({ "dir": "up" }), "/dir"),
        (json!({ "dir": 1 }), "/dir"),
        (json!({ "silent": "yes" }), "/silent"),
        (json!({ "silent": 1 }), "/silent"),
        (json!({ "title": "" }), "/title"),
        (json!({ "silent": true, "vibrate": [100] }), "/silent"),
        (json!({ "renotify": true }), "/renotify"),
        (json!({ "renotify": true, "tag": "" }), "/renotify"),
        (json!({ "actions": action("/tea") }), "/actions/0/navigate"),
        (json!({ "actions": action("https:tea.example") }), "/actions/0/navigate"),
        (json!({ "navigate": "https:tea.example" }), "/navigate"),
        (json!({ "navigate": "https:\\\\tea.example" }), "/navigate"),
        (json!({ "navigate": "tea" }), "/navigate"),
        (json!({ "icon": "tea.png" }), "/icon"),
        (json!({ "timestamp": 9_007_199_254_740_992_u64 }), "/timestamp"),
        (json!({ "timestamp": 1.5 }), "/timestamp"),
    ];
    let refused = async |body: Value, pointer: String| {
        let answer = api.post(PUBLISH).bearer(KEY).json(&body).send().await;
        let pointers: Vec<_> = answer.json()["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((answer.status.as_u16(), pointers), (422, vec![pointer]), "{body}");
    };
    for (notification, at) in rows {
        refused(json!({ "notification": notification }), format!("#/notification{at}")).await;
    }
    for badge in [json!(-1), json!(2_147_483_648_u64), json!(1.5), json!("3"), json!(true)] {
        refused(json!({ "data": {}, "app_badge": badge }), "#/app_badge".to_owned()).await;
    }
    refused(json!({ "data": {}, "mutable": "yes" }), "#/mutable".to_owned()).await;
    api.stop().await;
}

#[actix_web::test]
async fn text_that_is_none_is_a_400_that_says_so() {
    let api = Api::start().await;
    for body in [
        r#"{"notification":{"title":"\ud83d"}}"#,
        r#"{"notification":{"body":"\udc00\ud800"}}"#,
        r#"{"data":{"n":1e999}}"#,
        "{\"notification\":{\"title\":\"a\nb\"}}",
    ] {
        let answer = api.post(PUBLISH).bearer(KEY).text("application/json", body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["type"].as_str().unwrap().ends_with("#bad-json"), "{body}");
    }
    let latin = api.post(PUBLISH).bearer(KEY).text("text/plain", &b"caf\xe9"[..]).send().await;
    assert_eq!(latin.status, 400);
    api.stop().await;
}

#[actix_web::test]
async fn an_apps_home_is_a_link_that_every_browser_follows_to_the_same_place() {
    let api = Api::start().await;
    let change = async |home: &str| {
        let call = api.call(http::Method::PATCH, "/v1/apps/default").bearer(KEY);
        call.json(&json!({ "home": home })).send().await
    };
    for home in ["https:tea.example", "/home", "http://tea.example/"] {
        let refused = change(home).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/home", "{home}");
    }
    assert_eq!(change("https://tea.example").await.json()["home"], "https://tea.example");
    let beyond_ascii = change("https://bücher.example/").await;
    assert_eq!(beyond_ascii.json()["home"], "https://xn--bcher-kva.example/");
    api.stop().await;
}
