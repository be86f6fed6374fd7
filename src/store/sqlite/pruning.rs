//! What ends by age, in small batches: subscriptions whose time has come, members of deleted channels, and what is
//! kept only for a while.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::retention::{Of, prune_rows_of};
use super::schema::{channel, idempotency, membership, subscription};
use super::subscribe::REVIVABLE;
use super::writer::SqliteWriter;
use super::{fault, leave, quarantine, retention, schedule};
use crate::clock::Timestamp;
use crate::model::Outcome;
use crate::store::StoreError;

/// An Idempotency-Key is known for so long.
const IDEMPOTENCY: Duration = Duration::from_secs(24 * 3600);

/// An incident is shown for so long after an operator's word: until nobody remembers what it was about. There are few.
const RESOLVED: Duration = Duration::from_secs(90 * 24 * 3600);

/// Ends subscriptions whose `expirationTime` has come, at most `limit`; answers how many.
pub(super) fn end_expired_subscriptions(
    writer: &mut SqliteWriter,
    now: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let ended = subscription::table
        .filter(subscription::expires.le(now.as_millis()).and(subscription::gone.is_null()))
        .limit(limit)
        .select(subscription::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    for id in &ended {
        leave::go(writer, *id, Outcome::Gone, now)?;
    }
    Ok(ended.len())
}

/// Removes what nobody can ask for any more, at most `limit` rows in all; answers how many.
pub(super) fn prune(
    writer: &mut SqliteWriter,
    now: Timestamp,
    retention: Duration,
    limit: i64,
) -> Result<usize, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(0);
    let mut room = limit;
    room -= prune_members(&mut writer.connection, room)?;
    room -= prune_idempotency(&mut writer.connection, now, room)?;
    room -= prune_gone(writer, now, room)?;
    room -= retention::prune_finished(writer, now - retention, room)?;
    room -= schedule::prune(&mut writer.connection, now - retention, rows(room))?;
    room -= retention::prune_channels(writer, room)?;
    quarantine::prune(&mut writer.connection, now - RESOLVED)?;
    Ok(limit - room)
}

/// Members of deleted channels.
fn prune_members(connection: &mut SqliteConnection, room: usize) -> Result<usize, StoreError> {
    let members = membership::table
        .inner_join(channel::table)
        .filter(channel::deleted.is_not_null())
        // As it stands in the index, which is the only cheap way to the few channels that have members left.
        .filter(sql::<Bool>("channel.members > 0"))
        .select((membership::channel_id, membership::subscription_id))
        .limit(rows(room))
        .load::<(i64, i64)>(connection)
        .map_err(fault)?;
    for (channel, subscription) in &members {
        diesel::delete(membership::table.find((channel, subscription)))
            .execute(connection)
            .map_err(fault)?;
        diesel::update(channel::table.find(channel))
            .set(channel::members.eq(channel::members - 1))
            .execute(connection)
            .map_err(fault)?;
    }
    Ok(members.len())
}

fn prune_idempotency(
    connection: &mut SqliteConnection,
    now: Timestamp,
    room: usize,
) -> Result<usize, StoreError> {
    let old = idempotency::table
        .filter(idempotency::created.lt((now - IDEMPOTENCY).as_millis()))
        .limit(rows(room))
        .select((idempotency::app_id, idempotency::key))
        .load::<(i64, String)>(connection)
        .map_err(fault)?;
    for (app, key) in &old {
        diesel::delete(idempotency::table.find((app, key))).execute(connection).map_err(fault)?;
    }
    Ok(old.len())
}

/// Subscriptions that went too long ago to come back; who is held back waits for an operator, however long. What a
/// subscription could not be sent, or said of what it was, may be many rows, which go before it.
fn prune_gone(writer: &mut SqliteWriter, now: Timestamp, room: usize) -> Result<usize, StoreError> {
    let gone = subscription::table
        .filter(subscription::gone.lt((now - REVIVABLE).as_millis()))
        .filter(subscription::quarantine_id.is_null())
        .limit(rows(room))
        .select(subscription::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    let mut left = room;
    for id in gone {
        left -= prune_rows_of(&mut writer.connection, Of::Subscription(id), left)?;
        if left == 0 {
            break;
        }
        leave::remove(writer, id)?;
        left -= 1;
    }
    Ok(room - left)
}

/// So many rows as there is room for.
pub(super) fn rows(room: usize) -> i64 {
    i64::try_from(room).unwrap_or(i64::MAX)
}
