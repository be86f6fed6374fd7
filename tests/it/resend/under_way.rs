//! When the TTL ends, requests that began before may still be accepted: whom they are for is not known until they have ended.

use std::time::Duration;

use fanfare::model::{Outcome, Settlement};
use fanfare::store::resend::{DEFAULT_REQUEST, ResendReply, Resends, TO_DISK};

use super::{MOMENT, end, sent, two, waits_for};
use crate::harness::ledger::{DAY, Ledger, START, after};

#[actix_web::test]
async fn it_goes_to_nobody_who_could_still_accept_the_first() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 2).await;
    let first = ledger.publish(ledger.app, START).await;
    // One request begins in the last moment.
    let last = after(28 * DAY) - MOMENT;
    let under_way = ledger.settlement(ledger.app, &ids[0], last).await;
    let expires = after(28 * DAY);
    ledger.upkeep(expires).await;
    let resend = async |now| ledger.store.resend(two(&ledger, &first.id, now)).await.unwrap();
    let until = expires + DEFAULT_REQUEST + TO_DISK;
    assert_eq!(resend(expires).await, ResendReply::UnderWay(until));
    // It is accepted, and takes its unit back out of those that expired.
    let accepted = Settlement { outcome: Some(Outcome::Accepted), failure: None, ..under_way };
    ledger.settle(accepted).await;
    assert_eq!(resend(until - MOMENT).await, ResendReply::UnderWay(until), "of the other");
    let (_, seq, next) = sent(&ledger, two(&ledger, &first.id, until)).await;
    assert_eq!((seq, next), (2, None));
    assert_eq!(waits_for(&ledger, &ids[0], until).await, [0_i64; 0], "it has got the first");
    assert_eq!(waits_for(&ledger, &ids[1], until).await, [2]);
}

#[actix_web::test]
async fn how_long_that_takes_is_what_a_request_may_take() {
    let ledger = Ledger::open().await;
    let minute = Duration::from_secs(60);
    ledger.store.requests_take_at_most(minute);
    ledger.join(ledger.app, 0).await;
    let first = ledger.publish(ledger.app, START).await;
    let expires = after(28 * DAY);
    ledger.upkeep(expires).await;
    let until = expires + minute + TO_DISK;
    let command = two(&ledger, &first.id, until - MOMENT);
    assert_eq!(ledger.store.resend(command).await.unwrap(), ResendReply::UnderWay(until));
    sent(&ledger, two(&ledger, &first.id, until)).await;
}

#[actix_web::test]
async fn who_has_a_result_waits_for_nobody() {
    let ledger = Ledger::open().await;
    let id = ledger.join(ledger.app, 0).await;
    let first = ledger.publish(ledger.app, START).await;
    let last = after(28 * DAY) - MOMENT;
    end(&ledger, &id, Outcome::Expired, last).await;
    sent(&ledger, two(&ledger, &first.id, last)).await;
}
