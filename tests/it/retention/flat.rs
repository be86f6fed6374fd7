//! Storage stays flat: a day's worth of notifications leaves the file no larger than its retention explains.

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::{ChannelId, Generation, PublicId, Seq, SubscriptionId};
use fanfare::model::{EndpointState, Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::membership::Subscribe;
use fanfare::store::publish::{Accept, Idempotency};
use fanfare::webpush::message::Content;
use futures_util::future::join_all;

use super::{HOUR, accept, keeping, number, publish_to, refused, rows};
use crate::harness::ledger::{DAY, Ledger, START, after};

const CHANNELS: usize = 100;

/// Each channel gets one every ten minutes: 14,400 a day.
const ROUND: Duration = Duration::from_secs(600);

const ROUNDS_OF_AN_HOUR: u32 = 6;

/// Channels whose publisher sends an Idempotency-Key. Keys are kept for a day, so that all of them would grow all day.
const KEYED: usize = 5;

/// What a publisher writes, and a little more than the least that a row of SQLite's keeps on its page.
const TEXT: usize = 600;

/// A member of a channel, as a worker knows it.
#[derive(Clone, Copy)]
struct Member {
    subscription: SubscriptionId,
    generation: Generation,
    channel: ChannelId,
}

fn name(channel: usize) -> String {
    format!("channel:{channel}")
}

/// Two members for each channel.
async fn fill(ledger: &Ledger) -> Vec<[Member; 2]> {
    let members = (0..CHANNELS).map(|channel| async move {
        let (first, second) = (member(ledger, channel, 0), member(ledger, channel, 1));
        [first.await, second.await]
    });
    join_all(members).await
}

async fn member(ledger: &Ledger, channel: usize, index: usize) -> Member {
    let joining = ledger.joining(ledger.app, channel * 2 + index);
    let command = Subscribe { channels: vec![name(channel)], ..joining };
    ledger.store.subscribe(command).await.unwrap();
    let probe = publish_to(ledger, &name(channel), START).await;
    let rows = ledger.store.members(fanfare::store::view::ListQuery {
        app: ledger.app,
        name: name(channel),
        after: None,
        limit: 10,
    });
    let id = rows.await.unwrap().last().unwrap().id.clone();
    let backlog = ledger.load(ledger.app, &id, START).await;
    let cancel = PublicId::from_store(probe.id);
    ledger.store.cancel(ledger.app, cancel, START).await.unwrap().unwrap();
    Member {
        subscription: backlog.subscription.id,
        generation: backlog.subscription.generation,
        channel: backlog.stretches[0].channel,
    }
}

/// Everybody's publisher publishes, and the deliveries end: the second member of every tenth channel refuses all.
async fn round(ledger: &Ledger, members: &[[Member; 2]], index: u32, now: Timestamp) {
    let publish = |channel: usize| {
        let key = Idempotency { key: format!("{channel} {index}"), fingerprint: [1; 32] };
        let command = Accept {
            channels: vec![name(channel)],
            content: Content::Raw("x".repeat(TEXT).into()),
            ttl: DAY,
            idempotency: (channel < KEYED).then_some(key),
            ..ledger.publishing(ledger.app, now)
        };
        accept(ledger, command)
    };
    let accepted = join_all((0..CHANNELS).map(publish)).await;
    // Somebody posts to where nobody is, under a new name each time.
    publish_to(ledger, &format!("nobody:{index}"), now).await;
    let mut settling = Vec::new();
    for (channel, (notification, members)) in accepted.iter().zip(members).enumerate() {
        for (place, member) in members.iter().enumerate() {
            let is_refused = place == 1 && channel % 10 == 0;
            settling.push(ledger.store.settle(Settlement {
                subscription: member.subscription,
                generation: member.generation,
                channel: member.channel,
                seq: Seq(notification.seq.unwrap()),
                outcome: Some(if is_refused { Outcome::Rejected } else { Outcome::Accepted }),
                endpoint: EndpointState::Untroubled,
                failure: is_refused.then(refused),
                now,
            }));
        }
    }
    join_all(settling).await;
}

/// Bytes of the database, and of its write-ahead log.
fn size(ledger: &Ledger) -> (i64, u64) {
    let database = &mut ledger.database();
    let pages = number(database, "SELECT page_count FROM pragma_page_count");
    let page = number(database, "SELECT page_size FROM pragma_page_size");
    (pages * page, std::fs::metadata(ledger.write_ahead_log()).unwrap().len())
}

#[actix_web::test]
async fn a_day_through_a_hundred_channels_leaves_the_file_as_large_as_its_retention_explains() {
    let ledger = keeping(HOUR).await;
    let members = fill(&ledger).await;
    let mut early = 0;
    for index in 0..24 * ROUNDS_OF_AN_HOUR {
        let now = after(ROUND * index);
        round(&ledger, &members, index, now).await;
        ledger.upkeep(now).await;
        if index == 2 * ROUNDS_OF_AN_HOUR {
            early = size(&ledger).0;
        }
    }
    let (late, log) = size(&ledger);
    println!("{early} bytes after two hours, {late} after a day, and {log} of write-ahead log");
    assert!(late <= early + early / 2, "a half more for a day's keys");
    // It is folded into the database at 16 MB, between two transactions.
    assert!(log < 24 << 20, "{log}");

    let database = &mut ledger.database();
    let channels = i64::try_from(CHANNELS).unwrap();
    // What finished an hour ago is still there, and what an hour and ten minutes ago is not: seven rounds.
    let kept = i64::from(ROUNDS_OF_AN_HOUR) + 1;
    let expected = [
        ("notification", kept * (channels + 1)),
        ("failure", kept * channels / 10),
        ("receipt", 0),
        ("channel", channels + kept),
        ("membership", 2 * channels),
        ("subscription", 2 * channels),
        ("idempotency", 5 * 24 * i64::from(ROUNDS_OF_AN_HOUR)),
        ("scheduled", 0),
        ("past_membership", 0),
        ("departure", 0),
        ("quarantine", 0),
        ("push_origin", 1),
        ("audit", 0),
        ("pause", 0),
    ];
    for (table, count) in expected {
        assert_eq!(rows(database, table), count, "{table}");
    }
    let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' \
                  AND name NOT LIKE 'sqlite%'";
    // Those above, and what people make and take away: apps, their keys, and the instance's own.
    assert_eq!(number(database, tables), expected.len() as i64 + 4, "a table without an end?");
}
