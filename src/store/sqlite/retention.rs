//! Retention: what has ended is kept for a while and then removed, oldest first, in batches that are counted by rows.
//!
//! A notification may have tens of thousands of failures, and a receipt of each device, so a batch may end in the middle of
//! one; the next goes on there.
//! SQLite uses the space again. The file is not made smaller: `VACUUM INTO`, which a backup is, writes one without gaps.

use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::pruning::rows;
use super::schema::{channel, failure, notification, pause, scheduled};
use super::writer::SqliteWriter;
use super::{SqliteStore, fault, in_millis, receipts};
use crate::clock::Timestamp;
use crate::id::PublicId;
use crate::store::StoreError;

impl SqliteStore {
    /// Keeps finished notifications for so long from now on.
    pub fn keep_finished_for(&self, retention: Duration) {
        self.retention.store(in_millis(retention), Ordering::Relaxed);
    }
}

/// Removes notifications that finished before `then`, with their failures and receipts: at most `room` rows in all;
/// answers how many.
pub(super) fn prune_finished(
    writer: &mut SqliteWriter,
    then: Timestamp,
    room: usize,
) -> Result<usize, StoreError> {
    let finished = notification::table
        .filter(notification::finished.lt(then.as_millis()))
        .order(notification::finished)
        .limit(rows(room))
        .select((notification::id, notification::public_id))
        .load::<(i64, String)>(&mut writer.connection)
        .map_err(fault)?;
    let mut left = room;
    for (id, public_id) in finished {
        left -= prune_rows_of(&mut writer.connection, Of::Notification(id), left)?;
        if left == 0 {
            break;
        }
        diesel::delete(notification::table.find(id))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        writer.changed_after_commit(PublicId::from_store(public_id));
        left -= 1;
    }
    Ok(room - left)
}

/// Whose failures and receipts.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// Those of a notification, by its row.
    Notification(i64),
    /// Those of a subscription, by its row.
    Subscription(i64),
}

/// Removes failures and receipts, at most `room`; answers how many. Fewer than `room`: none is left.
pub(super) fn prune_rows_of(
    connection: &mut SqliteConnection,
    of: Of,
    room: usize,
) -> Result<usize, StoreError> {
    let failures = prune_failures(connection, of, room)?;
    Ok(failures + receipts::prune(connection, of, room - failures)?)
}

fn prune_failures(
    connection: &mut SqliteConnection,
    of: Of,
    room: usize,
) -> Result<usize, StoreError> {
    let ids = failure::table.select(failure::id).order(failure::id).limit(rows(room));
    let batch = match of {
        Of::Notification(row) => {
            ids.filter(failure::notification_id.eq(row)).load::<i64>(connection)
        }
        Of::Subscription(row) => {
            ids.filter(failure::subscription_id.eq(row)).load::<i64>(connection)
        }
    };
    let batch = batch.map_err(fault)?;
    let Some(last) = batch.last() else { return Ok(0) };
    // One statement for the batch: all of them, up to the last.
    let up_to = diesel::delete(failure::table).filter(failure::id.le(last));
    match of {
        Of::Notification(row) => up_to.filter(failure::notification_id.eq(row)).execute(connection),
        Of::Subscription(row) => up_to.filter(failure::subscription_id.eq(row)).execute(connection),
    }
    .map_err(fault)
}

/// Removes channels that nobody is in and whose log is empty, the deleted ones among them; answers how many. A post to
/// an unknown channel makes a row, and names must not pile up for ever; a channel that comes again has another epoch.
///
/// It looks at the next `room` channels without members and work, and begins anew after the last.
pub(super) fn prune_channels(writer: &mut SqliteWriter, room: usize) -> Result<usize, StoreError> {
    let idle = || {
        // As it stands in the index.
        channel::table.filter(sql::<Bool>(
            "channel.members = 0 AND channel.open = 0 AND channel.scheduled = 0",
        ))
    };
    let from = writer.idle_channels_seen_to;
    let seen = idle()
        .filter(channel::id.gt(from))
        .order(channel::id)
        .limit(rows(room))
        .select(channel::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    let Some(to) = seen.last().copied() else {
        writer.idle_channels_seen_to = 0;
        return Ok(0);
    };
    writer.idle_channels_seen_to = if seen.len() < room { 0 } else { to };
    let log = notification::table.filter(notification::channel_id.eq(channel::id));
    // Those that were cancelled before they were due, which are kept like the log.
    let cancelled = scheduled::table.filter(scheduled::channel_id.eq(channel::id));
    // What is published to it next is to wait as an operator said.
    let paused = pause::table.filter(pause::channel_id.eq(channel::id.nullable()));
    let empty = idle()
        .filter(channel::id.gt(from).and(channel::id.le(to)))
        .filter(not(exists(log)).and(not(exists(cancelled))).and(not(exists(paused))))
        .select(channel::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    for id in &empty {
        diesel::delete(channel::table.find(id)).execute(&mut writer.connection).map_err(fault)?;
    }
    Ok(empty.len())
}
