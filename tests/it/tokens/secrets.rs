//! Subscription secrets and API keys: cut off, respelled, of another one, of another app.

use fanfare::http::auth::api_key;
use fanfare::store::Store;
use fanfare::store::directory::Scope;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;

const DEMO: &str = "/v1/channels/demo/subscriptions";

async fn subscribe(api: &Api, number: usize) -> (String, String) {
    let endpoint = format!("https://push.example.org/{number}");
    let body = Browser::new().subscription_json(&endpoint);
    let answer: Value = api.post(DEMO).json(&body).send().await.json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

/// The same letters in the other case.
fn other_case(text: &str) -> String {
    let turn = |c: char| {
        if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    text.chars().map(turn).collect()
}

/// Everything that is almost `credential`, by name.
fn almost(credential: &str, prefix: usize) -> Vec<(&'static str, String)> {
    let (head, rest) = credential.split_at(prefix);
    let middle = prefix + rest.len() / 2;
    let mut flipped = credential.as_bytes().to_vec();
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    vec![
        ("one character short", credential[..credential.len() - 1].to_owned()),
        ("the first half", credential[..middle].to_owned()),
        ("the prefix alone", head.to_owned()),
        ("without its first character", format!("{head}{}", &rest[1..])),
        ("one character more", format!("{credential}A")),
        ("padded", format!("{credential}=")),
        ("one character changed", String::from_utf8(flipped).unwrap()),
        ("in the other case", format!("{head}{}", other_case(rest))),
        ("in upper case", format!("{head}{}", rest.to_uppercase())),
        ("twice", format!("{credential}{credential}")),
        ("with the prefix twice", format!("{head}{credential}")),
        ("backwards", format!("{head}{}", rest.chars().rev().collect::<String>())),
        ("with a NUL's encoding", format!("{credential}%00")),
    ]
}

#[actix_web::test]
async fn a_subscriptions_secret_opens_it_to_the_letter_and_no_other_one() {
    let api = Api::start().await;
    api.create_app("shop").await;
    let (id, secret) = subscribe(&api, 1).await;
    let (other_id, other_secret) = subscribe(&api, 2).await;
    let own = format!("/v1/subscriptions/{id}");
    let mut rows = almost(&secret, "ss_".len());
    rows.push(("another one's", other_secret.clone()));
    rows.push(("its name", id.clone()));
    rows.push(("its name as a secret", format!("ss_{id}")));
    rows.push(("an empty tag", "ss_".to_owned()));
    rows.push(("zeros", format!("ss_{}", "A".repeat(43))));
    for (name, credential) in &rows {
        let replacement = Browser::new().subscription_json("https://push.example.org/3");
        for call in [
            api.get(&own),
            api.delete(&own),
            api.put(&own).json(&replacement),
            api.post(&format!("{own}/test")).json(&json!({})),
            api.delete(&format!("{DEMO}/{id}")),
        ] {
            let answer = call.bearer(credential).send().await;
            assert_eq!(answer.status, 401, "{name}: {:?}", answer.body);
        }
    }
    for path in [format!("/v1/subscriptions/{other_id}"), "/v1/subscriptions/sub_".to_owned()] {
        let status = api.get(&path).bearer(&secret).send().await.status;
        assert!([401, 404].contains(&status.as_u16()), "{path}: {status}");
    }
    let elsewhere = api.get(&own).bearer(&secret).header("fanfare-app", "shop").send().await;
    assert_eq!(elsewhere.status, 401, "in another app it is nobody's");
    for call in [
        api.get("/v1/channels"),
        api.get(DEMO),
        api.post("/v1/tokens").json(&json!({ "channels": ["a"] })),
        api.post("/v1/channels/demo/notifications").text("text/plain", "x"),
    ] {
        assert_eq!(call.bearer(&secret).send().await.status, 403, "it opens its own one alone");
    }
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 2);
    assert_eq!(api.get(&own).bearer(&secret).send().await.status, 200, "and it still does");
    api.stop().await;
}

#[actix_web::test]
async fn an_api_key_opens_its_app_to_the_letter() {
    let api = Api::start().await;
    let shop = api.create_app("shop").await;
    let theirs = api_key::generate(&mut rand::rng());
    api.create_key(shop, &theirs, &Scope::ALL).await;
    let mut rows = almost(&theirs, "fk_".len());
    rows.extend(almost(KEY, "fk_".len()));
    rows.push(("never given", api_key::generate(&mut rand::rng())));
    rows.push(("the hash of one", format!("fk_{}", hexadecimal(&api_key::hash(KEY)))));
    for (name, credential) in rows {
        let answer = api.get("/v1/channels").bearer(&credential).send().await;
        assert_eq!(answer.status, 401, "{name}: {:?}", answer.body);
        let detail = answer.json()["detail"].to_string();
        assert!(!detail.contains(&credential), "{name}: a refusal does not repeat it");
    }
    let call =
        |key: &str, app: &str| api.get("/v1/channels").bearer(key).header("fanfare-app", app);
    assert_eq!(call(&theirs, "shop").send().await.status, 200);
    assert_eq!(call(&theirs, "default").send().await.status, 403);
    assert_eq!(call(KEY, "shop").send().await.status, 403, "the instance's key names its own app");
    assert_eq!(api.get("/v1/apps").bearer(&theirs).send().await.status, 403);
    let (id, _) = subscribe(&api, 1).await;
    let foreign = api.get(&format!("/v1/subscriptions/{id}")).bearer(&theirs).send().await;
    assert_eq!(foreign.status, 404, "what another app has does not exist");
    api.stop().await;
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
