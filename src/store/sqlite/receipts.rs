//! Receipts: a device's word is counted once, for a notification that asked for it and was for this device.
//!
//! A fan-out's receipts come as a wave, so the counters are added up and written once per transaction, as outcomes are.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::retention::Of;
use super::schema::{channel, membership, notification, receipt};
use super::writer::SqliteWriter;
use super::{audience, fault, leave};
use crate::id::{AppId, PublicId, SubscriptionId};
use crate::model::ReceiptEvent;
use crate::store::StoreError;
use crate::store::receipt::{Receipt, ReceiptCounts, ReceiptReply};
use crate::webpush::message::Content;

/// What is to be added to the counters of notifications, by row.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<i64, ReceiptCounts>);

impl Tally {
    /// Writes them all.
    pub(super) fn write(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for (id, ReceiptCounts { shown, clicked, closed }) in self.0 {
            diesel::update(notification::table.find(id))
                .set((
                    notification::shown.eq(notification::shown + shown),
                    notification::clicked.eq(notification::clicked + clicked),
                    notification::dismissed.eq(notification::dismissed + closed),
                ))
                .execute(connection)
                .map_err(fault)?;
        }
        Ok(())
    }
}

/// The bit of an event in a row.
const fn bit(event: ReceiptEvent) -> i16 {
    match event {
        ReceiptEvent::Shown => 1,
        ReceiptEvent::Clicked => 2,
        ReceiptEvent::Closed => 4,
    }
}

/// What a receipt is about.
#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
struct Subject {
    id: i64,
    channel_id: i64,
    seq: i64,
    content_kind: i16,
    exclude: Option<String>,
}

/// Counts a device's word, if it is its to say and has not been counted.
pub(super) fn count(
    writer: &mut SqliteWriter,
    command: &Receipt,
) -> Result<ReceiptReply, StoreError> {
    let connection = &mut writer.connection;
    let Some(device) = leave::find(connection, command.app, &command.subscription)? else {
        return Ok(ReceiptReply::UnknownSubscription);
    };
    let Some(subject) = find(connection, command.app, &command.notification)? else {
        return Ok(ReceiptReply::UnknownNotification);
    };
    if !Content::asks_for_receipts(subject.content_kind) {
        return Ok(ReceiptReply::NotAsked);
    }
    let bit = bit(command.event);
    match said(connection, &subject, device)? {
        Some(events) if events & bit != 0 => return Ok(ReceiptReply::Repeated),
        // Who has spoken of it before may go on, also where it has left the channel meanwhile.
        Some(events) => diesel::update(receipt::table.find((subject.id, device)))
            .set(receipt::events.eq(events | bit))
            .execute(connection),
        None if !is_for(connection, &subject, device)? => return Ok(ReceiptReply::NotForIt),
        None => diesel::insert_into(receipt::table)
            .values((
                receipt::notification_id.eq(subject.id),
                receipt::subscription_id.eq(device),
                receipt::events.eq(bit),
            ))
            .execute(connection),
    }
    .map_err(fault)?;
    writer.receipts.0.entry(subject.id).or_default().add(command.event);
    writer.changed_after_commit(command.notification.clone());
    Ok(ReceiptReply::Counted)
}

fn find(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<Subject>, StoreError> {
    notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select(Subject::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)
}

/// What the device has said of it before.
fn said(
    connection: &mut SqliteConnection,
    subject: &Subject,
    device: i64,
) -> Result<Option<i16>, StoreError> {
    receipt::table
        .find((subject.id, device))
        .select(receipt::events)
        .get_result(connection)
        .optional()
        .map_err(fault)
}

/// Whether the notification was for the device: it is in the channel, came before it, and is meant by it. Of who has left
/// nothing is known any more.
fn is_for(
    connection: &mut SqliteConnection,
    subject: &Subject,
    device: i64,
) -> Result<bool, StoreError> {
    let joined = membership::table
        .find((subject.channel_id, device))
        .select(membership::joined)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    let audience = audience::parse(subject.exclude.as_deref(), "a notification")?;
    let was_there = joined.is_some_and(|joined| joined < subject.seq);
    Ok(was_there && audience.includes(SubscriptionId(device)))
}

/// What `other` has said, `device` has said: they are one browser, whose word must not count again.
pub(super) fn hand_over(
    connection: &mut SqliteConnection,
    other: i64,
    device: i64,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO receipt (notification_id, subscription_id, events)
         SELECT notification_id, ?, events FROM receipt WHERE subscription_id = ?
         ON CONFLICT (notification_id, subscription_id) DO UPDATE SET events = events | excluded.events",
    )
    .bind::<BigInt, _>(device)
    .bind::<BigInt, _>(other)
    .execute(connection)
    .map(drop)
    .map_err(fault)
}

/// Both are in a channel and are one browser: it has been there since the earlier of them came.
pub(super) fn heed_since(
    connection: &mut SqliteConnection,
    channel: i64,
    other: i64,
    device: i64,
) -> Result<(), StoreError> {
    let since = membership::table
        .find((channel, other))
        .select(membership::joined)
        .get_result::<i64>(connection)
        .map_err(fault)?;
    diesel::update(membership::table.find((channel, device)))
        .filter(membership::joined.gt(since))
        .set(membership::joined.eq(since))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Forgets what a device has said of anything: the device goes.
pub(super) fn forget(connection: &mut SqliteConnection, device: i64) -> Result<(), StoreError> {
    diesel::delete(receipt::table.filter(receipt::subscription_id.eq(device)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Removes receipts, at most `room`; answers how many. Fewer than `room`: none is left.
pub(super) fn prune(
    connection: &mut SqliteConnection,
    of: Of,
    room: usize,
) -> Result<usize, StoreError> {
    let (limit, batch) = (super::pruning::rows(room), diesel::alias!(receipt as batch));
    match of {
        Of::Notification(row) => {
            let of = batch.filter(batch.field(receipt::notification_id).eq(row)).limit(limit);
            let devices = of.select(batch.field(receipt::subscription_id));
            diesel::delete(receipt::table.filter(receipt::notification_id.eq(row)))
                .filter(receipt::subscription_id.eq_any(devices))
                .execute(connection)
        }
        Of::Subscription(row) => {
            let of = batch.filter(batch.field(receipt::subscription_id).eq(row)).limit(limit);
            let subjects = of.select(batch.field(receipt::notification_id));
            diesel::delete(receipt::table.filter(receipt::subscription_id.eq(row)))
                .filter(receipt::notification_id.eq_any(subjects))
                .execute(connection)
        }
    }
    .map_err(fault)
}
