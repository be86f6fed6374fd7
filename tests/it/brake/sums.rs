//! What the brake counts and what apps' limits are held against, where rows are odd or apps go away.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fanfare::store::Store;
use fanfare::store::directory::DirectoryChange;
use fanfare::store::membership::{Leave, Leaver, Subscribe, SubscribeReply};

use crate::harness::ledger::{Ledger, MINUTE, START, after};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(ledger: &Ledger, of: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {of}");
    diesel::sql_query(query).get_result::<Count>(&mut ledger.database()).unwrap().count
}

fn delete(name: &str) -> DirectoryChange {
    DirectoryChange::DeleteApp { name: name.to_owned(), now: START }
}

#[actix_web::test]
async fn a_row_whose_endpoint_cannot_be_read_holds_up_neither_upkeep_nor_whoever_deletes_it() {
    let ledger = Ledger::open().await;
    let shop = ledger.other_app("shop").await;
    let mut ids = Vec::new();
    for (app, number) in [(ledger.app, 0), (ledger.app, 1), (shop, 2)] {
        let expires = (number == 0).then(|| after(MINUTE));
        let joining = Subscribe { expires, ..ledger.joining(app, number) };
        let reply = ledger.store.subscribe(joining).await.unwrap();
        let SubscribeReply::Subscribed { id, .. } = reply else { panic!("{reply:?}") };
        ids.push(id);
        ledger.join(ledger.app, number + 10).await;
    }
    let unread = "UPDATE subscription SET endpoint = 'unreadable ' || id, origin_id = 0
                  WHERE endpoint NOT LIKE '%/1_'";
    ledger.database().batch_execute(unread).unwrap();
    ledger.upkeep(after(2 * MINUTE)).await;
    assert_eq!(ledger.store.totals().await.unwrap().subscriptions, 5, "one has ended");
    let unread = "subscription WHERE origin_id = 0 AND gone IS NULL";
    assert_eq!(count(&ledger, unread), 2);
    ledger.store.change_directory(delete("shop")).await.unwrap().unwrap();
    assert_eq!(count(&ledger, unread), 1);
    let wrong = "app WHERE subscriptions <>
        (SELECT count(*) FROM subscription WHERE app_id = app.id AND gone IS NULL)";
    assert_eq!(count(&ledger, wrong), 0);
    let who = Leaver::Everywhere(ids[1].clone());
    assert_eq!(ledger.store.leave(Leave { app: ledger.app, who, now: START }).await.unwrap(), 1);
    assert_eq!(count(&ledger, unread), 0);
}

#[actix_web::test]
async fn an_app_that_is_deleted_takes_along_what_the_brake_counted() {
    let ledger = Ledger::open().await;
    let shop = ledger.other_app("shop").await;
    let ids = ledger.crowd(shop, 120).await;
    ledger.publish(shop, START).await;
    ledger.go(shop, &ids, START).await;
    assert_eq!(count(&ledger, "departure"), 1);
    ledger.store.change_directory(delete("shop")).await.unwrap().unwrap();
    for table in
        ["subscription", "membership", "past_membership", "push_origin", "quarantine", "departure"]
    {
        assert_eq!(count(&ledger, table), 0, "{table}");
    }
}

#[actix_web::test]
async fn an_app_with_many_subscriptions_is_deleted_in_several_transactions() {
    let ledger = Ledger::open().await;
    let shop = ledger.other_app("shop").await;
    ledger.crowd(shop, 450).await;
    let before = ledger.store.journal().batches;
    ledger.store.change_directory(delete("shop")).await.unwrap().unwrap();
    assert_eq!(ledger.store.journal().batches - before, 3, "200 are removed in each");
    assert_eq!(count(&ledger, "subscription"), 0);
    assert_eq!(ledger.store.totals().await.unwrap().subscriptions, 0);
}

#[actix_web::test]
async fn who_joins_an_app_in_the_moment_in_which_it_is_deleted_does_not_outlive_it() {
    let ledger = Ledger::open().await;
    let shop = ledger.other_app("shop").await;
    // While this is written, what follows waits, and then shares a transaction.
    let channels = (0..1000).map(|number| format!("channel-{number}")).collect();
    let long = ledger.store.subscribe(Subscribe { channels, ..ledger.joining(ledger.app, 0) });
    let deleted = ledger.store.change_directory(delete("shop"));
    let joined = ledger.store.subscribe(ledger.joining(shop, 1));
    long.await.unwrap();
    deleted.await.unwrap().unwrap();
    assert!(joined.await.is_err(), "there is no such app any more");
    let outlives = format!("subscription WHERE app_id = {}", shop.0);
    assert_eq!(count(&ledger, &outlives), 0);
}
