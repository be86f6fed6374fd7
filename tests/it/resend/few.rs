//! What is for a few starts nobody else's worker, and costs nobody else a question to the store afterwards.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use fanfare::id::{Seq, SubscriptionId};
use fanfare::model::Outcome;
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::resend::{MAX_NAMED, Resend, ResendReply, Resends};

use super::{end, sent, two, waits_for};
use crate::harness::house::{House, eventually, now, outcome};
use crate::harness::ledger::{Ledger, START};
use crate::harness::push_service::{Answer, PushService};

/// Sends it again; answers the new one's name.
pub(super) async fn resend(house: &House, id: &str) -> String {
    let command = Resend {
        app: house.app,
        id: fanfare::id::PublicId::from_store(id.to_owned()),
        after: SubscriptionId(0),
        limit: MAX_NAMED,
        idempotency: None,
        now: now(),
    };
    let ResendReply::Resent { resent, .. } = house.store.resend(command).await.unwrap() else {
        panic!("it was refused");
    };
    resent.item.id
}

#[actix_web::test]
async fn of_two_hundred_members_only_those_that_it_is_for_have_a_worker() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 200).await;
    for token in ["7", "123"] {
        service.answer(token, [Answer::status(400)]);
    }
    let first = house.notify("news", "text").await;
    let expected = HashMap::from([("accepted", 198), ("rejected", 2)]);
    assert_eq!(house.outcomes(&first.id).await, expected);

    let house = house.restart(&service).await;
    assert_eq!(house.alive().await, 0);
    for token in ["7", "123"] {
        service.answer(token, [Answer::Hold]);
    }
    let again = resend(&house, &first.id).await;
    service.wait_for(202).await;
    assert_eq!(house.alive().await, 2, "the others have nothing to get");
    service.release_all();
    assert_eq!(house.outcomes(&again).await, HashMap::from([("accepted", 2)]));
    assert_eq!(service.requests(), 202);

    // Whoever was passed over gets the next one as it always does.
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, HashMap::from([("accepted", 200)]));
    house.stop().await;
}

#[actix_web::test]
async fn what_is_for_all_reaches_all_also_while_what_is_for_a_few_waits() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 20).await;
    service.answer("3", [Answer::status(400), Answer::Hold]);
    let first = house.notify("news", "text").await;
    house.finished(&first.id).await;
    let again = resend(&house, &first.id).await;
    service.wait_for(21).await;
    let next = house.notify("news", "next").await;
    let waits = || async {
        let view = house.status(&next.id).await;
        (view.pending() == 1).then_some(())
    };
    eventually("all but one have the next one", waits).await;
    assert_eq!(service.log_of("3").len(), 2, "in order: the one before is not settled");
    service.release_all();
    assert_eq!(house.outcomes(&again).await, outcome("accepted"));
    assert_eq!(house.outcomes(&next.id).await, HashMap::from([("accepted", 20)]));
    house.stop().await;
}

/// A stretch of a log is handed to whoever has settled all before it: the others must ask the store what is next.
#[actix_web::test]
async fn what_is_for_a_few_lies_between_nobody_else_and_what_comes_next() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 3).await;
    let first = ledger.publish(ledger.app, START).await;
    for (id, outcome) in ids.iter().zip([Outcome::Rejected, Outcome::Accepted, Outcome::Accepted]) {
        end(&ledger, id, outcome, START).await;
    }
    // The first waits for forty; the others have settled number 1 and nothing since.
    for _ in 0..40 {
        sent(&ledger, two(&ledger, &first.id, START)).await;
    }
    ledger.publish(ledger.app, START).await;
    let channel = ledger.load(ledger.app, &ids[0], START).await.stretches[0].channel;
    let from = async |from, count| {
        let stretch = ledger.store.stretch(channel, Seq(from), 10).await.unwrap().unwrap();
        let open: Vec<_> = stretch.open.iter().take(count).map(|open| open.seq.0).collect();
        (stretch.from.0, open)
    };
    // Each of these is what the worker of a new one's channel asks for: everything after the last that it has handed out.
    assert_eq!(from(2, 3).await, (0, vec![2, 3, 4]), "nobody is before number 2");
    assert_eq!(from(33, 3).await, (0, vec![2, 3, 4]), "thirty-two are reached back over");
    assert_eq!(from(34, 3).await, (2, vec![3, 4, 5]), "and no more");
    assert_eq!(from(41, 40).await, (9, (10..=42).collect()));
    // What is for all bounds it: who has not settled that one must ask.
    ledger.publish(ledger.app, START).await;
    assert_eq!(from(42, 3).await, (42, vec![43]));
}

/// It may name ten thousand, and everybody's load and leaving meets it.
#[actix_web::test]
async fn whom_it_is_for_is_not_read_again_while_somebody_holds_it() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 2).await;
    let first = ledger.publish(ledger.app, START).await;
    for (id, outcome) in ids.iter().zip([Outcome::Rejected, Outcome::Accepted]) {
        end(&ledger, id, outcome, START).await;
    }
    sent(&ledger, two(&ledger, &first.id, START)).await;
    let held = ledger.load(ledger.app, &ids[0], START).await;
    // Whoever read it now could not.
    let broken = "UPDATE notification SET exclude = '{' WHERE exclude IS NOT NULL";
    ledger.database().batch_execute(broken).unwrap();
    assert_eq!(waits_for(&ledger, &ids[1], START).await, [0_i64; 0]);
    let who = Leaver::Everywhere(ids[1].clone());
    let leave = Leave { app: ledger.app, who, now: START };
    assert_eq!(ledger.store.leave(leave).await.unwrap(), 1);
    assert_eq!(held.stretches[0].open.len(), 1);
}
