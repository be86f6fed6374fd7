//! Joining: one row per endpoint and app, a membership per channel, and who may change whose.

use diesel::prelude::*;

use super::accept::channel_of;
use super::leave::{leave_all, leave_channel, remove};
use super::rows::{parse_exclude, write_exclude};
use super::schema::{channel, membership, notification, subscription};
use super::views::{channel_names, subscription_view};
use super::writer::SqliteWriter;
use super::{fault, origins, restore};
use crate::clock::Timestamp;
use crate::id::{AppId, Generation, IdKind, PublicId, SubscriptionId, VapidKeyId};
use crate::model::Outcome;
use crate::store::directory::App;
use crate::store::{
    Authority, Committed, Replace, ReplaceReply, StoreError, Subscribe, SubscribeReply, covers,
};
use crate::webpush::subscription::{Endpoint, Keys};

/// A subscription that went can come back for so long.
pub(super) const REVIVABLE: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

pub(super) fn subscribe(
    writer: &mut SqliteWriter,
    command: &Subscribe,
) -> Result<SubscribeReply, StoreError> {
    let app = writer.app(command.app)?;
    if let Some(prefix) = doubly_claimed(&app.settings.exclusive, &command.channels) {
        return Ok(SubscribeReply::Exclusive(prefix));
    }
    let found = find_endpoint(&mut writer.connection, command.app, &command.endpoint)?;
    let (row, created) = match found {
        None => (insert(writer, command)?, true),
        Some(row) if row.has_keys(&command.keys) && row.gone.is_none() => {
            renew(&mut writer.connection, row.id, command.expires)?;
            (row, false)
        }
        // Whoever held this endpoint before has the secret of its id; new keys on a dead one get a new id.
        Some(row) if row.gone.is_some() && !row.has_keys(&command.keys) => {
            remove(writer, row.id)?;
            (insert(writer, command)?, true)
        }
        Some(row) if row.gone.is_some() || command.authority == Authority::ApiKey => {
            (refresh(writer, &row, &Refresh::from(command), command.now)?, false)
        }
        Some(_) => return Ok(SubscribeReply::EndpointInUse),
    };
    for name in &command.channels {
        join(writer, command.app, row.id, name)?;
    }
    displace(writer, &app, row.id, command)?;
    let channels = channel_names(&mut writer.connection, row.id)?;
    Ok(SubscribeReply::Subscribed {
        id: PublicId::from_store(row.public_id),
        generation: Generation(row.generation),
        channels,
        created,
    })
}

