//! What is kept, for how long, and that nothing piles up: a store whose time is the test's.

mod backlog;
mod channels;
mod finished;
mod flat;

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fanfare::clock::Timestamp;
use fanfare::id::PublicId;
use fanfare::model::{Failure, Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::publish::{Accept, AcceptReply, Accepted};

use crate::harness::ledger::Ledger;

const HOUR: Duration = Duration::from_secs(3600);

/// The least that time can pass.
const MOMENT: Duration = Duration::from_millis(1);

/// A ledger that keeps what is finished for so long.
async fn keeping(retention: Duration) -> Ledger {
    let ledger = Ledger::open().await;
    ledger.store.keep_finished_for(retention);
    ledger
}

/// Publishes to a channel, whether it is there or not.
async fn publish_to(ledger: &Ledger, channel: &str, now: Timestamp) -> Accepted {
    let command =
        Accept { channels: vec![channel.to_owned()], ..ledger.publishing(ledger.app, now) };
    accept(ledger, command).await
}

async fn accept(ledger: &Ledger, command: Accept) -> Accepted {
    match ledger.store.accept(command).await.unwrap() {
        AcceptReply::Accepted { mut items, .. } => items.remove(0),
        refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => panic!("{refused:?}"),
    }
}

/// The push service refuses the next delivery of a subscription.
async fn refuse(ledger: &Ledger, id: &PublicId, now: Timestamp) {
    let next = ledger.settlement(ledger.app, id, now).await;
    ledger.settle(Settlement { outcome: Some(Outcome::Rejected), ..next }).await;
}

fn refused() -> Failure {
    Failure { status: Some(400), reason: "refused".to_owned(), attempts: 1 }
}

/// Whether a notification can be looked up.
async fn is_kept(ledger: &Ledger, id: &str) -> bool {
    let id = PublicId::from_store(id.to_owned());
    ledger.store.notification(ledger.app, id).await.unwrap().is_some()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The number that a query of the database answers.
fn number(connection: &mut SqliteConnection, query: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT ({query}) AS count"));
    query.get_result::<Count>(connection).unwrap().count
}

/// How many rows a table has.
fn rows(connection: &mut SqliteConnection, table: &str) -> i64 {
    number(connection, &format!("SELECT count(*) FROM {table}"))
}
