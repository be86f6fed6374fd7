//! Leaving: a membership that ends books every open notification that it had not settled.

use diesel::prelude::*;

use super::audience::{self, type_of};
use super::returning::{self, Returning};
use super::schema::{channel, failure, membership, notification, subscription};
use super::writer::SqliteWriter;
use super::{fault, origins, quarantine, receipts};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, SubscriptionId};
use crate::model::Outcome;
use crate::store::membership::{Leave, Leaver};
use crate::store::{Committed, StoreError};

pub(super) fn leave(writer: &mut SqliteWriter, command: &Leave) -> Result<u64, StoreError> {
    match &command.who {
        Leaver::Channel(id, name) => {
            let Some(id) = find(&mut writer.connection, command.app, id)? else { return Ok(0) };
            returning::not_to(&mut writer.connection, command.app, name, &Returning::One(id))?;
            let row = super::accept::find_channel(&mut writer.connection, command.app, name)?;
            let Some(row) = row else { return Ok(0) };
            let left = leave_channel(writer, row.id, id, Outcome::Unsubscribed, command.now)?;
            Ok(u64::from(left))
        }
        Leaver::Everywhere(id) => {
            let Some(id) = find(&mut writer.connection, command.app, id)? else { return Ok(0) };
            forget(writer, id, command.now)
        }
        Leaver::Shared { channel, also_in } => leave_shared(writer, command, channel, also_in),
    }
}

/// The row of a subscription of that app.
pub(super) fn find(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<i64>, StoreError> {
    subscription::table
        .filter(subscription::public_id.eq(id.as_str()).and(subscription::app_id.eq(app.0)))
        .select(subscription::id)
        .get_result(connection)
        .optional()
        .map_err(fault)
}

/// Those who leave together do so in batches, so that nobody else's change waits long behind them.
pub(super) const SHARED_LIMIT: u64 = 500;

/// One batch of those who leave together; fewer than [`SHARED_LIMIT`]: it was the last.
fn leave_shared(
    writer: &mut SqliteWriter,
    command: &Leave,
    name: &str,
    also_in: &str,
) -> Result<u64, StoreError> {
    let from = super::accept::find_channel(&mut writer.connection, command.app, name)?;
    let by = super::accept::find_channel(&mut writer.connection, command.app, also_in)?;
    let (Some(from), Some(by)) = (from, by) else { return Ok(0) };
    let also = diesel::alias!(membership as also);
    let in_both = also
        .filter(also.field(membership::channel_id).eq(by.id))
        .select(also.field(membership::subscription_id));
    let who = membership::table
        .filter(membership::channel_id.eq(from.id))
        .filter(membership::subscription_id.eq_any(in_both))
        .limit(SHARED_LIMIT.cast_signed())
        .select(membership::subscription_id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    if who.len() < usize::try_from(SHARED_LIMIT).unwrap_or(usize::MAX) {
        let who = Returning::AlsoTo(also_in);
        returning::not_to(&mut writer.connection, command.app, name, &who)?;
    }
    let mut removed = 0;
    for id in who {
        removed +=
            u64::from(leave_channel(writer, from.id, id, Outcome::Unsubscribed, command.now)?);
    }
    Ok(removed)
}

/// Ends one membership; `false`: there was none.
pub(super) fn leave_channel(
    writer: &mut SqliteWriter,
    channel: i64,
    subscription: i64,
    outcome: Outcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = diesel::delete(membership::table.find((channel, subscription)))
        .returning(membership::done_seq)
        .get_result::<i64>(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some(done) = done else { return Ok(false) };
    diesel::update(channel::table.find(channel))
        .set(channel::members.eq(channel::members - 1))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    diesel::update(subscription::table.find(subscription))
        .filter(subscription::trying_channel.eq(channel))
        .set((
            subscription::trying_channel.eq(None::<i64>),
            subscription::trying_seq.eq(None::<i64>),
            subscription::trying_attempts.eq(None::<i64>),
        ))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    book_open(writer, channel, subscription, done, outcome, now)?;
    writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(subscription)));
    Ok(true)
}

/// Books what was open for a member after its cursor.
fn book_open(
    writer: &mut SqliteWriter,
    channel: i64,
    subscription: i64,
    done: i64,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let open = notification::table
        .filter(notification::channel_id.eq(channel))
        .filter(notification::seq.gt(done).and(notification::finished.is_null()))
        .select((
            notification::id,
            notification::public_id,
            notification::seq,
            type_of(notification::exclude),
        ))
        .load::<(i64, String, i64, String)>(&mut writer.connection)
        .map_err(fault)?;
    let member = SubscriptionId(subscription);
    for (id, public_id, seq, exclude_type) in open {
        // Whoever goes by a push service's word was sent something: what is open there is mostly held.
        let is_for = match writer.open_log.find((channel, seq), &public_id) {
            Some(held) => held.audience.includes(member),
            None => audience::read(&mut writer.connection, id, &exclude_type)?.includes(member),
        };
        if is_for {
            writer.bookings.book(channel, seq, outcome, now);
        }
    }
    Ok(())
}

/// Ends all memberships of a subscription; answers the names of the channels, but for those that are deleted.
pub(super) fn leave_all(
    writer: &mut SqliteWriter,
    subscription: i64,
    outcome: Outcome,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let channels = membership::table
        .inner_join(channel::table)
        .filter(membership::subscription_id.eq(subscription))
        .order(channel::name)
        .select((channel::id, channel::name, channel::deleted))
        .load::<(i64, String, Option<i64>)>(&mut writer.connection)
        .map_err(fault)?;
    for (channel, ..) in &channels {
        leave_channel(writer, *channel, subscription, outcome, now)?;
    }
    let is_there =
        |(_, name, deleted): (i64, String, Option<i64>)| deleted.is_none().then_some(name);
    Ok(channels.into_iter().filter_map(is_there).collect())
}

/// It leaves all channels, and is kept for seven days so that it can come back; answers its origin. One that is gone by
/// its push service's answer goes by [`super::brake::go`].
pub(super) fn go(
    writer: &mut SqliteWriter,
    id: i64,
    outcome: Outcome,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let channels = leave_all(writer, id, outcome, now)?;
    let (app, origin) = diesel::update(subscription::table.find(id))
        .set((
            subscription::gone.eq(Some(now.as_millis())),
            subscription::not_before.eq(None::<i64>),
            subscription::failures.eq(0),
            subscription::trying_channel.eq(None::<i64>),
            subscription::trying_seq.eq(None::<i64>),
            subscription::trying_attempts.eq(None::<i64>),
            subscription::trouble.eq(None::<String>),
            subscription::trouble_status.eq(None::<i32>),
        ))
        .returning((subscription::app_id, subscription::origin_id))
        .get_result(&mut writer.connection)
        .map_err(fault)?;
    returning::remember(&mut writer.connection, app, id, &channels)?;
    origins::depart(writer, app, origin)?;
    writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(id)));
    Ok(origin)
}

