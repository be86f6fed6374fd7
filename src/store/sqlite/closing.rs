//! Closing a notification: cancel, expiry and supersession give all that is pending one outcome, in one row.
//! Cursors later step over closed numbers without booking anything.

use diesel::prelude::*;

use super::returning::{self, Returning};
use super::rows::{Counters, NotificationViewRow};
use super::schema::{channel, notification};
use super::writer::SqliteWriter;
use super::{fault, pause, schedule};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId};
use crate::model::Outcome;
use crate::store::StoreError;
use crate::store::view::NotificationView;

/// Closes one notification, if it is open.
fn close(
    writer: &mut SqliteWriter,
    mut counters: Counters,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    if counters.finished.is_some() {
        return Ok(());
    }
    counters.add(outcome, counters.pending());
    counters.closed = Some(outcome.code());
    counters.finish_if_done(now, &mut writer.connection)?;
    writer.close_after_commit(counters.channel_id, counters.seq);
    counters.save(writer)
}

/// Closes what waits under a topic: a newer notification takes its place.
pub(super) fn close_topic(
    writer: &mut SqliteWriter,
    channel: i64,
    topic: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    writer.flush_bookings()?;
    let open = notification::table
        .filter(notification::channel_id.eq(channel))
        .filter(notification::topic.eq(topic))
        .filter(notification::finished.is_null())
        .select(Counters::as_select())
        .load(&mut writer.connection)
        .map_err(fault)?;
    open.into_iter().try_for_each(|counters| close(writer, counters, Outcome::Superseded, now))
}

/// Closes notifications whose TTL has ended; answers how many.
pub(super) fn close_expired(
    writer: &mut SqliteWriter,
    now: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    writer.flush_bookings()?;
    let expired = notification::table
        .filter(notification::expires.le(now.as_millis()))
        .filter(notification::finished.is_null())
        .order(notification::expires)
        .limit(limit)
        .select(Counters::as_select())
        .load(&mut writer.connection)
        .map_err(fault)?;
    let count = expired.len();
    expired.into_iter().try_for_each(|counters| close(writer, counters, Outcome::Expired, now))?;
    Ok(count)
}

/// Cancels what was not sent of one notification; answers how it stands then.
pub(super) fn cancel(
    writer: &mut SqliteWriter,
    app: AppId,
    id: &PublicId,
    now: Timestamp,
) -> Result<Option<NotificationView>, StoreError> {
    writer.flush_bookings()?;
    let found = notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select(Counters::as_select())
        .get_result(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some(counters) = found else { return schedule::cancel(writer, app, id, now) };
    close(writer, counters, Outcome::Cancelled, now)?;
    notification_view(&mut writer.connection, app, id)
}

/// A notification for the API. The schedule is asked first: what leaves it meanwhile is found in the log, and the other way
/// round there would be a moment in which it is nowhere.
pub(super) fn notification_view(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<NotificationView>, StoreError> {
    if let Some(view) = schedule::view(connection, app, id)? {
        return Ok(Some(view));
    }
    let found = notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select((NotificationViewRow::as_select(), channel::name))
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    Ok(found.map(|(row, name)| row.view(name)))
}

/// Marks a channel as deleted and cancels what is open in it or scheduled for it; [`super::pruning`] removes its members later.
pub(super) fn delete_channel(
    writer: &mut SqliteWriter,
    app: AppId,
    name: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    writer.flush_bookings()?;
    let found = super::accept::find_channel(&mut writer.connection, app, name)?;
    let Some(row) = found else { return Ok(false) };
    let open = notification::table
        .filter(notification::channel_id.eq(row.id).and(notification::finished.is_null()))
        .select(Counters::as_select())
        .load(&mut writer.connection)
        .map_err(fault)?;
    for counters in open {
        close(writer, counters, Outcome::Cancelled, now)?;
    }
    schedule::cancel_channel(writer, row.id, now)?;
    diesel::update(channel::table.find(row.id))
        .set(channel::deleted.eq(Some(now.as_millis())))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    pause::forget_channel(writer, row.id)?;
    returning::not_to(&mut writer.connection, app, name, &Returning::Anyone)?;
    Ok(true)
}
