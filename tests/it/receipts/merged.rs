//! Two subscriptions that turn out to be one browser: what either was sent is its to tell of, and what either has told is
//! told.

use fanfare::id::PublicId;
use fanfare::model::ReceiptEvent;
use fanfare::store::Store;
use fanfare::store::membership::{Leaver, Replace, ReplaceReply, Subscribe};
use fanfare::store::receipt::{ReceiptCounts, ReceiptReply};

use super::{ask, counts, leave, say};
use crate::harness::ledger::{Ledger, START};
use ReceiptEvent::{Clicked, Closed, Shown};
use ReceiptReply::{Counted, NotForIt, Repeated};

/// `keeps` says that it now has the endpoint of the other one.
async fn merge(ledger: &Ledger, keeps: &PublicId, other: Subscribe) {
    let Subscribe { app, endpoint, keys, expires, vapid_key, now, .. } = other;
    let replace = Replace { app, id: keeps.clone(), endpoint, keys, expires, vapid_key, now };
    let merged = ledger.store.replace(replace).await.unwrap();
    assert!(matches!(merged, ReplaceReply::Replaced(_)), "{merged:?}");
}

#[actix_web::test]
async fn the_one_that_stays_goes_on_telling_of_what_was_for_either_and_nothing_is_told_twice() {
    let ledger = Ledger::open().await;
    let keeps = ledger.join(ledger.app, 1).await;
    leave(&ledger, Leaver::Channel(keeps.clone(), "news".into())).await;
    let goes = ledger.join(ledger.app, 2).await;
    let (told, silent) =
        (ask(&ledger, ledger.app, START).await, ask(&ledger, ledger.app, START).await);
    assert_eq!(say(&ledger, &keeps, &told, Shown).await, NotForIt);
    assert_eq!(say(&ledger, &goes, &told, Shown).await, Counted);
    merge(&ledger, &keeps, ledger.joining(ledger.app, 2)).await;
    assert_eq!(say(&ledger, &keeps, &told, Shown).await, Repeated);
    assert_eq!(say(&ledger, &keeps, &told, Clicked).await, Counted);
    assert_eq!(say(&ledger, &keeps, &silent, Shown).await, Counted);
    assert_eq!(counts(&ledger, &told).await, ReceiptCounts { shown: 1, clicked: 1, closed: 0 });
    assert_eq!(counts(&ledger, &silent).await, ReceiptCounts { shown: 1, ..Default::default() });
}

#[actix_web::test]
async fn where_both_are_members_what_either_told_is_told_and_the_earlier_one_counts() {
    let ledger = Ledger::open().await;
    let goes = ledger.join(ledger.app, 2).await;
    let before = ask(&ledger, ledger.app, START).await;
    let keeps = ledger.join(ledger.app, 1).await;
    let both = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &keeps, &before, Clicked).await, NotForIt);
    assert_eq!(say(&ledger, &goes, &both, Shown).await, Counted);
    assert_eq!(say(&ledger, &keeps, &both, Shown).await, Counted);
    assert_eq!(say(&ledger, &goes, &both, Clicked).await, Counted);
    merge(&ledger, &keeps, ledger.joining(ledger.app, 2)).await;
    for event in [Shown, Clicked] {
        assert_eq!(say(&ledger, &keeps, &both, event).await, Repeated);
    }
    assert_eq!(say(&ledger, &keeps, &both, Closed).await, Counted);
    assert_eq!(say(&ledger, &keeps, &before, Clicked).await, Counted, "it was for the other one");
    assert_eq!(counts(&ledger, &both).await, ReceiptCounts { shown: 2, clicked: 1, closed: 1 });
}

#[actix_web::test]
async fn one_that_was_taken_for_gone_hands_on_what_it_told() {
    let ledger = Ledger::open().await;
    let goes = ledger.join(ledger.app, 2).await;
    let one = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &goes, &one, Shown).await, Counted);
    ledger.go(ledger.app, std::slice::from_ref(&goes), START).await;
    let keeps = ledger.join(ledger.app, 1).await;
    merge(&ledger, &keeps, ledger.joining(ledger.app, 2)).await;
    assert_eq!(say(&ledger, &keeps, &one, Shown).await, Repeated);
    assert_eq!(say(&ledger, &keeps, &one, Clicked).await, Counted);
    assert_eq!(counts(&ledger, &one).await, ReceiptCounts { shown: 1, clicked: 1, closed: 0 });
}
