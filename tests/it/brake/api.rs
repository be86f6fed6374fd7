//! Quarantines over HTTP: who may see them, who may say what becomes of them, and what is answered.

use fanfare::model::{EndpointState, Settlement};
use fanfare::store::directory::Scope;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::ledger::{Ledger, MINUTE, START};

const READS: &str = "fk_reads-and-nothing-else-0123456789abcdef";

const SUBSCRIBES: &str = "fk_subscribes-and-nothing-else-0123456789";

/// An API with `count` subscriptions of `news` in a quarantine: its path, and the subscriptions' names.
async fn held_back(count: usize) -> (Api, String, Vec<String>) {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    api.create_key(ledger.app, READS, &[Scope::Read]).await;
    api.create_key(ledger.app, SUBSCRIBES, &[Scope::Subscribe]).await;
    let ids = ledger.crowd(ledger.app, count).await;
    ledger.publish(ledger.app, START).await;
    ledger.go(ledger.app, &ids, START).await;
    ledger.upkeep(START).await;
    let list = api.get("/v1/quarantines").bearer(READS).send().await;
    assert_eq!(list.status, 200);
    let path = format!("/v1/quarantines/{}", list.json()["items"][0]["id"].as_str().unwrap());
    (api, path, ids.iter().map(ToString::to_string).collect())
}

#[actix_web::test]
async fn an_incident_is_shown_by_its_push_service_and_never_by_an_endpoint() {
    let (api, path, ids) = held_back(120).await;
    let shown = api.get(&path).bearer(READS).send().await.json();
    let id = shown["id"].as_str().unwrap();
    assert_eq!(path, format!("/v1/quarantines/{id}"));
    assert_eq!((&shown["push_service"], &shown["cause"]), (&json!("other"), &json!("gone")));
    assert_eq!(shown["origin"], "https://push.example.net");
    assert_eq!((&shown["subscriptions"], &shown["state"]), (&json!(120), &json!("open")));
    let one = format!("/v1/subscriptions/{}", ids[0]);
    let one = api.get(&one).bearer(SUBSCRIBES).send().await.json();
    assert_eq!((&one["state"], &one["quarantine"]), (&json!("quarantined"), &json!(id)));
    assert_eq!(one["channels"], json!(["news"]));

    let app = api.create_app("shop").await;
    let foreign = "fk_another-app-s-admin-0123456789abcdef";
    api.create_key(app, foreign, &Scope::ALL).await;
    assert_eq!(api.get(&path).bearer(foreign).send().await.status, 404);
    let none = api.get("/v1/quarantines").bearer(foreign).send().await.json();
    assert_eq!(none, json!({ "items": [], "next": null }));
    api.stop().await;
}

#[actix_web::test]
async fn an_operator_alone_says_what_becomes_of_it() {
    let (api, path, _) = held_back(120).await;
    for word in ["undo", "apply"] {
        let path = format!("{path}/{word}");
        assert_eq!(api.post(&path).send().await.status, 401);
        for key in [READS, SUBSCRIBES] {
            assert_eq!(api.post(&path).bearer(key).send().await.status, 403, "{word}");
        }
        let nothing = api.post(&format!("{path}?limit=0")).bearer(KEY).send().await;
        assert_eq!(nothing.status, 400);
        let unknown = "/v1/quarantines/qua_0123456789012345678901";
        let unknown = api.post(&format!("{unknown}/{word}")).bearer(KEY).send().await;
        assert_eq!(unknown.status, 404);
    }
    let undo = format!("{path}/undo");
    for _ in 0..2 {
        let undone = api.post(&undo).bearer(KEY).send().await;
        assert_eq!(undone.status, 200);
        let Value::Object(quarantine) = &undone.json()["quarantine"] else { panic!("none") };
        assert_eq!((&quarantine["moved"], &quarantine["state"]), (&json!(120), &json!("undone")));
        assert_eq!(
            (&undone.json()["done"], &quarantine["subscriptions"]),
            (&json!(true), &json!(0))
        );
    }
    let applied = api.post(&format!("{path}/apply")).bearer(KEY).send().await;
    assert_eq!(applied.status, 409);
    assert!(applied.json()["type"].as_str().unwrap().ends_with("#quarantine-resolved"));
    let channel = api.get("/v1/channels/news").bearer(READS).send().await.json();
    assert_eq!(channel["subscribers"], 120);
    api.stop().await;
}

#[actix_web::test]
async fn one_subscription_is_restored_by_a_backend_and_not_by_its_secret() {
    let (api, path, ids) = held_back(120).await;
    let restore = format!("/v1/subscriptions/{}/restore", ids[0]);
    assert_eq!(api.post(&restore).bearer(READS).send().await.status, 403);
    assert_eq!(api.post(&restore).bearer("ss_not-even-its-own").send().await.status, 403);
    for _ in 0..2 {
        let restored = api.post(&restore).bearer(SUBSCRIBES).send().await;
        assert_eq!(restored.status, 200);
        assert_eq!(restored.json()["state"], "active");
    }
    let left = api.get(&path).bearer(READS).send().await.json();
    assert_eq!(left["subscriptions"], 119);
    let unknown = "/v1/subscriptions/sub_0123456789012345678901/restore";
    assert_eq!(api.post(unknown).bearer(SUBSCRIBES).send().await.status, 404);
    api.stop().await;
}

#[actix_web::test]
async fn what_troubles_a_subscription_is_told_where_it_is_shown() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let id = ledger.crowd(ledger.app, 1).await.remove(0);
    ledger.publish(ledger.app, START).await;
    let settlement = ledger.settlement(ledger.app, &id, START).await;
    let not_before = api.state.now() + MINUTE;
    let endpoint =
        EndpointState::Waiting { not_before, failures: 1, attempts: 1, unheard_since: None };
    ledger.settle(Settlement { endpoint, ..settlement }).await;
    let one = api.get(&format!("/v1/subscriptions/{id}")).bearer(KEY).send().await.json();
    let members = api.get("/v1/channels/news/subscriptions").bearer(KEY).send().await.json();
    for shown in [&one, &members["items"][0]] {
        assert_eq!(shown["state"], "waiting");
        assert_eq!(shown["trouble"], json!({ "status": 599, "reason": "said so" }));
    }
    api.stop().await;
}
