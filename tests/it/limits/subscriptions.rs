//! How many: subscriptions of an app and of each of its channels, counted in the transaction that would add one.

use std::collections::BTreeMap;
use std::time::Duration;

use fanfare::store::Store;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::Answer;

const DEMO: &str = "/v1/channels/demo/subscriptions";

async fn limited(limits: &[(&str, i64)]) -> Api {
    let limits: BTreeMap<_, _> =
        limits.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    Api::with(|app| app.limits = limits).await
}

async fn subscribe(api: &Api, browser: &Browser, number: usize, channels: &[&str]) -> Answer {
    let endpoint = format!("https://push.example.org/{number}");
    let body =
        json!({ "channels": channels, "subscription": browser.subscription_json(&endpoint) });
    api.post("/v1/subscriptions").bearer(KEY).json(&body).send().await
}

fn assert_full(answer: &Answer, named: &str) {
    assert_eq!(answer.status, 403, "{:?}", answer.body);
    let problem = answer.json();
    assert!(problem["type"].as_str().unwrap().ends_with("#limit-reached"), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(named) && detail.contains("fanfare app set default"), "{detail}");
}

async fn members(api: &Api, channel: &str) -> usize {
    let path = format!("/v1/channels/{channel}/subscriptions");
    let items = api.get(&path).bearer(KEY).send().await.json();
    items["items"].as_array().map_or(0, Vec::len)
}

#[actix_web::test]
async fn an_app_takes_as_many_subscriptions_as_its_limit_and_not_one_more() {
    let api = limited(&[("subscriptions", 2)]).await;
    let browsers: Vec<_> = (0..4).map(|_| Browser::new()).collect();
    let first = subscribe(&api, &browsers[0], 0, &["news"]).await.json();
    assert_eq!(subscribe(&api, &browsers[1], 1, &["news"]).await.status, 201);
    let refused = subscribe(&api, &browsers[2], 2, &["news", "new-channel"]).await;
    assert_full(&refused, "`subscriptions` allows, 2");
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 2);
    assert_eq!(members(&api, "news").await, 2);
    let channel = api.get("/v1/channels/new-channel").bearer(KEY).send().await;
    assert_eq!(channel.status, 404, "a refusal leaves nothing behind");

    // Who is there may come again and go further: that adds no subscription.
    assert_eq!(subscribe(&api, &browsers[0], 0, &["news", "more"]).await.status, 200);
    // New keys of one that is there are a new generation of it.
    assert_eq!(subscribe(&api, &browsers[3], 0, &["news"]).await.status, 200);
    let id = first["id"].as_str().unwrap();
    let gone = api.delete(&format!("/v1/subscriptions/{id}")).bearer(KEY).send().await;
    assert_eq!(gone.status, 204);
    assert_eq!(subscribe(&api, &browsers[2], 2, &["news"]).await.status, 201);
    assert_full(&subscribe(&api, &browsers[0], 0, &["news"]).await, "`subscriptions`");
    api.stop().await;
}

#[actix_web::test]
async fn a_channel_takes_as_many_members_as_the_limit_and_a_call_that_names_a_full_one_does_nothing()
 {
    let api = limited(&[("subscriptions_per_channel", 1)]).await;
    let (first, second) = (Browser::new(), Browser::new());
    assert_eq!(subscribe(&api, &first, 1, &["news"]).await.status, 201);
    let refused = subscribe(&api, &second, 2, &["empty", "news"]).await;
    assert_full(&refused, "the channel news");
    assert_eq!((members(&api, "empty").await, members(&api, "news").await), (0, 1));
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 1);
    assert_eq!(subscribe(&api, &first, 1, &["news", "empty"]).await.status, 200);
    assert_full(&subscribe(&api, &second, 2, &["empty"]).await, "`subscriptions_per_channel`");

    let id = subscribe(&api, &first, 1, &["news"]).await.json();
    let path = format!("/v1/channels/empty/subscriptions/{}", id["id"].as_str().unwrap());
    assert_eq!(api.delete(&path).bearer(KEY).send().await.status, 204);
    assert_eq!(subscribe(&api, &second, 2, &["empty"]).await.status, 201);
    api.stop().await;
}

