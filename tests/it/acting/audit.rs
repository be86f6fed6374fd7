//! The audit log: who, when and from where, on disk before the act; and no more of it than so much.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fanfare::clock::Clock;
use fanfare::store::Store;
use fanfare::store::audit::{Act, Audit, AuditEntry, KEPT};
use serde_json::{Value, json};

use super::allow;
use crate::harness::api::{Api, KEY};
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn entry(target: &str) -> AuditEntry {
    AuditEntry {
        at: Clock::System.now(),
        key: "key_it".to_owned(),
        title: "a title".to_owned(),
        address: None,
        act: Act::Kill,
        target: target.to_owned(),
        request: "0123".to_owned(),
    }
}

async fn audit(api: &Api, query: &str) -> Value {
    let answer = api.get(&format!("/v1/observe/audit{query}")).bearer(KEY).send().await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()
}

#[actix_web::test]
async fn each_act_is_written_down_with_who_when_and_from_where() {
    let api = Api::start().await;
    allow(&api, true);
    let mut options = (*api.state.options()).clone();
    options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    api.state.heed(options);
    let began = api.state.now();
    let proxied =
        api.post("/v1/observe/drain").bearer(KEY).header("x-forwarded-for", "203.0.113.9");
    let drained = proxied.send().await;
    let resumed = api.post("/v1/observe/resume").send_on_control().await;
    let ended = api.state.now();
    let keys = api.get("/v1/apps/default/keys").bearer(KEY).send().await.json();
    let key = &keys["items"][0];

    let found = audit(&api, "").await;
    let (last, first) = (&found["items"][0], &found["items"][1]);
    let (instance, id) = (&drained.headers["x-request-id"], &resumed.headers["x-request-id"]);
    let expected = json!({
        "id": first["id"], "at": first["at"], "key": key["id"], "title": key["title"],
        "address": "203.0.113.9", "act": "drain", "target": "", "request": instance.to_str().unwrap(),
    });
    assert_eq!(*first, expected);
    let expected = json!({
        "id": last["id"], "at": last["at"], "key": "control socket", "title": "",
        "address": null, "act": "resume", "target": "", "request": id.to_str().unwrap(),
    });
    assert_eq!(*last, expected);
    assert!(last["id"].as_i64() > first["id"].as_i64());
    let rows = api.store.audited(None, 10).await.unwrap();
    assert!(rows.iter().all(|row| (began..=ended).contains(&row.at)), "{rows:?}");
    assert_eq!((found["items"].as_array().unwrap().len(), &found["next"]), (2, &Value::Null));
    assert!(!found.to_string().contains(KEY));
    api.stop().await;
}

#[actix_web::test]
async fn a_change_of_what_is_logged_is_written_down_though_acting_is_off() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let filter = format!("{}debug", "fanfare=debug,".repeat(60));
    let body = json!({ "filter": filter });
    let set = daemon.call(http::Method::PUT, "/v1/observe/log/level").json(&body).send().await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    let found = daemon.call(http::Method::GET, "/v1/observe/audit").send().await.json();
    assert_eq!(found["items"][0]["act"], "log-level");
    assert_eq!(found["items"][0]["target"], filter[..500], "and no more of it than so much");
}

#[actix_web::test]
async fn whoever_was_trusted_by_nobody_is_not_believed_about_its_address() {
    let api = Api::start().await;
    allow(&api, true);
    let call = api.post("/v1/observe/drain").bearer(KEY).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(call.send().await.status, 200);
    assert_eq!(audit(&api, "").await["items"][0]["address"], "127.0.0.1");
    api.stop().await;
}

#[actix_web::test]
async fn where_it_cannot_be_written_down_nothing_is_done() {
    let api = Api::start().await;
    let publish = api.post("/v1/channels/news/notifications").bearer(KEY);
    assert_eq!(publish.text("text/plain", "x").send().await.status, 202);
    allow(&api, true);
    api.store.close();
    let drained = api.post("/v1/observe/drain").bearer(KEY).send().await;
    assert_eq!(drained.status, 503);
    assert!(!api.state.tree.is_draining());
    let body = json!({ "channel": "news" });
    let paused = api.post("/v1/observe/channels/pause").bearer(KEY).json(&body).send().await;
    assert_eq!(paused.status, 503);
    assert!(api.store.directory().pauses.channels.is_empty());
    api.stop().await;
}

#[actix_web::test]
async fn the_log_is_read_page_by_page_the_newest_first() {
    let api = Api::start().await;
    for target in 1..=5 {
        api.store.audit(entry(&target.to_string())).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = audit(&api, &query).await;
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["target"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
    let wrong = api.get("/v1/observe/audit?cursor=x").bearer(KEY).send().await;
    assert_eq!(wrong.status, 400);
    api.stop().await;
}

#[actix_web::test]
async fn the_newest_rows_are_kept_and_no_more() {
    let api = Api::start().await;
    let mut database = SqliteConnection::establish(api.database().to_str().unwrap()).unwrap();
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO audit (at, key, title, act, target, request) SELECT i, '', '', 'kill', i, '' FROM n",
        KEPT + 20
    );
    diesel::sql_query(fill).execute(&mut database).unwrap();
    api.store.audit(entry("the last")).await.unwrap();
    let count = "SELECT count(*) AS count FROM audit";
    let count: Count = diesel::sql_query(count).get_result(&mut database).unwrap();
    assert_eq!(count.count, KEPT);
    let newest = api.store.audited(None, 2).await.unwrap();
    let targets: Vec<_> = newest.iter().map(|row| row.target.clone()).collect();
    assert_eq!(targets, ["the last".to_owned(), (KEPT + 20).to_string()]);
    api.stop().await;
}
