//! An operator's word: undone or applied, in batches, as often as it is said; and who comes back by itself.

use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver, Replace, ReplaceReply};
use fanfare::store::quarantine::{Quarantines, Resolution, Resolve, ResolveReply, RestoreReply};

use super::{quarantines, resolve};
use crate::harness::ledger::{DAY, Ledger, MINUTE, START, after};

/// All of `count` subscriptions are in a quarantine.
async fn held_back(count: usize) -> (Ledger, Vec<PublicId>) {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, count).await;
    ledger.publish(ledger.app, START).await;
    ledger.go(ledger.app, &ids, START).await;
    ledger.upkeep(START).await;
    let found = quarantines(&ledger.store, ledger.app).await;
    assert_eq!(found[0].subscriptions, i64::try_from(count).unwrap());
    (ledger, ids)
}

async fn held(ledger: &Ledger) -> i64 {
    quarantines(&ledger.store, ledger.app).await[0].subscriptions
}

#[actix_web::test]
async fn an_undo_that_a_crash_cuts_short_is_carried_on_by_the_next_start() {
    let (ledger, ids) = held_back(500).await;
    let app = ledger.app;
    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    let command = Resolve {
        app,
        id: quarantine.id.clone(),
        resolution: Resolution::Undone,
        limit: Some(1),
        now: after(MINUTE),
    };
    let reply = ledger.store.resolve(command).await.unwrap();
    let ResolveReply::Resolved { view, done } = reply else { panic!("{reply:?}") };
    assert_eq!((view.moved, view.subscriptions, done), (200, 300, false), "a batch");
    let ledger = ledger.reopen();
    ledger.upkeep(after(MINUTE)).await;
    assert_eq!((held(&ledger).await, ledger.members(app).await), (0, 500));
    assert_eq!(ledger.store.totals().await.unwrap().subscriptions, 500);
    let view = ledger.store.subscription(app, ids[499].clone(), START).await.unwrap().unwrap();
    assert_eq!((view.generation.0, view.gone, view.quarantine), (2, None, None));
}

#[actix_web::test]
async fn the_same_word_may_be_said_again_and_the_other_one_not() {
    for (first, other) in
        [(Resolution::Undone, Resolution::Applied), (Resolution::Applied, Resolution::Undone)]
    {
        let (ledger, _) = held_back(120).await;
        let app = ledger.app;
        let quarantine = quarantines(&ledger.store, app).await.remove(0);
        assert_eq!(resolve(&ledger.store, app, &quarantine, first).await, 120);
        assert_eq!(resolve(&ledger.store, app, &quarantine, first).await, 120, "nobody again");
        let id = quarantine.id.clone();
        let command = Resolve { app, id, resolution: other, limit: None, now: START };
        let refused = ledger.store.resolve(command.clone()).await.unwrap();
        assert_eq!(refused, ResolveReply::Otherwise(first));
        let elsewhere = Resolve { app: ledger.other_app("shop").await, ..command };
        assert_eq!(ledger.store.resolve(elsewhere).await.unwrap(), ResolveReply::Unknown);
    }
}

#[actix_web::test]
async fn who_goes_again_after_an_undo_is_counted_from_nothing() {
    let (ledger, ids) = held_back(300).await;
    let app = ledger.app;
    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    resolve(&ledger.store, app, &quarantine, Resolution::Undone).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..100], START).await;
    assert_eq!(quarantines(&ledger.store, app).await.len(), 1, "a hundred are no wave");
    ledger.go(app, &ids[100..101], START).await;
    let found = quarantines(&ledger.store, app).await;
    assert_eq!((found.len(), found[1].subscriptions), (2, 101), "and one more makes another");
    assert_eq!(found[0].subscriptions, 0);
}

#[actix_web::test]
async fn who_an_undo_brings_back_is_not_taken_off_those_who_have_gone_since() {
    let (ledger, ids) = held_back(400).await;
    let app = ledger.app;
    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    let (id, resolution) = (quarantine.id.clone(), Resolution::Undone);
    let command = Resolve { app, id, resolution, limit: Some(1), now: START };
    ledger.store.resolve(command).await.unwrap();
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..60], START).await;
    resolve(&ledger.store, app, &quarantine, Resolution::Undone).await;
    ledger.go(app, &ids[60..101], START).await;
    let found = quarantines(&ledger.store, app).await;
    assert_eq!((found.len(), found[1].subscriptions), (2, 101), "the push service is still wrong");
}

