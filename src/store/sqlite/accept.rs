//! Accepting a notification: one number in the log of each channel, whatever the channel's size.

use std::time::Duration;

use diesel::prelude::*;

use super::closing;
use super::fault;
use super::rows::{ChannelRow, write_exclude};
use super::schema::{channel, idempotency, membership, notification, subscription};
use super::writer::SqliteWriter;
use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, IdKind, PublicId};
use crate::store::publish::{Accept, AcceptReply, Accepted, Idempotency};
use crate::store::{Committed, StoreError};
use crate::webpush::request::Topic;

/// More open notifications a channel may not have: its members could never catch up, and leaving one books each.
pub const MAX_OPEN: i64 = 10_000;

/// TTL 0 is "now or never": one attempt, begun within so long of the accept.
const NOW_OR_NEVER: Duration = Duration::from_secs(30);

pub(super) fn accept(
    writer: &mut SqliteWriter,
    command: &Accept,
) -> Result<AcceptReply, StoreError> {
    if let Some(idempotency) = &command.idempotency
        && let Some(reply) = earlier_reply(writer, command.app, idempotency)?
    {
        return Ok(reply);
    }
    let mut channels = Vec::with_capacity(command.channels.len());
    for name in &command.channels {
        let row = channel_of(&mut writer.connection, command.app, name)?;
        if row.open >= MAX_OPEN {
            return Ok(AcceptReply::ChannelFull(name.clone()));
        }
        channels.push(row);
    }
    let entry = Entry::new(writer, command)?;
    let mut items = Vec::with_capacity(channels.len());
    for row in channels {
        items.push(entry.append(writer, command, row)?);
    }
    if let Some(idempotency) = &command.idempotency {
        remember_reply(writer, command, idempotency, &items)?;
    }
    Ok(AcceptReply::Accepted { items, replayed: false })
}

fn earlier_reply(
    writer: &mut SqliteWriter,
    app: AppId,
    asked: &Idempotency,
) -> Result<Option<AcceptReply>, StoreError> {
    let found = idempotency::table
        .find((app.0, &asked.key))
        .select((idempotency::fingerprint, idempotency::reply))
        .get_result::<(Vec<u8>, String)>(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some((fingerprint, reply)) = found else { return Ok(None) };
    if fingerprint != asked.fingerprint {
        return Ok(Some(AcceptReply::KeyReused));
    }
    let items = serde_json::from_str(&reply).map_err(|error| {
        StoreError::Corrupt(format!("the reply of an Idempotency-Key: {error}"))
    })?;
    Ok(Some(AcceptReply::Accepted { items, replayed: true }))
}

fn remember_reply(
    writer: &mut SqliteWriter,
    command: &Accept,
    asked: &Idempotency,
    items: &[Accepted],
) -> Result<(), StoreError> {
    let reply = serde_json::to_string(items)
        .map_err(|error| StoreError::Corrupt(format!("a reply cannot be written: {error}")))?;
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::app_id.eq(command.app.0),
            idempotency::key.eq(&asked.key),
            idempotency::fingerprint.eq(asked.fingerprint.as_slice()),
            idempotency::reply.eq(reply),
            idempotency::created.eq(command.now.as_millis()),
        ))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
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
struct Entry {
    app_name: String,
    group: Option<PublicId>,
    exclude: Vec<i64>,
    expires: Timestamp,
    now_or_never: bool,
}

impl Entry {
    fn new(writer: &mut SqliteWriter, command: &Accept) -> Result<Self, StoreError> {
        let app_name = writer.app(command.app)?.name.clone();
        let names = command.exclude.iter().map(PublicId::as_str);
        let exclude = subscription::table
            .filter(subscription::app_id.eq(command.app.0))
            .filter(subscription::public_id.eq_any(names))
            .select(subscription::id)
            .load(&mut writer.connection)
            .map_err(fault)?;
        let now_or_never = command.ttl.is_zero();
        let wait = if now_or_never { NOW_OR_NEVER } else { command.ttl };
        Ok(Self {
            app_name,
            group: (command.channels.len() > 1)
                .then(|| PublicId::random(IdKind::Group, &mut rand::rng())),
            exclude,
            expires: command.now + wait,
            now_or_never,
        })
    }

    /// Puts the notification at the next number of a channel's log.
    fn append(
        &self,
        writer: &mut SqliteWriter,
        command: &Accept,
        row: ChannelRow,
    ) -> Result<Accepted, StoreError> {
        let excluded = self.excluded_members(writer, row.id)?;
        let recipients = row.members - i64::try_from(excluded.len()).unwrap_or(i64::MAX);
        let topic = command.topic.as_deref().map(|t| Topic::derive(&self.app_name, &row.name, t));
        if let Some(topic) = &topic {
            closing::close_topic(writer, row.id, topic, command.now)?;
        }
        let seq = row.head + 1;
        let open = i64::from(recipients > 0);
        diesel::update(channel::table.find(row.id))
            .set((channel::head.eq(seq), channel::open.eq(channel::open + open)))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        let id = PublicId::random(IdKind::Notification, &mut rand::rng());
        self.insert(writer, command, &id, &row, seq, recipients, &excluded, topic.as_ref())?;
        if recipients > 0 {
            writer.after_commit(Committed::Accepted(ChannelId(row.id)));
        }
        Ok(Accepted { id: id.to_string(), channel: row.name, seq, recipients })
    }

    fn excluded_members(
        &self,
        writer: &mut SqliteWriter,
        row: i64,
    ) -> Result<Vec<i64>, StoreError> {
        if self.exclude.is_empty() {
            return Ok(Vec::new());
        }
        membership::table
            .filter(membership::channel_id.eq(row))
            .filter(membership::subscription_id.eq_any(&self.exclude))
            .select(membership::subscription_id)
            .load(&mut writer.connection)
            .map_err(fault)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one row's values, each named at its place below"
    )]
    fn insert(
        &self,
        writer: &mut SqliteWriter,
        command: &Accept,
        id: &PublicId,
        row: &ChannelRow,
        seq: i64,
        recipients: i64,
        excluded: &[i64],
        topic: Option<&Topic>,
    ) -> Result<(), StoreError> {
        let now = command.now.as_millis();
        let exclude = (!excluded.is_empty()).then(|| write_exclude(excluded));
        diesel::insert_into(notification::table)
            .values((
                notification::public_id.eq(id.as_str()),
                notification::group_id.eq(self.group.as_ref().map(PublicId::as_str)),
                notification::channel_id.eq(row.id),
                notification::seq.eq(seq),
                notification::content_kind.eq(command.content.kind()),
                notification::content.eq(command.content.bytes()),
                notification::accepted_at.eq(now),
                notification::expires.eq(self.expires.as_millis()),
                notification::now_or_never.eq(self.now_or_never),
                notification::urgency.eq(command.urgency.code()),
                notification::topic.eq(topic.map(Topic::as_str)),
                notification::exclude.eq(exclude),
                notification::recipients.eq(recipients),
                notification::finished.eq((recipients == 0).then_some(now)),
            ))
            .execute(&mut writer.connection)
            .map(drop)
            .map_err(fault)
    }
}