/// Somebody who may asks for it: the subscription leaves all channels and nothing of it is kept.
fn forget(writer: &mut SqliteWriter, id: i64, now: Timestamp) -> Result<u64, StoreError> {
    let channels = leave_all(writer, id, Outcome::Unsubscribed, now)?;
    remove(writer, id)?;
    Ok(channels.len() as u64)
}

/// Removes the row of a subscription that is in no channel.
pub(super) fn remove(writer: &mut SqliteWriter, id: i64) -> Result<(), StoreError> {
    let connection = &mut writer.connection;
    returning::forget(connection, id)?;
    receipts::forget(connection, id)?;
    diesel::delete(failure::table.filter(failure::subscription_id.eq(id)))
        .execute(connection)
        .map_err(fault)?;
    let removed = diesel::delete(subscription::table.find(id))
        .returning((
            subscription::app_id,
            subscription::gone,
            subscription::quarantine_id,
            subscription::origin_id,
        ))
        .get_result::<(i64, Option<i64>, Option<i64>, i64)>(connection)
        .optional()
        .map_err(fault)?;
    if let Some((app, gone, quarantine, origin)) = removed {
        if let Some(row) = quarantine {
            quarantine::release(connection, row)?;
        }
        if gone.is_none() {
            origins::depart(writer, app, origin)?;
        }
        origins::remove_if_unused(&mut writer.connection, origin)?;
    }
    writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(id)));
    Ok(())
}