#[actix_web::test]
async fn an_applied_wave_can_be_restored_one_by_one_for_seven_days_from_then() {
    let (ledger, ids) = held_back(150).await;
    let app = ledger.app;
    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    let applied = after(30 * DAY);
    let id = quarantine.id;
    let command = Resolve { app, id, resolution: Resolution::Applied, limit: None, now: applied };
    ledger.store.resolve(command).await.unwrap();
    ledger.upkeep(applied + 7 * DAY).await;
    let reply = ledger.store.restore(app, ids[0].clone(), applied + 7 * DAY).await.unwrap();
    let RestoreReply::Restored(restored) = reply.clone() else { panic!("{reply:?}") };
    assert_eq!(
        (restored.gone, restored.channels.as_slice()),
        (None, ["news".to_owned()].as_slice())
    );
    let again = ledger.store.restore(app, ids[0].clone(), applied + 7 * DAY).await.unwrap();
    assert_eq!(again, reply, "it is there, and stays as it is");
    assert_eq!(ledger.members(app).await, 1);

    let too_late = applied + 7 * DAY + MINUTE;
    let refused = ledger.store.restore(app, ids[1].clone(), too_late).await.unwrap();
    assert_eq!(refused, RestoreReply::Unknown);
    ledger.upkeep(too_late).await;
    let forgotten = ledger.store.subscription(app, ids[1].clone(), applied).await.unwrap();
    assert_eq!(forgotten, None, "its row is gone");
}

#[actix_web::test]
async fn a_browser_that_comes_back_by_itself_leaves_the_quarantine() {
    let (ledger, ids) = held_back(120).await;
    let app = ledger.app;
    let much_later = after(40 * DAY);
    assert_eq!(ledger.join(app, 0).await, ids[0], "it subscribes again");
    assert_eq!((held(&ledger).await, ledger.members(app).await), (119, 1));

    let joining = ledger.joining(app, 5000);
    let replace = Replace {
        app,
        id: ids[1].clone(),
        endpoint: joining.endpoint,
        keys: joining.keys,
        expires: None,
        vapid_key: joining.vapid_key,
        now: much_later,
    };
    let replaced = ledger.store.replace(replace).await.unwrap();
    let ReplaceReply::Replaced(view) = replaced else { panic!("{replaced:?}") };
    assert_eq!((view.quarantine, view.channels.as_slice()), (None, ["news".to_owned()].as_slice()));
    assert_eq!((held(&ledger).await, ledger.members(app).await), (118, 2));

    let reply = ledger.store.restore(app, ids[2].clone(), much_later).await.unwrap();
    let RestoreReply::Restored(restored) = reply else { panic!("{reply:?}") };
    assert_eq!(restored.quarantine, None);
    let who = Leaver::Everywhere(ids[3].clone());
    ledger.store.leave(Leave { app, who, now: much_later }).await.unwrap();
    assert_eq!((held(&ledger).await, ledger.members(app).await), (116, 3));

    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    assert_eq!(resolve(&ledger.store, app, &quarantine, Resolution::Undone).await, 116);
    assert_eq!(ledger.members(app).await, 119);
    assert_eq!(ledger.store.totals().await.unwrap().subscriptions, 119);
}

#[actix_web::test]
async fn a_resolved_incident_is_shown_for_ninety_days_and_an_open_one_for_ever() {
    let (ledger, ids) = held_back(120).await;
    let app = ledger.app;
    let quarantine = quarantines(&ledger.store, app).await.remove(0);
    ledger.upkeep(after(1000 * DAY)).await;
    let id = quarantine.id;
    let command = Resolve { app, id, resolution: Resolution::Applied, limit: None, now: START };
    ledger.store.resolve(command).await.unwrap();
    ledger.upkeep(after(90 * DAY)).await;
    let left = quarantines(&ledger.store, app).await;
    assert_eq!((left.len(), left[0].subscriptions), (1, 0));
    ledger.upkeep(after(90 * DAY + MINUTE)).await;
    assert!(quarantines(&ledger.store, app).await.is_empty());
    let forgotten = ledger.store.subscription(app, ids[0].clone(), START).await.unwrap();
    assert_eq!(forgotten, None, "as all who went");
}

#[actix_web::test]
async fn an_app_that_is_deleted_takes_its_quarantines_along() {
    use fanfare::store::directory::DirectoryChange;
    let ledger = Ledger::open().await;
    let shop = ledger.other_app("shop").await;
    let ids = ledger.crowd(shop, 120).await;
    ledger.publish(shop, START).await;
    ledger.go(shop, &ids, START).await;
    assert_eq!(ledger.store.held_back().await.unwrap().len(), 1);
    let delete = DirectoryChange::DeleteApp { name: "shop".to_owned(), now: START };
    ledger.store.change_directory(delete).await.unwrap().unwrap();
    assert!(ledger.store.held_back().await.unwrap().is_empty());
}