#[actix_web::test]
async fn one_that_went_needs_a_place_to_come_back_to() {
    const HOUR: Duration = Duration::from_secs(3600);
    for (limit, named) in
        [("subscriptions", "the app default"), ("subscriptions_per_channel", "news")]
    {
        let api = limited(&[(limit, 1)]).await;
        let (goes, comes) = (Browser::new(), Browser::new());
        let mut body = goes.subscription_json("https://push.example.org/0");
        body["expirationTime"] = json!((api.state.now() + HOUR).as_millis());
        let path = "/v1/channels/news/subscriptions";
        let subscribed = api.post(path).bearer(KEY).json(&body).send().await.json();
        let in_two_hours = api.state.now() + 2 * HOUR;
        assert_eq!(api.store.upkeep(in_two_hours, 10).await.unwrap(), 1);
        let taken = subscribe(&api, &comes, 1, &["news"]).await;
        assert_eq!(taken.status, 201, "a place that is left is free");

        let own = format!("/v1/subscriptions/{}", subscribed["id"].as_str().unwrap());
        let replace = || api.put(&own).bearer(KEY).json(&body);
        assert_full(&replace().send().await, named);
        assert_full(&api.post(path).bearer(KEY).json(&body).send().await, named);
        let restore = api.post(&format!("{own}/restore")).bearer(KEY).send().await;
        assert_full(&restore, named);
        assert_eq!(api.store.totals().await.unwrap().subscriptions, 1);
        let taken = format!("/v1/subscriptions/{}", taken.json()["id"].as_str().unwrap());
        assert_eq!(api.delete(&taken).bearer(KEY).send().await.status, 204);
        let back = replace().send().await;
        assert_eq!((back.status.as_u16(), &back.json()["channels"]), (200, &json!(["news"])));
        api.stop().await;
    }
}

#[actix_web::test]
async fn two_that_turn_out_to_be_one_browser_need_no_further_place() {
    let api = limited(&[("subscriptions", 2), ("subscriptions_per_channel", 2)]).await;
    let (first, second) = (Browser::new(), Browser::new());
    let keeps = subscribe(&api, &first, 0, &["news"]).await.json();
    assert_eq!(subscribe(&api, &second, 1, &["news", "team:7"]).await.status, 201);
    let own = format!("/v1/subscriptions/{}", keeps["id"].as_str().unwrap());
    let body = second.subscription_json("https://push.example.org/1");
    let merged = api.put(&own).bearer(KEY).json(&body).send().await;
    assert_eq!(merged.status, 200, "{:?}", merged.body);
    assert_eq!(subscribe(&api, &Browser::new(), 2, &["news"]).await.status, 201);
    assert_full(&subscribe(&api, &Browser::new(), 3, &["news"]).await, "the app default");
    api.stop().await;
}

#[actix_web::test]
async fn of_many_who_come_at_once_exactly_as_many_get_in_as_there_are_places() {
    let api = limited(&[("subscriptions", 10)]).await;
    let browsers: Vec<_> = (0..40).map(|_| Browser::new()).collect();
    let calls = browsers.iter().enumerate().map(|(number, browser)| {
        let api = &api;
        async move { subscribe(api, browser, number, &["news"]).await.status.as_u16() }
    });
    let statuses = join_all(calls).await;
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(201), count(403)), (10, 30));
    assert_eq!(members(&api, "news").await, 10);
    api.stop().await;
}

#[actix_web::test]
async fn a_limit_of_nothing_closes_an_app_to_strangers_and_backends_alike() {
    let api = limited(&[("subscriptions_per_channel", 0)]).await;
    let body = Browser::new().subscription_json("https://push.example.org/one");
    assert_full(&api.post(DEMO).json(&body).send().await, "allows, 0");
    assert_full(&api.post(DEMO).bearer(KEY).json(&body).send().await, "allows, 0");
    api.stop().await;
}

#[actix_web::test]
async fn limits_are_set_one_by_one_lifted_by_null_and_refused_by_name() {
    let api = Api::start().await;
    let patch = async |limits: Value| {
        let body = json!({ "limits": limits });
        api.call(Method::PATCH, "/v1/apps/default").bearer(KEY).json(&body).send().await
    };
    let set = patch(json!({ "subscriptions": 10 })).await;
    assert_eq!(set.json()["limits"], json!({ "subscriptions": 10 }));
    let both = patch(json!({ "subscriptions_per_channel": 5 })).await;
    let expected = json!({ "subscriptions": 10, "subscriptions_per_channel": 5 });
    assert_eq!(both.json()["limits"], expected);
    let lifted = patch(json!({ "subscriptions": null })).await;
    assert_eq!(lifted.json()["limits"], json!({ "subscriptions_per_channel": 5 }));
    for (limits, pointer) in [
        (json!({ "members": 5 }), "#/limits/members"),
        (json!({ "members": null }), "#/limits/members"),
        (json!({ "subscriptions": -1 }), "#/limits/subscriptions"),
        (json!({ "subscriptions": 1_000_000_001 }), "#/limits/subscriptions"),
        (json!({ "subscriptions": 1.5 }), "#/limits/subscriptions"),
        (json!({ "requests_per_second": 0 }), "#/limits/requests_per_second"),
        (json!({ "requests_per_second": "many" }), "#/limits/requests_per_second"),
        (json!([]), "#/limits"),
    ] {
        let refused = patch(limits.clone()).await;
        assert_eq!(refused.status, 422, "{limits}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{limits}");
    }
    let shown = api.get("/v1/apps/default").bearer(KEY).send().await.json();
    assert_eq!(shown["limits"], json!({ "subscriptions_per_channel": 5 }));
    api.stop().await;
}
