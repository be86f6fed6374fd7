//! Finished notifications, their failures and the keys of calls: until when they can be looked up.

use fanfare::id::PublicId;
use fanfare::model::{Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::{Accept, AcceptReply, Idempotency};

use super::{HOUR, MOMENT, is_kept, keeping, publish_to, refuse, rows};
use crate::harness::ledger::{DAY, START, after};

#[actix_web::test]
async fn a_finished_one_is_kept_for_the_retention_and_goes_with_its_failures() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let ids = [ledger.join(app, 1).await, ledger.join(app, 2).await];
    let notification = ledger.publish(app, START).await;
    refuse(&ledger, &ids[0], START).await;
    ledger.upkeep(after(5 * HOUR)).await;
    assert!(is_kept(&ledger, &notification.id).await, "one delivery is open");
    refuse(&ledger, &ids[1], after(5 * HOUR)).await;
    ledger.upkeep(after(6 * HOUR)).await;
    let name = PublicId::from_store(notification.id.clone());
    let failures = ledger.store.failures(app, name.clone(), 10).await.unwrap().unwrap();
    assert_eq!(failures.len(), 2, "it finished an hour ago");
    ledger.upkeep(after(6 * HOUR) + MOMENT).await;
    assert!(!is_kept(&ledger, &notification.id).await);
    assert!(ledger.store.failures(app, name, 10).await.unwrap().is_none());
    assert_eq!(rows(&mut ledger.database(), "failure"), 0);
    assert_eq!(ledger.members(app).await, 2, "whoever is in the channel stays");
}

#[actix_web::test]
async fn whoever_is_behind_goes_on_past_what_was_removed() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let id = ledger.join(app, 1).await;
    for _ in 0..3 {
        let notification = ledger.publish(app, START).await;
        let name = PublicId::from_store(notification.id);
        ledger.store.cancel(app, name, START).await.unwrap().unwrap();
    }
    // It was under way when it was cancelled, and ends after it was removed.
    let late = {
        let open = ledger.publish(app, START).await;
        let settlement = ledger.settlement(app, &id, START).await;
        ledger.store.cancel(app, PublicId::from_store(open.id), START).await.unwrap().unwrap();
        settlement
    };
    ledger.upkeep(after(2 * HOUR)).await;
    assert_eq!(rows(&mut ledger.database(), "notification"), 0);
    ledger.settle(Settlement { outcome: Some(Outcome::Rejected), ..late }).await;
    let next = ledger.publish(app, after(2 * HOUR)).await;
    assert_eq!((next.seq, next.recipients), (Some(5), Some(1)));
    let backlog = ledger.load(app, &id, after(2 * HOUR)).await;
    let open: Vec<_> = backlog.stretches[0].open.iter().map(|open| open.seq.0).collect();
    assert_eq!(open, [5]);
}

#[actix_web::test]
async fn a_call_that_is_repeated_within_a_day_gets_the_first_answer_also_when_that_can_be_looked_up_no_more()
 {
    let ledger = keeping(HOUR).await;
    let key = Idempotency { key: "once".to_owned(), fingerprint: [7; 32] };
    let call =
        |now| Accept { idempotency: Some(key.clone()), ..ledger.publishing(ledger.app, now) };
    let ask = async |now| match ledger.store.accept(call(now)).await.unwrap() {
        AcceptReply::Accepted { items, replayed } => (items[0].id.clone(), replayed),
        refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => panic!("{refused:?}"),
    };
    let (first, _) = ask(START).await;
    ledger.upkeep(after(DAY)).await;
    assert!(!is_kept(&ledger, &first).await, "nobody was in the channel");
    assert_eq!(ask(after(DAY)).await, (first.clone(), true));
    ledger.upkeep(after(DAY) + MOMENT).await;
    let (second, replayed) = ask(after(DAY) + MOMENT).await;
    assert!(second != first && !replayed);
}

#[actix_web::test]
async fn a_batch_is_so_many_rows_and_may_end_in_the_middle_of_a_notification() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 50).await;
    let notification = ledger.publish(app, START).await;
    for id in &ids {
        refuse(&ledger, id, START).await;
    }
    let then = after(2 * HOUR);
    let database = &mut ledger.database();
    for left in [30, 10] {
        assert_eq!(ledger.store.upkeep(then, 20).await.unwrap(), 20);
        assert_eq!(rows(database, "failure"), left);
        assert!(is_kept(&ledger, &notification.id).await);
    }
    assert_eq!(ledger.store.upkeep(then, 20).await.unwrap(), 11, "what was left, and itself");
    assert!(!is_kept(&ledger, &notification.id).await);
    assert_eq!(ledger.store.upkeep(then, 20).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_tombstone_with_many_failures_goes_in_batches_too() {
    let ledger = keeping(1000 * DAY).await;
    let app = ledger.app;
    let id = ledger.join(app, 1).await;
    for _ in 0..25 {
        ledger.publish(app, START).await;
        refuse(&ledger, &id, START).await;
    }
    ledger.publish(app, START).await;
    ledger.go(app, std::slice::from_ref(&id), START).await;
    let database = &mut ledger.database();
    let then = after(7 * DAY) + MOMENT;
    for left in [16, 6] {
        assert_eq!(ledger.store.upkeep(then, 10).await.unwrap(), 10);
        assert_eq!((rows(database, "failure"), rows(database, "subscription")), (left, 1));
    }
    assert_eq!(ledger.store.upkeep(then, 10).await.unwrap(), 7);
    assert_eq!((rows(database, "failure"), rows(database, "subscription")), (0, 0));
    for table in ["past_membership", "departure", "push_origin"] {
        assert_eq!(rows(database, table), 0, "{table}");
    }
}

#[actix_web::test]
async fn one_that_nobody_was_to_get_and_one_that_everybody_left_are_kept_as_long() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let nobody = publish_to(&ledger, "empty", START).await;
    let id = ledger.join(app, 1).await;
    let left = ledger.publish(app, START).await;
    let leave = Leave { app, who: Leaver::Channel(id, "news".to_owned()), now: after(HOUR) };
    ledger.store.leave(leave).await.unwrap();
    ledger.upkeep(after(HOUR) + MOMENT).await;
    assert!(!is_kept(&ledger, &nobody.id).await && is_kept(&ledger, &left.id).await);
    ledger.upkeep(after(2 * HOUR) + MOMENT).await;
    assert!(!is_kept(&ledger, &left.id).await);
}
