//! The database before receipts, and after them: there and back.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::id::PublicId;
use fanfare::model::ReceiptEvent;
use fanfare::store::Store;
use fanfare::store::directory::DirectoryChange;
use fanfare::store::receipt::ReceiptReply;
use serde_json::json;

use super::{ask, counts, report, say, status};
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::ledger::{Ledger, START};
use crate::harness::push_service::{Answer, PushService};

/// Makes a database that nobody has open what it was before receipts.
fn take_back(database: &mut SqliteConnection) {
    let down = include_str!("../../../migrations/sqlite/00000000000007_count_receipts/down.sql");
    database.batch_execute(down).unwrap();
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000007'";
    assert_eq!(diesel::sql_query(forget).execute(database).unwrap(), 1);
}

#[actix_web::test]
async fn a_daemon_that_finds_a_database_without_receipts_brings_it_up_to_date_and_counts() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = Browser::new();
    let device = daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let before = daemon.notify("news", "before").await;
    daemon.finished(&before).await;
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    take_back(&mut SqliteConnection::establish(home.database().to_str().unwrap()).unwrap());
    let daemon = home.start(&service).await;
    daemon.fanfare(&["app", "set", "default", "--receipts", "true"]);
    let id = daemon.notify("news", "after").await;
    daemon.finished(&id).await;
    assert_eq!(report(&daemon, &device, &id, "shown").await, 204, "it was in before");
    assert_eq!(
        status(&daemon, &id).await["receipts"],
        json!({"shown": 1, "clicked": 0, "closed": 0})
    );
    assert_eq!(status(&daemon, &before).await.get("receipts"), None);
}

#[actix_web::test]
async fn what_was_open_when_receipts_came_is_delivered_as_it_was_accepted() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = Browser::new();
    let device = daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    service.answer_all(Answer::Hold);
    let open = [daemon.notify("news", "one").await, daemon.notify("news", "two").await];
    service.wait_for(1).await;
    let home = daemon.kill();
    take_back(&mut SqliteConnection::establish(home.database().to_str().unwrap()).unwrap());
    service.answer_all(Answer::status(201));
    service.release_all();
    let daemon = home.start(&service).await;
    daemon.fanfare(&["app", "set", "default", "--receipts", "true"]);
    for (number, id) in open.iter().enumerate() {
        let status = daemon.finished(id).await;
        assert_eq!((&status["outcomes"]["accepted"], status.get("receipts")), (&json!(1), None));
        assert_eq!(report(&daemon, &device, id, "shown").await, 409, "it asks for none");
        // The first was under way when the daemon was killed, and is sent once more.
        let push = browser.decrypt_json(&service.log_of("it")[number + 1].body);
        assert_eq!(push["notification"]["data"]["fanfare"]["id"], json!(id));
        assert_eq!(push["notification"]["data"]["fanfare"].get("receipts"), None);
    }
}

#[actix_web::test]
async fn what_asked_for_receipts_is_a_notification_like_any_other_where_there_are_none() {
    let ledger = Ledger::open().await;
    let mut settings = ledger.store.directory().apps["default"].settings.clone();
    settings.receipts = true;
    let change = DirectoryChange::UpdateApp { name: "default".into(), settings };
    ledger.store.change_directory(change).await.unwrap().unwrap();
    let device = ledger.join(ledger.app, 1).await;
    let one = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::Counted);
    ledger.store.close();
    take_back(&mut ledger.database());

    let ledger = ledger.reopen();
    assert!(!ledger.store.directory().apps["default"].settings.receipts);
    let view = ledger.store.notification(ledger.app, one.clone()).await.unwrap().unwrap();
    assert_eq!((view.receipts, view.pending()), (None, 1));
    let open = ledger.load(ledger.app, &device, START).await.stretches.remove(0).open.remove(0);
    let payload: serde_json::Value =
        serde_json::from_slice(open.payload.as_ref().unwrap().as_bytes()).unwrap();
    assert_eq!(payload["notification"]["data"]["fanfare"].get("receipts"), None);
    assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::NotAsked);
    let next: PublicId = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &device, &next, ReceiptEvent::Shown).await, ReceiptReply::Counted);
    assert_eq!(counts(&ledger, &next).await.shown, 1);
}
