//! Accepting a notification: one number in the log of each channel, whatever the channel's size; or, for one that is to
//! be sent later, a place in the schedule.

use std::time::Duration;

use diesel::prelude::*;

use super::entry::Entry;
use super::idempotency::{Earlier, earlier_reply, remember_reply};
use super::rows::ChannelRow;
use super::schema::{channel, subscription};
use super::writer::SqliteWriter;
use super::{audience, fault, schedule};
use crate::clock::Timestamp;
use crate::id::{AppId, IdKind, PublicId, SubscriptionId};
use crate::model::audience::Audience;
use crate::store::StoreError;
use crate::store::publish::{Accept, AcceptReply, Accepted};
use crate::webpush::request::Topic;

/// More open notifications a channel may not have: its members could never catch up, and leaving one books each. Those that
/// are scheduled count against the same number when another is scheduled, so that no more than twice as many are ever open.
pub const MAX_OPEN: i64 = 10_000;

/// TTL 0 is "now or never": one attempt, begun within so long of the accept, or of the time that it was scheduled for.
const NOW_OR_NEVER: Duration = Duration::from_secs(30);

pub(super) fn accept(
    writer: &mut SqliteWriter,
    command: &Accept,
) -> Result<AcceptReply, StoreError> {
    if let Some(idempotency) = &command.idempotency {
        match earlier_reply(&mut writer.connection, command.app, idempotency)? {
            Earlier::None => {}
            Earlier::Same(items) => return Ok(AcceptReply::Accepted { items, replayed: true }),
            Earlier::Other => return Ok(AcceptReply::KeyReused),
        }
    }
    let mut channels = Vec::with_capacity(command.channels.len());
    for name in &command.channels {
        let row = up_to_date(writer, command, name)?;
        let held = row.as_ref().map_or(0, |row| match command.send_at {
            None => row.open,
            Some(_) => row.open + row.scheduled,
        });
        if held >= MAX_OPEN {
            return Ok(AcceptReply::ChannelFull(name.clone()));
        }
        channels.push(row);
    }
    let call = Call::new(writer, command)?;
    let mut items = Vec::with_capacity(channels.len());
    for (name, row) in command.channels.iter().zip(channels) {
        // Made only now: a call that is refused for another channel leaves no trace.
        let row = match row {
            Some(row) => row,
            None => channel_of(&mut writer.connection, command.app, name)?,
        };
        let entry = call.entry(command, &row);
        let (seq, recipients) = match command.send_at {
            None => Some(entry.append(writer, &row, command.now)?).unzip(),
            Some(_) => {
                schedule::add(&mut writer.connection, &entry)?;
                (None, None)
            }
        };
        items.push(Accepted { id: entry.public_id, channel: row.name, seq, recipients });
    }
    if let Some(idempotency) = &command.idempotency {
        remember_reply(writer, (command.app, command.now), idempotency, &items)?;
    }
    Ok(AcceptReply::Accepted { items, replayed: false })
}

/// The channel of that name, if there is one. What was scheduled for a time before this call goes before it: else it would
/// supersede what is newer.
fn up_to_date(
    writer: &mut SqliteWriter,
    command: &Accept,
    name: &str,
) -> Result<Option<ChannelRow>, StoreError> {
    let row = find_channel(&mut writer.connection, command.app, name)?;
    match row {
        Some(row) if row.scheduled > 0 => {
            schedule::release_of_channel(writer, row.id, command.now)?;
            find_channel(&mut writer.connection, command.app, name)
        }
        row => Ok(row),
    }
}

/// The channel of that name, made if there is none: its log must hold the notification, so that its status can
/// be asked for, also when nobody is there to get it.
pub(super) fn channel_of(
    connection: &mut SqliteConnection,
    app: AppId,
    name: &str,
) -> Result<ChannelRow, StoreError> {
    let found = find_channel(connection, app, name)?;
    if let Some(row) = found {
        return Ok(row);
    }
    diesel::insert_into(channel::table)
        .values((channel::app_id.eq(app.0), channel::name.eq(name), channel::epoch.eq(new_epoch())))
        .returning(ChannelRow::as_select())
        .get_result(connection)
        .map_err(fault)
}

pub(super) fn find_channel(
    connection: &mut SqliteConnection,
    app: AppId,
    name: &str,
) -> Result<Option<ChannelRow>, StoreError> {
    channel::table
        .filter(
            channel::app_id.eq(app.0).and(channel::name.eq(name)).and(channel::deleted.is_null()),
        )
        .select(ChannelRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)
}

/// 48 random bits tell apart the few lives that a channel of one name has.
fn new_epoch() -> String {
    use rand::RngExt;
    format!("{:012x}", rand::rng().random::<u64>() >> 16)
}

/// What the notifications of one call have in common.
struct Call {
    app_name: String,
    group: Option<PublicId>,
    exclude: Option<String>,
    send_at: Timestamp,
    expires: Timestamp,
}

impl Call {
    fn new(writer: &mut SqliteWriter, command: &Accept) -> Result<Self, StoreError> {
        let send_at = command.send_at.unwrap_or(command.now);
        let wait = if command.ttl.is_zero() { NOW_OR_NEVER } else { command.ttl };
        Ok(Self {
            app_name: writer.app(command.app)?.name.clone(),
            group: (command.channels.len() > 1)
                .then(|| PublicId::random(IdKind::Group, &mut rand::rng())),
            exclude: excluded(&mut writer.connection, command)?,
            send_at,
            expires: send_at + wait,
        })
    }

    fn entry(&self, command: &Accept, row: &ChannelRow) -> Entry {
        let topic = command.topic.as_deref().map(|t| Topic::derive(&self.app_name, &row.name, t));
        Entry {
            public_id: PublicId::random(IdKind::Notification, &mut rand::rng()).to_string(),
            group_id: self.group.as_ref().map(PublicId::to_string),
            channel_id: row.id,
            content_kind: command.content.kind(),
            content: command.content.bytes().to_vec(),
            created: command.now.as_millis(),
            send_at: self.send_at.as_millis(),
            expires: self.expires.as_millis(),
            now_or_never: command.ttl.is_zero(),
            urgency: command.urgency.code(),
            topic: topic.as_ref().map(|topic| topic.as_str().to_owned()),
            exclude: self.exclude.clone(),
        }
    }
}

/// The rows of those who do not get it. A name that nobody has now will never be anybody's: names are random.
fn excluded(
    connection: &mut SqliteConnection,
    command: &Accept,
) -> Result<Option<String>, StoreError> {
    if command.exclude.is_empty() {
        return Ok(None);
    }
    let names = command.exclude.iter().map(PublicId::as_str);
    let rows = subscription::table
        .filter(subscription::app_id.eq(command.app.0))
        .filter(subscription::public_id.eq_any(names))
        .select(subscription::id)
        .load::<i64>(connection)
        .map_err(fault)?;
    Ok(audience::write(&Audience::except(rows.into_iter().map(SubscriptionId))))
}
