//! Much that is to be removed at once, as after a long stop: the daemon's own upkeep removes it, and accepts go on.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::clock::Timestamp;
use fanfare::store::Store;
use tokio::time::Instant;

use super::{HOUR, number, rows};
use crate::harness::browser::Browser;
use crate::harness::house::{House, now};
use crate::harness::shortcut::{created, shortcut};

/// Finished notifications, each with two failures, and one in 2500 with as many more.
const NOTIFICATIONS: i64 = 5_000;

/// The number of the first.
const FIRST: i64 = 1_000_000;

/// Accepts that a percentile is made of, at least.
const ACCEPTS: usize = 200;

/// A chunk at a time: the daemon's own writer wants its turn.
fn pile_up(database: &mut SqliteConnection, finished: Timestamp) {
    const CHUNK: i64 = 2_500;
    let finished = finished.as_millis();
    database.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
    for from in (0..NOTIFICATIONS).step_by(CHUNK as usize).map(|done| FIRST + done) {
        let to = from + CHUNK - 1;
        let fill = format!(
            "BEGIN IMMEDIATE;
             WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})
             INSERT INTO notification (public_id, channel_id, seq, content_kind, content, accepted_at, expires,
                 now_or_never, urgency, recipients, rejected, finished)
             SELECT 'ntf_' || hex(randomblob(11)), 1, i, 1, randomblob(600), {finished}, {finished},
                 0, 1, 2, 2, {finished} + i FROM n;
             INSERT INTO failure (notification_id, subscription_id, outcome, reason, attempts, at)
             SELECT id, 1, 4, 'refused', 1, {finished} FROM notification, (SELECT 1 UNION SELECT 2)
                 WHERE channel_id = 1 AND seq BETWEEN {from} AND {to};
             INSERT INTO failure (notification_id, subscription_id, outcome, reason, attempts, at)
             SELECT (SELECT id FROM notification WHERE channel_id = 1 AND seq = {from}), 1, 4, 'refused', 1, {finished}
                 FROM notification WHERE channel_id = 1 AND seq BETWEEN {from} AND {to};
             COMMIT;"
        );
        database.batch_execute(&fill).unwrap();
    }
}

/// Publishes one after the other until `is_over`; answers how long each took, sorted.
async fn accepts(house: &House, mut is_over: impl FnMut() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while took.len() < ACCEPTS || !is_over() {
        let start = Instant::now();
        house.notify("elsewhere", "text").await;
        took.push(start.elapsed());
    }
    took.sort_unstable();
    took
}

fn figures(took: &[Duration]) -> String {
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    let (p50, p99, most) = (at(50), at(99), took[took.len() - 1]);
    format!("{} accepts, p50 {p50:?}, p99 {p99:?}, at most {most:?}", took.len())
}

#[actix_web::test]
async fn a_backlog_is_removed_by_and_by_and_accepts_go_on_meanwhile() {
    let house = House::with_push(shortcut(|| async { Ok(created()) }), |_| ()).await;
    house.subscribe(&Browser::new(), "https://push.example.net/1", &["news"]).await;
    println!("before: {}", figures(&accepts(&house, || true).await));

    let file = house.database();
    let database = &mut SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    // Nothing of it is old enough before all of it is there.
    house.store.keep_finished_for(1000 * HOUR);
    pile_up(database, now() - 3 * HOUR);
    assert_eq!(rows(database, "failure"), 3 * NOTIFICATIONS);
    house.store.keep_finished_for(HOUR);
    let start = Instant::now();
    let old = "SELECT EXISTS (SELECT 1 FROM notification WHERE channel_id = 1)";
    let took = accepts(&house, || number(database, old) == 0).await;
    let (count, time) = (4 * NOTIFICATIONS, start.elapsed());
    println!("while {count} rows are removed in {time:?}: {}", figures(&took));
    assert_eq!(rows(database, "failure"), 0);
    let kept = rows(database, "notification");
    assert_eq!(kept, i64::try_from(ACCEPTS + took.len()).unwrap(), "nothing else was removed");
    assert!(house.store.is_writable());
    house.stop().await;
}
