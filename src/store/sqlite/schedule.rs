//! The schedule: notifications that are to be sent later. When one is due it takes its number, its recipients and its
//! topic, in one transaction with leaving the schedule; before that nobody is its recipient.

use diesel::prelude::*;

use super::entry::Entry;
use super::rows::ChannelRow;
use super::schema::{channel, scheduled};
use super::writer::SqliteWriter;
use super::{audience, fault};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, SubscriptionId};
use crate::model::Outcomes;
use crate::model::audience::Audience;
use crate::store::StoreError;
use crate::store::receipt::ReceiptCounts;
use crate::store::view::{ListQuery, NotificationView, ScheduledPosition};
use crate::webpush::message::Content;

/// An accept waits for no more than so many of its channel that are due; upkeep comes for the others.
const BEFORE_AN_ACCEPT: i64 = 200;

/// Adds one, counted in its channel.
pub(super) fn add(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), StoreError> {
    diesel::insert_into(scheduled::table).values(entry).execute(connection).map_err(fault)?;
    count(connection, entry.channel_id, 1)
}

fn count(connection: &mut SqliteConnection, channel: i64, change: i64) -> Result<(), StoreError> {
    diesel::update(channel::table.find(channel))
        .set(channel::scheduled.eq(channel::scheduled + change))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Puts what is due into the logs, at most `limit`, the earliest first; answers how many. What was due long ago, because
/// nothing ran then, gets its number too, and its recipients: if its TTL is over, they are counted as expired.
pub(super) fn release(
    writer: &mut SqliteWriter,
    now: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let due = scheduled::table
        .filter(scheduled::cancelled.is_null().and(scheduled::send_at.le(now.as_millis())))
        .order((scheduled::send_at, scheduled::id))
        .limit(limit)
        .select((scheduled::id, Entry::as_select()))
        .load(&mut writer.connection)
        .map_err(fault)?;
    let count = due.len();
    due.into_iter().try_for_each(|(id, entry)| move_to_log(writer, id, &entry, now))?;
    Ok(count)
}

/// The same for one channel.
pub(super) fn release_of_channel(
    writer: &mut SqliteWriter,
    channel: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let due = scheduled::table
        .filter(scheduled::cancelled.is_null().and(scheduled::channel_id.eq(channel)))
        .filter(scheduled::send_at.le(now.as_millis()))
        .order((scheduled::send_at, scheduled::id))
        .limit(BEFORE_AN_ACCEPT)
        .select((scheduled::id, Entry::as_select()))
        .load(&mut writer.connection)
        .map_err(fault)?;
    due.into_iter().try_for_each(|(id, entry)| move_to_log(writer, id, &entry, now))
}

fn move_to_log(
    writer: &mut SqliteWriter,
    id: i64,
    entry: &Entry,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::delete(scheduled::table.find(id)).execute(&mut writer.connection).map_err(fault)?;
    count(&mut writer.connection, entry.channel_id, -1)?;
    let row = channel::table
        .find(entry.channel_id)
        .select(ChannelRow::as_select())
        .get_result(&mut writer.connection)
        .map_err(fault)?;
    writer.changed_after_commit(PublicId::from_store(entry.public_id.clone()));
    entry.append(writer, &row, now).map(drop)
}

/// Cancels one that is not due yet, and answers how it stands then; its content is forgotten at once.
pub(super) fn cancel(
    writer: &mut SqliteWriter,
    app: AppId,
    id: &PublicId,
    now: Timestamp,
) -> Result<Option<NotificationView>, StoreError> {
    let connection = &mut writer.connection;
    let Some(view) = view(connection, app, id)? else { return Ok(None) };
    let waits = scheduled::public_id.eq(id.as_str()).and(scheduled::cancelled.is_null());
    let channel = diesel::update(scheduled::table.filter(waits))
        .set((scheduled::cancelled.eq(now.as_millis()), scheduled::content.eq(Vec::new())))
        .returning(scheduled::channel_id)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    if let Some(channel) = channel {
        count(connection, channel, -1)?;
        writer.changed_after_commit(id.clone());
    }
    Ok(Some(view.cancelled_before_due()))
}

/// Cancels all of a channel.
pub(super) fn cancel_channel(
    writer: &mut SqliteWriter,
    channel: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let waits = scheduled::channel_id.eq(channel).and(scheduled::cancelled.is_null());
    let cancelled = diesel::update(scheduled::table.filter(waits))
        .set((scheduled::cancelled.eq(now.as_millis()), scheduled::content.eq(Vec::new())))
        .returning(scheduled::public_id)
        .get_results::<String>(&mut writer.connection)
        .map_err(fault)?;
    cancelled.into_iter().for_each(|id| writer.changed_after_commit(PublicId::from_store(id)));
    diesel::update(channel::table.find(channel))
        .set(channel::scheduled.eq(0))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
}

/// Two subscriptions turned out to be one browser: what was to be kept from `other` is kept from `row`.
pub(super) fn exclude_instead(
    connection: &mut SqliteConnection,
    app: AppId,
    other: i64,
    row: i64,
) -> Result<(), StoreError> {
    let found = scheduled::table
        .inner_join(channel::table)
        .filter(channel::app_id.eq(app.0).and(scheduled::cancelled.is_null()))
        // Not every row that holds these digits holds that number, but few others need be read.
        .filter(scheduled::exclude.like(format!("%{other}%")))
        .select((scheduled::id, scheduled::exclude))
        .load::<(i64, Option<String>)>(connection)
        .map_err(fault)?;
    for (id, exclude) in found {
        let Audience::Except(excluded) = audience::parse(exclude.as_deref(), "a notification")?
        else {
            continue;
        };
        if !excluded.contains(SubscriptionId(other)) {
            continue;
        }
        let others = excluded.iter().filter(|id| id.0 != other);
        let audience = Audience::except(others.chain([SubscriptionId(row)]));
        diesel::update(scheduled::table.find(id))
            .set(scheduled::exclude.eq(audience::write(&audience)))
            .execute(connection)
            .map_err(fault)?;
    }
    Ok(())
}

/// Removes what was cancelled before `then`, at most `limit`; answers how many.
pub(super) fn prune(
    connection: &mut SqliteConnection,
    then: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let old = scheduled::table
        .filter(scheduled::cancelled.lt(then.as_millis()))
        .limit(limit)
        .select(scheduled::id)
        .load::<i64>(connection)
        .map_err(fault)?;
    diesel::delete(scheduled::table.filter(scheduled::id.eq_any(old)))
        .execute(connection)
        .map_err(fault)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = scheduled)]