/// A prefix that two of the channels lie in.
fn doubly_claimed(prefixes: &[String], channels: &[String]) -> Option<String> {
    let claims =
        |prefix: &&String| channels.iter().filter(|c| c.starts_with(prefix.as_str())).count();
    prefixes.iter().find(|prefix| claims(prefix) > 1).cloned()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct KnownRow {
    id: i64,
    public_id: String,
    generation: i64,
    p256dh: Vec<u8>,
    auth: Vec<u8>,
    gone: Option<i64>,
    gone_channels: Option<String>,
    app_id: i64,
    origin_id: i64,
    quarantine_id: Option<i64>,
}

impl KnownRow {
    fn has_keys(&self, keys: &Keys) -> bool {
        Keys::from_store(&self.p256dh, &self.auth).is_ok_and(|known| known == *keys)
    }
}

fn find_endpoint(
    connection: &mut SqliteConnection,
    app: AppId,
    endpoint: &Endpoint,
) -> Result<Option<KnownRow>, StoreError> {
    subscription::table
        .filter(subscription::app_id.eq(app.0).and(subscription::endpoint.eq(endpoint.as_str())))
        .select(KnownRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)
}

fn insert(writer: &mut SqliteWriter, command: &Subscribe) -> Result<KnownRow, StoreError> {
    let public_id = PublicId::random(IdKind::Subscription, &mut rand::rng());
    let origin = origins::arrive(writer, command.app.0, &command.endpoint)?;
    let row = diesel::insert_into(subscription::table)
        .values((
            subscription::public_id.eq(public_id.as_str()),
            subscription::app_id.eq(command.app.0),
            subscription::part.eq(0),
            subscription::generation.eq(1),
            subscription::endpoint.eq(command.endpoint.as_str()),
            subscription::p256dh.eq(command.keys.p256dh().as_slice()),
            subscription::auth.eq(command.keys.auth().as_slice()),
            subscription::vapid_key_id.eq(command.vapid_key.0),
            subscription::expires.eq(command.expires.map(Timestamp::as_millis)),
            subscription::created.eq(command.now.as_millis()),
            subscription::origin_id.eq(origin),
        ))
        .returning(KnownRow::as_returning())
        .get_result(&mut writer.connection)
        .map_err(fault)?;
    let part = i64::try_from(SubscriptionId(row.id).partition()).unwrap_or_default();
    diesel::update(subscription::table.find(row.id))
        .set(subscription::part.eq(part))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    Ok(row)
}

/// The same browser again: only when it ends can have changed.
fn renew(
    connection: &mut SqliteConnection,
    id: i64,
    expires: Option<Timestamp>,
) -> Result<(), StoreError> {
    diesel::update(subscription::table.find(id))
        .set(subscription::expires.eq(expires.map(Timestamp::as_millis)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// The endpoint and keys that a subscription gets.
struct Refresh<'a> {
    endpoint: &'a Endpoint,
    keys: &'a Keys,
    expires: Option<Timestamp>,
    vapid_key: VapidKeyId,
}

impl<'a> From<&'a Subscribe> for Refresh<'a> {
    fn from(command: &'a Subscribe) -> Self {
        Self {
            endpoint: &command.endpoint,
            keys: &command.keys,
            expires: command.expires,
            vapid_key: command.vapid_key,
        }
    }
}

impl<'a> From<&'a Replace> for Refresh<'a> {
    fn from(command: &'a Replace) -> Self {
        Self {
            endpoint: &command.endpoint,
            keys: &command.keys,
            expires: command.expires,
            vapid_key: command.vapid_key,
        }
    }
}

/// A new generation: what an attempt with the old keys brings no longer counts. It is due at once, so that a worker
/// looks for what waited for the old one.
fn refresh(
    writer: &mut SqliteWriter,
    row: &KnownRow,
    with: &Refresh<'_>,
    now: Timestamp,
) -> Result<KnownRow, StoreError> {
    match row.gone {
        None => origins::depart(writer, row.origin_id)?,
        Some(_) => restore::return_from_the_gone(writer, row.id)?,
    }
    let origin = origins::arrive(writer, row.app_id, with.endpoint)?;
    let before = row.origin_id;
    let row = diesel::update(subscription::table.find(row.id))
        .set((
            subscription::generation.eq(subscription::generation + 1),
            subscription::endpoint.eq(with.endpoint.as_str()),
            subscription::p256dh.eq(with.keys.p256dh().as_slice()),
            subscription::auth.eq(with.keys.auth().as_slice()),
            subscription::vapid_key_id.eq(with.vapid_key.0),
            subscription::expires.eq(with.expires.map(Timestamp::as_millis)),
            subscription::not_before.eq(Some(now.as_millis())),
            subscription::failures.eq(0),
            subscription::trying_channel.eq(None::<i64>),
            subscription::trying_seq.eq(None::<i64>),
            subscription::trying_attempts.eq(None::<i64>),
            subscription::gone.eq(None::<i64>),
            subscription::gone_channels.eq(None::<String>),
            subscription::origin_id.eq(origin),
            subscription::departed.eq(None::<i64>),
            subscription::quarantine_id.eq(None::<i64>),
            subscription::unheard_since.eq(None::<i64>),
            subscription::trouble.eq(None::<String>),
            subscription::trouble_status.eq(None::<i32>),
        ))
        .returning(KnownRow::as_returning())
        .get_result(&mut writer.connection)
        .map_err(fault)?;
    origins::remove_if_unused(&mut writer.connection, before)?;
    writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(row.id)));
    Ok(row)
}

/// Makes the subscription a member from the channel's head on, if it is none.
pub(super) fn join(
    writer: &mut SqliteWriter,
    app: AppId,
    id: i64,
    name: &str,
) -> Result<(), StoreError> {
    let row = channel_of(&mut writer.connection, app, name)?;
    let joined = diesel::insert_or_ignore_into(membership::table)
        .values((
            membership::channel_id.eq(row.id),
            membership::subscription_id.eq(id),
            membership::done_seq.eq(row.head),
        ))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    if joined == 1 {
        diesel::update(channel::table.find(row.id))
            .set(channel::members.eq(channel::members + 1))
            .execute(&mut writer.connection)
            .map_err(fault)?;
    }
    Ok(())
}

