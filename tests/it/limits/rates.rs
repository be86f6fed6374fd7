//! How often: strangers by address, browsers by token, API keys where their app says so; and what answers tell of it.

use std::collections::BTreeMap;

use fanfare::store::directory::AppSettings;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::Answer;

const DEMO: &str = "/v1/channels/demo/subscriptions";

/// A quota of 2 a minute gives another one after 30 s, and none waits longer.
const LONGER: u64 = 31;

fn rate_limits(answer: &Answer) -> (u16, Option<&str>, Option<&str>) {
    (answer.status.as_u16(), answer.header("ratelimit"), answer.header("ratelimit-policy"))
}

/// A refusal by rate: 429, and a time that says when it makes sense to come back.
fn assert_refused(answer: &Answer, named: &str) {
    assert_eq!(answer.status, 429, "{:?}", answer.body);
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..LONGER).contains(&after), "{after}");
    let rate = answer.header("ratelimit").unwrap();
    assert!(rate.ends_with(&format!(";r=0;t={after}")), "{rate}");
    let problem = answer.json();
    assert!(problem["type"].as_str().unwrap().ends_with("#too-many-requests"));
    assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
}

fn with_limit(name: &str, number: i64) -> impl FnOnce(&mut AppSettings) {
    let limits = BTreeMap::from([(name.to_owned(), number)]);
    move |app| app.limits = limits
}

#[actix_web::test]
async fn strangers_register_as_often_as_their_address_may_and_not_once_more() {
    let api = Api::limited(|limits| limits.subscribe_per_address = 2).await;
    let policy = Some("\"address\";q=2;w=60");
    let body = Browser::new().subscription_json("https://push.example.org/one");
    let first = api.post(DEMO).json(&body).send().await;
    assert_eq!(rate_limits(&first), (201, Some("\"address\";r=1;t=30"), policy));
    // What is refused for another reason has been counted all the same.
    let second = api.post(DEMO).json(&Value::Null).send().await;
    assert_eq!(rate_limits(&second), (422, Some("\"address\";r=0;t=30"), policy));
    let third = api.post(DEMO).json(&body).send().await;
    assert_refused(&third, "registrations from this address: at most 2 in 60 s");
    let many = json!({ "channels": ["demo"], "subscription": body });
    assert_refused(&api.post("/v1/subscriptions").json(&many).send().await, "this address");

    // Neither a backend nor anything else that a stranger does is counted with them.
    let backend = api.post(DEMO).bearer(KEY).json(&body).send().await;
    assert_eq!(rate_limits(&backend), (200, None, None));
    assert_eq!(rate_limits(&api.get("/v1/push-key").send().await), (200, None, None));
    api.stop().await;
}

#[actix_web::test]
async fn a_token_registers_as_often_as_it_may_and_another_one_has_its_own_count() {
    let api = Api::limited(|limits| limits.subscribe_per_token = 1).await;
    let issue = async |channel: &str| {
        let body = json!({ "channels": [channel] });
        let answer = api.post("/v1/tokens").bearer(KEY).json(&body).send().await.json();
        answer["token"].as_str().unwrap().to_owned()
    };
    let (token, other) = (issue("user:42").await, issue("user:43").await);
    let body = Browser::new().subscription_json("https://push.example.org/one");
    let path = "/v1/channels/user:42/subscriptions";
    let first = api.post(path).bearer(&token).json(&body).send().await;
    assert_eq!(first.status, 201);
    assert_eq!(first.header("ratelimit"), Some("\"address\";r=599;t=1, \"token\";r=0;t=60"));
    let policies = "\"address\";q=600;w=60, \"token\";q=1;w=60";
    assert_eq!(first.header("ratelimit-policy"), Some(policies));
    let second = api.post(path).bearer(&token).json(&body).send().await;
    assert_eq!(second.status, 429);
    assert!(second.json()["detail"].as_str().unwrap().contains("with this token"));
    let theirs = api.post("/v1/channels/user:43/subscriptions").bearer(&other).json(&body);
    assert_eq!(theirs.send().await.status, 200);
    api.stop().await;
}

#[actix_web::test]
async fn an_api_key_is_limited_where_its_app_says_so_and_by_key() {
    let api = Api::start().await;
    let free = api.get("/v1/channels").bearer(KEY).send().await;
    assert_eq!(rate_limits(&free), (200, None, None));
    api.change(with_limit("requests_per_second", 1)).await;
    let policy = Some("\"key\";q=1;w=1");
    let first = api.get("/v1/channels").bearer(KEY).send().await;
    assert_eq!(rate_limits(&first), (200, Some("\"key\";r=0;t=1"), policy));

    // Where a call takes longer than the second in which there is another one, the next is the one past the limit.
    let mut refused = None;
    for _ in 0..1_000 {
        let answer = api.get("/v1/channels").bearer(KEY).send().await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200);
    }
    assert_refused(&refused.expect("a limit"), "requests_per_second");
    let app = fanfare::store::Store::directory(&*api.store).apps["default"].id;
    api.create_key(app, "fk_another", &fanfare::store::directory::Scope::ALL).await;
    assert_eq!(api.get("/v1/channels").bearer("fk_another").send().await.status, 200);
    let nobody = api.get("/v1/push-key").send().await;
    assert_eq!(rate_limits(&nobody), (200, None, None));
    api.stop().await;
}

#[actix_web::test]
async fn pages_may_read_where_they_stand() {
    let origin = "https://shop.example";
    let api = Api::with(|app| app.origins = vec![origin.to_owned()]).await;
    let answer = api.get("/v1/push-key").header("origin", origin).send().await;
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["Retry-After", "RateLimit", "RateLimit-Policy"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
    }
    api.stop().await;
}
