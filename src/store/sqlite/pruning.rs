//! What ends by age, in small batches: subscriptions whose time has come, members of deleted channels, and what is
//! kept only for a while.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::schema::{channel, idempotency, membership, subscription};
use super::subscribe::REVIVABLE;
use super::writer::SqliteWriter;
use super::{fault, leave, quarantine, schedule};
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

/// Removes what nobody can ask for any more, at most `limit` of each kind; answers the largest count.
pub(super) fn prune(
    writer: &mut SqliteWriter,
    now: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let members = prune_members(&mut writer.connection, limit)?;
    let keys = prune_idempotency(&mut writer.connection, now, limit)?;
    let gone = prune_gone(writer, now, limit)?;
    let cancelled = schedule::prune(&mut writer.connection, now, limit)?;
    quarantine::prune(&mut writer.connection, now - RESOLVED)?;
    Ok(members.max(keys).max(gone).max(cancelled))
}

/// Members of deleted channels.
fn prune_members(connection: &mut SqliteConnection, limit: i64) -> Result<usize, StoreError> {
    let members = membership::table
        .inner_join(channel::table)
        .filter(channel::deleted.is_not_null())
        // As it stands in the index, which is the only cheap way to the few channels that have members left.
        .filter(sql::<Bool>("channel.members > 0"))
        .select((membership::channel_id, membership::subscription_id))
        .limit(limit)
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
    limit: i64,
) -> Result<usize, StoreError> {
    let old = idempotency::table
        .filter(idempotency::created.lt((now - IDEMPOTENCY).as_millis()))
        .limit(limit)
        .select((idempotency::app_id, idempotency::key))
        .load::<(i64, String)>(connection)
        .map_err(fault)?;
    for (app, key) in &old {
        diesel::delete(idempotency::table.find((app, key))).execute(connection).map_err(fault)?;
    }
    Ok(old.len())
}

/// Subscriptions that went too long ago to come back; who is held back waits for an operator, however long.
fn prune_gone(writer: &mut SqliteWriter, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let gone = subscription::table
        .filter(subscription::gone.lt((now - REVIVABLE).as_millis()))
        .filter(subscription::quarantine_id.is_null())
        .limit(limit)
        .select(subscription::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    for id in &gone {
        leave::remove(writer, *id)?;
    }
    Ok(gone.len())
}
