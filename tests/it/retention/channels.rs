//! Channels that nobody needs go, and one of the same name that comes again is another.

use fanfare::id::{ChannelId, PublicId, Seq};
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::Accept;

use super::{HOUR, MOMENT, accept, keeping, publish_to, refuse, rows};
use crate::harness::ledger::{Ledger, START, after};

async fn exists(ledger: &Ledger, name: &str) -> bool {
    ledger.store.channel(ledger.app, name.to_owned()).await.unwrap().is_some()
}

#[actix_web::test]
async fn names_that_were_posted_to_do_not_pile_up() {
    let ledger = keeping(HOUR).await;
    for number in 0..500 {
        publish_to(&ledger, &format!("nobody:{number}"), START).await;
    }
    ledger.upkeep(after(HOUR)).await;
    assert_eq!(rows(&mut ledger.database(), "channel"), 500, "their logs are kept");
    // The log is empty when all is removed, and the channels are then looked through from the start.
    for _ in 0..10 {
        ledger.upkeep(after(HOUR) + MOMENT).await;
    }
    assert_eq!(rows(&mut ledger.database(), "channel"), 0);
    assert_eq!(rows(&mut ledger.database(), "notification"), 0);
}

#[actix_web::test]
async fn a_channel_with_a_member_a_log_or_work_stays() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let id = ledger.join(app, 1).await;
    for _ in 0..3 {
        ledger.upkeep(after(100 * HOUR)).await;
    }
    assert!(exists(&ledger, "news").await, "it has a member");
    ledger.publish(app, after(100 * HOUR)).await;
    let leave = Leave { app, who: Leaver::Everywhere(id), now: after(100 * HOUR) };
    ledger.store.leave(leave).await.unwrap();
    ledger.upkeep(after(101 * HOUR)).await;
    assert!(exists(&ledger, "news").await, "it has a log");
    for _ in 0..3 {
        ledger.upkeep(after(101 * HOUR) + MOMENT).await;
    }
    assert!(!exists(&ledger, "news").await);
}

#[actix_web::test]
async fn a_channel_that_went_and_comes_again_has_another_row_and_epoch_and_its_old_row_answers_nothing()
 {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    let id = ledger.join(app, 1).await;
    ledger.publish(app, START).await;
    let first = ledger.load(app, &id, START).await.stretches[0].open[0].clone();
    refuse(&ledger, &id, START).await;
    let leave = Leave { app, who: Leaver::Everywhere(id), now: START };
    ledger.store.leave(leave).await.unwrap();
    for _ in 0..3 {
        ledger.upkeep(after(2 * HOUR)).await;
    }
    assert!(ledger.store.stretch(first.channel, Seq(0), 10).await.unwrap().is_none());
    assert!(ledger.store.channels_with_work(ChannelId(0), 10).await.unwrap().is_empty());

    let again = ledger.join(app, 1).await;
    let published = ledger.publish(app, after(3 * HOUR)).await;
    assert_eq!((published.seq, published.recipients), (Some(1), Some(1)), "a log of its own");
    let second = ledger.load(app, &again, after(3 * HOUR)).await.stretches[0].open[0].clone();
    assert_ne!(second.channel, first.channel);
}

#[actix_web::test]
async fn a_deleted_channels_row_goes_after_its_members_and_its_log() {
    let ledger = keeping(HOUR).await;
    let app = ledger.app;
    ledger.crowd(app, 30).await;
    let cancelled = ledger.publish(app, START).await;
    assert!(ledger.store.delete_channel(app, "news".to_owned(), START).await.unwrap());
    let database = &mut ledger.database();
    for _ in 0..3 {
        ledger.upkeep(after(HOUR)).await;
    }
    assert_eq!((rows(database, "membership"), rows(database, "channel")), (0, 1));
    assert!(super::is_kept(&ledger, &cancelled.id).await, "its status can be looked up");
    for _ in 0..3 {
        ledger.upkeep(after(HOUR) + MOMENT).await;
    }
    assert_eq!((rows(database, "notification"), rows(database, "channel")), (0, 0));
}

#[actix_web::test]
async fn a_channel_waits_for_what_is_scheduled_and_keeps_what_was_cancelled_before_for_as_long_as_all_else()
 {
    let ledger = keeping(HOUR).await;
    let later = after(10 * HOUR);
    let schedule = || Accept { send_at: Some(later), ..ledger.publishing(ledger.app, START) };
    let (sent, taken_back) = (accept(&ledger, schedule()).await, accept(&ledger, schedule()).await);
    for _ in 0..3 {
        ledger.upkeep(after(9 * HOUR)).await;
    }
    assert!(exists(&ledger, "news").await, "two are scheduled");
    let name = PublicId::from_store(taken_back.id.clone());
    ledger.store.cancel(ledger.app, name, after(9 * HOUR)).await.unwrap().unwrap();
    ledger.upkeep(later).await;
    assert!(super::is_kept(&ledger, &taken_back.id).await, "it was cancelled an hour ago");
    ledger.upkeep(later + MOMENT).await;
    assert!(!super::is_kept(&ledger, &taken_back.id).await);
    assert!(super::is_kept(&ledger, &sent.id).await);
    for _ in 0..3 {
        ledger.upkeep(after(11 * HOUR) + MOMENT).await;
    }
    assert!(!super::is_kept(&ledger, &sent.id).await && !exists(&ledger, "news").await);

    let again = accept(&ledger, Accept { send_at: Some(after(90 * HOUR)), ..schedule() }).await;
    let name = PublicId::from_store(again.id);
    ledger.store.cancel(ledger.app, name, after(50 * HOUR)).await.unwrap().unwrap();
    for _ in 0..3 {
        ledger.upkeep(after(51 * HOUR)).await;
    }
    assert!(exists(&ledger, "news").await, "nothing but a cancelled one names it");
    for _ in 0..3 {
        ledger.upkeep(after(51 * HOUR) + MOMENT).await;
    }
    assert_eq!(
        rows(&mut ledger.database(), "scheduled") + rows(&mut ledger.database(), "channel"),
        0
    );
}
