//! The payload as it leaves: what was posted as text, as a form or as JSON, read back from the store and judged.

use fanfare::id::PublicId;
use serde_json::{Value, json};

use super::{PARSERS, Shown};
use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::Call;
use crate::harness::daemon::Home;
use crate::harness::house::now;
use crate::harness::ledger::Ledger;
use crate::harness::push_service::PushService;

const PUBLISH: &str = "/v1/channels/news/notifications";

/// Posts it, and answers its name and what would be encrypted for the one who is in the channel.
async fn posted(api: &Api, device: &PublicId, call: Call) -> (String, Option<Vec<u8>>) {
    let answer = call.bearer(KEY).send().await;
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    let ledger = Ledger::of(api.store.clone());
    let open = ledger.load(ledger.app, device, now()).await.stretches.remove(0).open;
    let newest = open.last().unwrap();
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(newest.id.as_str(), id);
    (id, newest.payload.as_ref().map(|payload| payload.as_bytes().to_vec()))
}

/// What each parser shows.
fn shown(payload: &[u8]) -> Vec<(&'static str, Shown)> {
    let parse = |(name, parse): (&'static str, super::Parser)| {
        (name, parse(payload).unwrap_or_else(|why| panic!("{name} drops it: {why}")))
    };
    PARSERS.into_iter().map(parse).collect()
}

#[actix_web::test]
async fn texts_forms_and_data_are_shown_under_the_apps_title_and_lead_to_its_home() {
    let api = Api::with(|app| {
        app.title = "Teahouse".to_owned();
        app.home = "https://tea.example/home".to_owned();
    })
    .await;
    let ledger = Ledger::of(api.store.clone());
    let device = ledger.join(ledger.app, 1).await;
    let json = |body: Value| api.post(PUBLISH).json(&body);
    let form = "application/x-www-form-urlencoded";
    let calls = [
        (
            api.post(PUBLISH).text("text/plain; charset=utf-8", "{ Tee ist fertig ☕"),
            "{ Tee ist fertig ☕",
        ),
        (api.post(PUBLISH).text(form, "Tea=ready&milk=+%20"), "Tea=ready&milk=+%20"),
        (json(json!({ "data": { "changed": "tea" } })), ""),
        (json(json!({ "notification": {} })), ""),
        (json(json!({ "notification": { "title": null, "body": "Tea" } })), "Tea"),
    ];
    for (call, body) in calls {
        let (id, payload) = posted(&api, &device, call).await;
        for (name, shown) in shown(&payload.unwrap()) {
            assert_eq!(shown["title"], "Teahouse", "{name}");
            assert_eq!(shown["navigate"], "https://tea.example/home", "{name}");
            assert_eq!(shown["body"], body, "{name}");
            assert_eq!(shown["mutable"], true, "{name}");
            assert_eq!((&shown["tag"], &shown["data"]["fanfare"]["id"]), (&json!(id), &json!(id)));
            let channel = &shown["data"]["fanfare"]["channel"];
            assert_eq!(channel, "news", "{name}");
        }
    }
    for empty in [json(json!({})), api.post(PUBLISH).text("text/plain", "")] {
        assert_eq!(posted(&api, &device, empty).await.1, None);
    }
    api.stop().await;
}

#[actix_web::test]
async fn an_action_leads_where_its_notification_does_and_an_app_without_a_home_to_the_demo() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let device = ledger.join(ledger.app, 1).await;
    let demo = format!("{}/demo", api.origin());
    let buttons = json!([{ "action": "a", "title": "A" }]);
    for (notification, leads) in [
        (json!({ "actions": buttons }), demo.as_str()),
        (
            json!({ "actions": buttons, "navigate": "https://tea.example/n" }),
            "https://tea.example/n",
        ),
    ] {
        let call = api.post(PUBLISH).json(&json!({ "notification": notification }));
        let payload = posted(&api, &device, call).await.1.unwrap();
        for (name, shown) in shown(&payload) {
            assert_eq!(shown["navigate"], leads, "{name}");
            for list in ["actions", "actions without icons"] {
                let Some(actions) = shown.get(list) else { continue };
                assert_eq!(actions[0]["navigate"], leads, "{name}");
            }
        }
    }
    api.stop().await;
}

#[actix_web::test]
async fn a_payload_of_exactly_3967_bytes_arrives_whole_and_one_byte_more_is_refused() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = Browser::new();
    daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let post =
        async |body: Value| daemon.call(http::Method::POST, PUBLISH).json(&body).send().await;
    let accepted = post(json!({ "raw": "é".repeat(1983) + "x" })).await;
    assert_eq!(accepted.status, 202);
    daemon.finished(accepted.json()["id"].as_str().unwrap()).await;
    let pushed = &service.log_of("it")[0];
    // RFC 8188: the record has 4096 bytes at most, with its header.
    assert_eq!(pushed.body.len(), 86 + 3967 + 1 + 16);
    assert_eq!(browser.decrypt(&pushed.body), ("é".repeat(1983) + "x").into_bytes());
    let refused = post(json!({ "raw": "é".repeat(1984) })).await;
    assert_eq!(refused.status, 413);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("3968") && detail.contains("3967"), "{detail}");
}