/// Ends what the new memberships exclude: in each exclusive namespace an endpoint is in at most one channel, and
/// the next user of a shared browser inherits nothing of the last one's.
fn displace(
    writer: &mut SqliteWriter,
    app: &App,
    id: i64,
    command: &Subscribe,
) -> Result<(), StoreError> {
    let held = held_channels(&mut writer.connection, id)?;
    let is_displaced = |name: &String| {
        !command.channels.contains(name)
            && app.settings.exclusive.iter().any(|prefix| {
                name.starts_with(prefix.as_str())
                    && command.channels.iter().any(|new| new.starts_with(prefix.as_str()))
            })
    };
    let displaces = held.iter().any(|(_, name)| is_displaced(name));
    let loses = |name: &String| match &command.authority {
        Authority::Token(covered) if displaces => {
            !app.settings.public_channels.contains(name) && !covers(covered, name)
        }
        Authority::Token(_) | Authority::ApiKey | Authority::Public => false,
    };
    for (channel, name) in &held {
        if is_displaced(name) || (!command.channels.contains(name) && loses(name)) {
            leave_channel(writer, *channel, id, Outcome::Unsubscribed, command.now)?;
        }
    }
    Ok(())
}

fn held_channels(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    membership::table
        .inner_join(channel::table)
        .filter(membership::subscription_id.eq(id).and(channel::deleted.is_null()))
        .select((channel::id, channel::name))
        .load(connection)
        .map_err(fault)
}

pub(super) fn replace(
    writer: &mut SqliteWriter,
    command: &Replace,
) -> Result<ReplaceReply, StoreError> {
    let known = subscription::table
        .filter(subscription::public_id.eq(command.id.as_str()))
        .filter(subscription::app_id.eq(command.app.0))
        .select(KnownRow::as_select())
        .get_result(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some(row) = known else { return Ok(ReplaceReply::Unknown) };
    let is_too_old = row.gone.is_some_and(|gone| gone < (command.now - REVIVABLE).as_millis());
    if is_too_old && row.quarantine_id.is_none() {
        return Ok(ReplaceReply::Unknown);
    }
    let other = find_endpoint(&mut writer.connection, command.app, &command.endpoint)?;
    match other.filter(|other| other.id != row.id) {
        Some(other) if other.gone.is_some() => remove(writer, other.id)?,
        Some(other) if other.has_keys(&command.keys) => merge(writer, &row, &other, command.now)?,
        Some(_) => return Ok(ReplaceReply::EndpointInUse),
        None => {}
    }
    refresh(writer, &row, &Refresh::from(command), command.now)?;
    for name in restore::channels(row.gone_channels.as_deref())? {
        join(writer, command.app, row.id, &name)?;
    }
    let view = subscription_view(&mut writer.connection, command.app, &command.id)?;
    Ok(view.map_or(ReplaceReply::Unknown, ReplaceReply::Replaced))
}

/// Two rows turn out to be one browser: the memberships of `other` go to `row`, with their cursors.
fn merge(
    writer: &mut SqliteWriter,
    row: &KnownRow,
    other: &KnownRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (channel, _) in held_channels(&mut writer.connection, other.id)? {
        let mine = membership::table.find((channel, row.id));
        let is_member = diesel::select(diesel::dsl::exists(mine))
            .get_result::<bool>(&mut writer.connection)
            .map_err(fault)?;
        if is_member {
            leave_channel(writer, channel, other.id, Outcome::Unsubscribed, now)?;
        } else {
            diesel::update(membership::table.find((channel, other.id)))
                .set(membership::subscription_id.eq(row.id))
                .execute(&mut writer.connection)
                .map_err(fault)?;
            exclude_instead(writer, channel, other.id, row.id)?;
        }
    }
    // What is left are channels that are deleted and whose members have not been pruned yet.
    leave_all(writer, other.id, Outcome::Unsubscribed, now)?;
    remove(writer, other.id)
}

/// What excluded `other` in a channel excludes `row` in its place, and nothing else does: what was for `other` is now
/// for `row`, also where `row` had been excluded as a member that it was then.
fn exclude_instead(
    writer: &mut SqliteWriter,
    channel: i64,
    other: i64,
    row: i64,
) -> Result<(), StoreError> {
    let open = notification::table
        .filter(notification::channel_id.eq(channel).and(notification::finished.is_null()))
        .filter(notification::exclude.is_not_null())
        .select((notification::id, notification::seq, notification::exclude))
        .load::<(i64, i64, Option<String>)>(&mut writer.connection)
        .map_err(fault)?;
    for (id, seq, exclude) in open {
        let excluded = exclude.as_deref().and_then(parse_exclude).unwrap_or_default();
        let has = |id: i64| excluded.contains(&SubscriptionId(id));
        if !has(other) && !has(row) {
            continue;
        }
        let others = excluded.iter().map(|id| id.0).filter(|id| ![other, row].contains(id));
        let rows: Vec<i64> = others.chain(has(other).then_some(row)).collect();
        diesel::update(notification::table.find(id))
            .set(notification::exclude.eq(Some(write_exclude(&rows))))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        writer.forget_after_commit(channel, seq);
    }
    Ok(())
}
