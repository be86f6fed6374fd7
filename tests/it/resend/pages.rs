//! More than one call is for: each call takes the next of them, and a repeat of one costs no more than its answer.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use fanfare::id::SubscriptionId;
use fanfare::model::Outcome;
use fanfare::store::publish::Idempotency;
use fanfare::store::resend::{Resend, ResendReply, Resends};

use super::{end, sent, two, waits_for};
use crate::harness::ledger::{DAY, Ledger, START, after};

#[actix_web::test]
async fn call_after_call_each_of_them_is_named_once_and_nobody_else() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 9).await;
    let first = ledger.publish(ledger.app, START).await;
    // By a result every other one, so that both kinds share pages; two have got it.
    let accepted = [&ids[2], &ids[7]];
    for id in accepted {
        end(&ledger, id, Outcome::Accepted, START).await;
    }
    for id in [&ids[0], &ids[3], &ids[8]] {
        end(&ledger, id, Outcome::Rejected, START).await;
    }
    let late = after(29 * DAY);
    ledger.upkeep(late).await;
    let (mut next, mut calls) = (Some(0), Vec::new());
    while let Some(from) = next {
        let command = Resend { after: SubscriptionId(from), ..two(&ledger, &first.id, late) };
        let (_, seq, more) = sent(&ledger, command).await;
        calls.push(seq);
        next = more;
    }
    assert_eq!(calls, [2, 3, 4, 5], "seven, two by two");
    let mut named = BTreeMap::new();
    for id in &ids {
        let waits = waits_for(&ledger, id, late).await;
        let expected = usize::from(!accepted.contains(&id));
        assert_eq!(waits.len(), expected, "{waits:?}");
        waits.into_iter().for_each(|seq| *named.entry(seq).or_insert(0) += 1);
    }
    assert_eq!(named, BTreeMap::from([(2, 2), (3, 2), (4, 2), (5, 1)]));
}

#[actix_web::test]
async fn a_repeat_is_answered_without_the_one_writer() {
    let ledger = Ledger::open().await;
    let id = ledger.join(ledger.app, 0).await;
    let first = ledger.publish(ledger.app, START).await;
    end(&ledger, &id, Outcome::Rejected, START).await;
    let key = |fingerprint| Idempotency { key: "once".to_owned(), fingerprint };
    let command = Resend { idempotency: Some(key([1; 32])), ..two(&ledger, &first.id, START) };
    let ResendReply::Resent { resent, replayed: false } =
        ledger.store.resend(command.clone()).await.unwrap()
    else {
        panic!("it was refused");
    };
    // Whoever had to write now would wait in vain.
    let mut database = ledger.database();
    database.batch_execute("BEGIN IMMEDIATE").unwrap();
    let repeat = ledger.store.resend(command.clone()).await.unwrap();
    assert_eq!(repeat, ResendReply::Resent { resent, replayed: true });
    let other = Resend { idempotency: Some(key([2; 32])), ..command };
    assert_eq!(ledger.store.resend(other).await.unwrap(), ResendReply::KeyReused);
}
