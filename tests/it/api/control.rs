//! Apps and keys: the instance's to manage, over the network with its key and over the control socket without.

use http::Method;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};

#[actix_web::test]
async fn an_app_is_made_changed_used_and_deleted() {
    let api = Api::start().await;
    let body = json!({ "id": "shop", "title": "The Shop", "origins": ["https://Shop.example/"] });
    let made = api.post("/v1/apps").bearer(KEY).json(&body).send().await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(made.header("location"), Some("/v1/apps/shop"));
    assert_eq!(made.json()["origins"], json!(["https://shop.example"]));
    assert_eq!(made.json()["exclusive"], json!(["user:"]));
    assert_eq!(api.post("/v1/apps").bearer(KEY).json(&body).send().await.status, 409);

    let change = json!({ "title": "Shop" });
    let changed = api.call(Method::PATCH, "/v1/apps/shop").bearer(KEY).json(&change).send().await;
    assert_eq!(
        (&changed.json()["title"], &changed.json()["origins"]),
        (&json!("Shop"), &json!(["https://shop.example"]))
    );
    for (change, pointer) in [
        (json!({ "home": "nowhere" }), "#/home"),
        (json!({ "colour": "red" }), "#/colour"),
        (json!({ "origins": "https://a.example" }), "#/origins"),
    ] {
        let refused =
            api.call(Method::PATCH, "/v1/apps/shop").bearer(KEY).json(&change).send().await;
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }

    let body = json!({ "scopes": ["notify", "read"], "title": "backend" });
    let created = api.post("/v1/apps/shop/keys").bearer(KEY).json(&body).send().await.json();
    let key = created["key"].as_str().unwrap();
    let publish = "/v1/channels/news/notifications";
    assert_eq!(api.post(publish).bearer(key).text("text/plain", "x").send().await.status, 202);
    let listed = api.get("/v1/apps/shop/keys").bearer(KEY).send().await.json();
    assert_eq!(
        (&listed["items"][0]["id"], listed.to_string().contains("fk_")),
        (&created["id"], false)
    );
    let path = format!("/v1/apps/shop/keys/{}", created["id"].as_str().unwrap());
    assert_eq!(api.delete(&path).bearer(KEY).send().await.status, 204);
    assert_eq!(api.post(publish).bearer(key).text("text/plain", "x").send().await.status, 401);

    assert_eq!(api.delete("/v1/apps/shop").bearer(KEY).send().await.status, 204);
    assert_eq!(api.get("/v1/apps/shop").bearer(KEY).send().await.status, 404);
    assert_eq!(api.delete("/v1/apps/default").bearer(KEY).send().await.status, 409);
    api.stop().await;
}

#[actix_web::test]
async fn a_new_token_secret_signs_and_the_old_one_ends() {
    let api = Api::start().await;
    let body = json!({ "channels": ["team:7"] });
    let old = api.post("/v1/tokens").bearer(KEY).json(&body).send().await.json();
    let answer = api.post("/v1/apps/default/token-secret").bearer(KEY).send().await.json();
    let secret = answer["token_secret"].as_str().unwrap();
    let claims = json!({ "aud": "fanfare:default", "exp": api.state.now().as_secs() + 60, "channels": ["team:7"] });
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let new = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    let path = "/v1/channels/team:7/subscriptions";
    let status =
        async |token: &str| api.post(path).bearer(token).json(&json!({})).send().await.status;
    assert_eq!(status(old["token"].as_str().unwrap()).await, 401);
    assert_eq!(status(&new).await, 422);
    api.stop().await;
}

#[actix_web::test]
async fn vapid_keys_go_in_and_out_through_the_control_socket_alone() {
    let api = Api::start().await;
    let path = "/control/vapid-keys";
    let listed = api.get(path).send_on_control().await.json();
    let first = listed["items"][0].clone();
    assert_eq!(first["current"], true);
    let export = format!("{path}/{}/export", first["id"].as_str().unwrap());
    let pair = api.get(&export).send_on_control().await;
    assert_eq!(pair.json()["publicKey"], first["key"]);
    assert_eq!(api.get(&export).bearer(KEY).send().await.status, 404);

    let added = api.post(path).json(&json!({ "current": true })).send_on_control().await;
    assert_eq!(added.status, 201);
    let shown = api.get("/v1/push-key").send().await.json();
    let added = added.json();
    assert_eq!((&shown["id"], &shown["key"]), (&added["id"], &added["key"]));
    assert_eq!((&added["added"], &added["current"]), (&json!(true), &json!(true)));

    let import = json!({ "import": String::from_utf8(pair.body.to_vec()).unwrap() });
    let again = api.post(path).json(&import).send_on_control().await;
    assert_eq!((again.status.as_u16(), &again.json()["added"]), (200, &json!(false)));
    let nonsense = api.post(path).json(&json!({ "import": "x" })).send_on_control().await;
    assert_eq!(nonsense.json()["errors"][0]["pointer"], "#/import");
    api.stop().await;
}

#[actix_web::test]
async fn the_control_socket_speaks_for_any_app_without_a_credential() {
    let api = Api::start().await;
    api.create_app("shop").await;
    let publish = api.post("/v1/channels/news/notifications").header("fanfare-app", "shop");
    assert_eq!(publish.text("text/plain", "x").send_on_control().await.status, 202);
    let apps = api.get("/v1/apps?limit=1").send_on_control().await.json();
    assert_eq!((&apps["items"][0]["id"], &apps["next"]), (&json!("default"), &json!("default")));
    let rest = api.get("/v1/apps?cursor=default").send_on_control().await.json();
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!("shop"), &Value::Null));
    api.stop().await;
}
