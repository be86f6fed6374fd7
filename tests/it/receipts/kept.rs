//! How long receipts are kept: as long as their notification, and as their device.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fanfare::model::{Outcome, ReceiptEvent, Settlement};
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::receipt::{ReceiptCounts, ReceiptReply};
use futures_util::future::join_all;

use super::{ask, counts, say};
use crate::harness::ledger::{DAY, Ledger, START, after};

const HOUR: Duration = Duration::from_secs(3600);
const MOMENT: Duration = Duration::from_millis(1);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn rows(ledger: &Ledger, table: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
    query.get_result::<Count>(&mut ledger.database()).unwrap().count
}

#[actix_web::test]
async fn they_go_with_their_notification_so_many_rows_at_a_time() {
    let ledger = Ledger::open().await;
    ledger.store.keep_finished_for(HOUR);
    let devices = ledger.crowd(ledger.app, 30).await;
    let one = ask(&ledger, ledger.app, START).await;
    let said = devices.iter().map(|device| say(&ledger, device, &one, ReceiptEvent::Shown));
    assert_eq!(join_all(said).await, [ReceiptReply::Counted; 30]);
    ledger.store.cancel(ledger.app, one.clone(), START).await.unwrap().unwrap();
    ledger.upkeep(after(HOUR)).await;
    assert_eq!((rows(&ledger, "receipt"), counts(&ledger, &one).await.shown), (30, 30));
    let then = after(HOUR) + MOMENT;
    for left in [18, 6] {
        assert_eq!(ledger.store.upkeep(then, 12).await.unwrap(), 12);
        assert_eq!((rows(&ledger, "receipt"), rows(&ledger, "notification")), (left, 1));
    }
    assert_eq!(ledger.store.upkeep(then, 12).await.unwrap(), 7, "what was left, and itself");
    assert_eq!((rows(&ledger, "receipt"), rows(&ledger, "notification")), (0, 0));
    let late = say(&ledger, &devices[0], &one, ReceiptEvent::Clicked).await;
    assert_eq!(late, ReceiptReply::UnknownNotification);
}

#[actix_web::test]
async fn one_that_is_forgotten_takes_its_words_along_and_the_counts_stay() {
    let ledger = Ledger::open().await;
    let device = ledger.join(ledger.app, 1).await;
    let one = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::Counted);
    let who = Leaver::Everywhere(device.clone());
    ledger.store.leave(Leave { app: ledger.app, who, now: START }).await.unwrap();
    assert_eq!(rows(&ledger, "receipt"), 0);
    let said = say(&ledger, &device, &one, ReceiptEvent::Clicked).await;
    assert_eq!(said, ReceiptReply::UnknownSubscription);
    // The same browser again is another device, which came later: nobody counts twice by coming twice.
    let again = ledger.join(ledger.app, 1).await;
    assert_eq!(say(&ledger, &again, &one, ReceiptEvent::Shown).await, ReceiptReply::NotForIt);
    assert_eq!(counts(&ledger, &one).await, ReceiptCounts { shown: 1, ..Default::default() });
}

#[actix_web::test]
async fn of_one_that_is_gone_they_are_kept_until_it_cannot_come_back_and_go_in_batches() {
    let ledger = Ledger::open().await;
    ledger.store.keep_finished_for(1000 * DAY);
    let device = ledger.join(ledger.app, 1).await;
    for _ in 0..20 {
        let one = ask(&ledger, ledger.app, START).await;
        assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::Counted);
    }
    let next = ledger.settlement(ledger.app, &device, START).await;
    ledger.settle(Settlement { outcome: Some(Outcome::Gone), ..next }).await;
    ledger.upkeep(after(7 * DAY)).await;
    assert_eq!((rows(&ledger, "receipt"), rows(&ledger, "subscription")), (20, 1));
    let then = after(7 * DAY) + MOMENT;
    // One row is the failure that it went by.
    for left in [11, 1] {
        assert_eq!(ledger.store.upkeep(then, 10).await.unwrap(), 10);
        assert_eq!((rows(&ledger, "receipt"), rows(&ledger, "subscription")), (left, 1));
    }
    assert_eq!(ledger.store.upkeep(then, 10).await.unwrap(), 2);
    assert_eq!((rows(&ledger, "receipt"), rows(&ledger, "subscription")), (0, 0));
}

#[actix_web::test]
async fn an_app_that_is_deleted_takes_them_along() {
    use fanfare::store::directory::DirectoryChange;
    let ledger = Ledger::open().await;
    let other = ledger.other_app("shop").await;
    let device = ledger.join(other, 1).await;
    let one = ask(&ledger, other, START).await;
    let receipt = fanfare::store::receipt::Receipt {
        app: other,
        subscription: device,
        notification: one,
        event: ReceiptEvent::Shown,
    };
    assert_eq!(ledger.store.receipt(receipt).await.unwrap(), ReceiptReply::Counted);
    let change = DirectoryChange::DeleteApp { name: "shop".into(), now: START };
    ledger.store.change_directory(change).await.unwrap().unwrap();
    assert_eq!(rows(&ledger, "receipt"), 0);
}
