//! What counts as one wave: whose departures, at which origin, within which time.

use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver, Subscribe};

use super::quarantines;
use crate::harness::ledger::{DAY, Ledger, MINUTE, START, after};

#[actix_web::test]
async fn who_goes_slowly_goes_for_good_and_the_one_too_many_takes_its_wave_along() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 500).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..100], START).await;
    ledger.go(app, &ids[100..200], after(12 * MINUTE)).await;
    assert!(quarantines(&ledger.store, app).await.is_empty(), "twelve minutes lie between");
    ledger.go(app, &ids[200..201], after(20 * MINUTE)).await;
    ledger.upkeep(after(20 * MINUTE)).await;
    let found = quarantines(&ledger.store, app).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].subscriptions, 101, "the wave of the last ten minutes, and no older one");
    assert_eq!(ledger.members(app).await, 299);
}

#[actix_web::test]
async fn what_was_counted_before_a_crash_counts_after_it() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 200).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..100], START).await;
    let ledger = ledger.reopen();
    assert!(quarantines(&ledger.store, app).await.is_empty());
    ledger.go(app, &ids[100..102], after(MINUTE)).await;
    let ledger = ledger.reopen();
    ledger.upkeep(after(MINUTE)).await;
    assert_eq!(quarantines(&ledger.store, app).await[0].subscriptions, 102);
}

#[actix_web::test]
async fn another_apps_subscriptions_at_the_same_origin_are_another_list() {
    let ledger = Ledger::open().await;
    let (app, other) = (ledger.app, ledger.other_app("shop").await);
    let ids = ledger.crowd(app, 150).await;
    let others = ledger.crowd(other, 150).await;
    for app in [app, other] {
        ledger.publish(app, START).await;
    }
    ledger.go(app, &ids[..80], START).await;
    ledger.go(other, &others[..80], START).await;
    assert!(quarantines(&ledger.store, app).await.is_empty(), "160 went, 80 of each");
    ledger.go(app, &ids[80..101], START).await;
    assert_eq!(quarantines(&ledger.store, app).await[0].subscriptions, 101);
    assert!(quarantines(&ledger.store, other).await.is_empty());
}

#[actix_web::test]
async fn who_leaves_or_ends_by_itself_is_no_part_of_a_wave() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 200).await;
    for number in 50..100 {
        let expires = Some(after(MINUTE));
        let renewed = Subscribe { expires, ..ledger.joining(app, number) };
        ledger.store.subscribe(renewed).await.unwrap();
    }
    ledger.publish(app, START).await;
    for id in &ids[..50] {
        let who = Leaver::Everywhere(id.clone());
        ledger.store.leave(Leave { app, who, now: START }).await.unwrap();
    }
    ledger.upkeep(after(MINUTE)).await;
    assert_eq!(ledger.members(app).await, 100);
    ledger.go(app, &ids[100..200], after(MINUTE)).await;
    assert!(quarantines(&ledger.store, app).await.is_empty(), "a hundred went by an answer");
    assert_eq!(ledger.store.totals().await.unwrap().subscriptions, 0);
}

#[actix_web::test]
async fn who_came_back_did_not_go() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 200).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..100], START).await;
    for number in 0..100 {
        ledger.join(app, number).await;
    }
    ledger.publish(app, START).await;
    ledger.go(app, &ids[100..200], START).await;
    assert!(quarantines(&ledger.store, app).await.is_empty());
    assert_eq!(ledger.members(app).await, 100);
    ledger.go(app, &ids[..1], after(MINUTE)).await;
    assert_eq!(quarantines(&ledger.store, app).await[0].subscriptions, 101);
}

#[actix_web::test]
async fn who_is_held_back_is_not_pruned_until_somebody_says_so() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 150).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids, START).await;
    let much_later = after(100 * DAY);
    ledger.upkeep(much_later).await;
    let view = ledger.store.subscription(app, ids[0].clone(), much_later).await.unwrap().unwrap();
    assert!(view.quarantine.is_some() && view.gone == Some(START), "{view:?}");
    assert_eq!(view.channels, ["news"]);
}
