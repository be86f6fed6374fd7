//! Sending again: to those alone to whom it could not be delivered, over the API and down to the push service.

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::{PublicId, SubscriptionId};
use fanfare::model::{Failure, Outcome, Settlement};
use fanfare::store::resend::{Resend, ResendReply, Resends};

use crate::harness::ledger::Ledger;

mod api;
mod delivered;
mod few;
mod merged;
mod pages;
mod under_way;

/// A millisecond.
const MOMENT: Duration = Duration::from_millis(1);

/// The next delivery of a subscription ends so, by a result.
async fn end(ledger: &Ledger, id: &PublicId, outcome: Outcome, now: Timestamp) {
    let settlement = ledger.settlement(ledger.app, id, now).await;
    let failure = Failure { status: Some(400), reason: "of the test".to_owned(), attempts: 1 };
    let failure = (outcome != Outcome::Accepted).then_some(failure);
    ledger.settle(Settlement { outcome: Some(outcome), failure, ..settlement }).await;
}

/// To send it again at `now`, to two at most; to be changed before it is asked for.
fn two(ledger: &Ledger, id: &str, now: Timestamp) -> Resend {
    Resend {
        app: ledger.app,
        id: PublicId::from_store(id.to_owned()),
        after: SubscriptionId(0),
        limit: 2,
        idempotency: None,
        now,
    }
}

/// Sends it again; answers the new one's name and number, and where the next call begins.
async fn sent(ledger: &Ledger, command: Resend) -> (String, i64, Option<i64>) {
    let ResendReply::Resent { resent, replayed: false } =
        ledger.store.resend(command).await.unwrap()
    else {
        panic!("it was refused");
    };
    (resent.item.id, resent.item.seq.unwrap(), resent.next)
}

/// The numbers that a subscription is still to get.
async fn waits_for(ledger: &Ledger, id: &PublicId, now: Timestamp) -> Vec<i64> {
    let backlog = ledger.load(ledger.app, id, now).await;
    let open = backlog.stretches.iter().flat_map(|stretch| &stretch.open);
    open.map(|open| open.seq.0).collect()
}
