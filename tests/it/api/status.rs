//! What became of a notification: its failures, and the channel's log.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;

use crate::harness::api::{Api, KEY};
use crate::harness::house::now;
use crate::harness::ledger::Ledger;

/// Changes the database itself, to what would take long to come about.
fn change(api: &Api, how: &str) {
    let database = SqliteConnection::establish(&api.database().to_string_lossy());
    database.unwrap().batch_execute(how).unwrap();
}

#[actix_web::test]
async fn failures_are_ten_thousand_at_most_and_say_when_there_are_more() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    ledger.join(ledger.app, 1).await;
    let notification = ledger.publish(ledger.app, now()).await;
    let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
        INSERT INTO failure (notification_id, subscription_id, outcome, status, reason, attempts, at)
        SELECT 1, 1, 4, 400, 'number ' || i, i, 0 FROM n;";
    change(&api, fill);
    let get = async |query: &str| {
        let path = format!("/v1/notifications/{}/failures{query}", notification.id);
        api.get(&path).bearer(KEY).send().await.json()
    };
    let count = |found: &Value| found["items"].as_array().unwrap().len();
    let all = get("").await;
    assert_eq!((count(&all), &all["truncated"]), (10_000, &true.into()));
    assert_eq!(
        (&all["items"][0]["status"], &all["items"][0]["reason"]),
        (&400.into(), &"number 1".into())
    );
    let few = get("?limit=3").await;
    assert_eq!((count(&few), &few["truncated"]), (3, &true.into()));
    change(&api, "DELETE FROM failure WHERE attempts > 10000");
    let all = get("").await;
    assert_eq!((count(&all), &all["truncated"]), (10_000, &false.into()));
    api.stop().await;
}

#[actix_web::test]
async fn a_channels_log_is_read_newest_first_a_page_at_a_time_also_while_it_grows_and_shrinks() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    for _ in 0..7 {
        ledger.publish(ledger.app, now()).await;
    }
    let page = async |cursor: &str| {
        let path = format!("/v1/channels/news/notifications?limit=3{cursor}");
        let page = api.get(&path).bearer(KEY).send().await.json();
        let items = page["items"].as_array().unwrap();
        let numbers: Vec<_> = items.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
        (numbers, page["next"].as_str().map(str::to_owned))
    };
    let (numbers, next) = page("").await;
    assert_eq!(numbers, [7, 6, 5]);
    ledger.publish(ledger.app, now()).await;
    // Retention removes the oldest first, as a rule.
    change(&api, "DELETE FROM notification WHERE seq IN (1, 3, 5)");
    let (numbers, next) = page(&format!("&cursor={}", next.unwrap())).await;
    assert_eq!((numbers, next), (vec![4, 2], None));
    let (numbers, _) = page("").await;
    assert_eq!(numbers, [8, 7, 6]);
    api.stop().await;
}