pub(super) struct ScheduledViewRow {
    public_id: String,
    created: i64,
    send_at: i64,
    expires: i64,
    cancelled: Option<i64>,
    content_kind: i16,
}

impl ScheduledViewRow {
    pub(super) fn view(self, channel: String) -> NotificationView {
        let view = NotificationView {
            id: PublicId::from_store(self.public_id),
            channel,
            seq: None,
            recipients: None,
            outcomes: Outcomes::default(),
            created: Timestamp::from_millis(self.created),
            expires: Timestamp::from_millis(self.expires),
            send_at: Some(Timestamp::from_millis(self.send_at)),
            cancelled: false,
            receipts: Content::asks_for_receipts(self.content_kind).then(ReceiptCounts::default),
        };
        if self.cancelled.is_some() { view.cancelled_before_due() } else { view }
    }
}

/// One that is not due, or was cancelled before it was, for the API.
pub(super) fn view(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<NotificationView>, StoreError> {
    let found = scheduled::table
        .inner_join(channel::table)
        .filter(scheduled::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select((ScheduledViewRow::as_select(), channel::name))
        .get_result::<(ScheduledViewRow, String)>(connection)
        .optional()
        .map_err(fault)?;
    Ok(found.map(|(row, name)| row.view(name)))
}

/// Those of a channel that wait, the next one first.
pub(super) fn list(
    connection: &mut SqliteConnection,
    query: &ListQuery,
) -> Result<Vec<NotificationView>, StoreError> {
    let Some(row) = super::accept::find_channel(connection, query.app, &query.name)? else {
        return Ok(Vec::new());
    };
    let after = query.after.as_deref().and_then(ScheduledPosition::parse);
    let (time, id) = after.map_or((i64::MIN, String::new()), |after| {
        (after.send_at.as_millis(), after.id.to_string())
    });
    let rows = scheduled::table
        .filter(scheduled::channel_id.eq(row.id).and(scheduled::cancelled.is_null()))
        .filter(scheduled::send_at.ge(time))
        .filter(scheduled::send_at.gt(time).or(scheduled::public_id.gt(id)))
        .order((scheduled::send_at, scheduled::public_id))
        .limit(query.limit)
        .select(ScheduledViewRow::as_select())
        .load::<ScheduledViewRow>(connection)
        .map_err(fault)?;
    Ok(rows.into_iter().map(|entry| entry.view(row.name.clone())).collect())
}
