//! Joining: one row per endpoint and app, a membership per channel, and who may change whose.

use diesel::prelude::*;

use super::accept::channel_of;
use super::leave::{leave_channel, remove};
use super::room::{self, Wanted};
use super::schema::{channel, membership, subscription};
use super::views::channel_names;
use super::writer::SqliteWriter;
use super::{fault, origins, restore, returning};
use crate::clock::Timestamp;
use crate::id::{AppId, Generation, IdKind, PublicId, SubscriptionId, VapidKeyId};
use crate::model::Outcome;
use crate::store::directory::App;
use crate::store::membership::{Authority, Replace, Subscribe, SubscribeReply, covers};
use crate::store::{Committed, StoreError};
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
    if let Some(full) = room::missing(writer, &app, &wanted_by(command, found.as_ref()))? {
        return Ok(SubscribeReply::Full(full));
    }
    let (row, created) = match found {
        None => (insert(writer, command)?, true),
        Some(row) if row.has_keys(&command.keys) && row.gone.is_none() => {
            renew(&mut writer.connection, &row, command)?;
            (row, false)
        }
        // To know a dead endpoint is not to own it: until it can no longer come back, only a backend ends that.
        Some(row)
            if row.may_return(command.now)
                && !row.has_keys(&command.keys)
                && command.authority != Authority::ApiKey =>
        {
            return Ok(SubscribeReply::EndpointInUse);
        }
        // Whoever held this endpoint before has the secret of its id; new keys on a dead one get a new id.
        Some(row) if row.gone.is_some() && !row.has_keys(&command.keys) => {
            remove(writer, row.id)?;
            (insert(writer, command)?, true)
        }
        Some(row) if row.gone.is_some() || command.authority == Authority::ApiKey => {
            let went_from = returning::channels(&mut writer.connection, row.id)?;
            let refreshed = refresh(writer, &row, &Refresh::from(command), command.now)?;
            // Its push service was wrong about it: it is who it was, also where this caller does not put it, as
            // far as there is a place left for it.
            for name in went_from {
                if room::is_left(writer, &app, &name)? {
                    join(writer, command.app, row.id, &name)?;
                }
            }
            (refreshed, false)
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

/// What a subscribe adds: one that comes back counts like one that comes, and one that is there does not.
fn wanted_by<'a>(command: &'a Subscribe, found: Option<&'a KnownRow>) -> Wanted<'a> {
    Wanted {
        subscriptions: i64::from(found.is_none_or(|row| row.gone.is_some())),
        channels: &command.channels,
        members: found.map_or(&[], |row| std::slice::from_ref(&row.id)),
    }
}

/// A prefix that two of the channels lie in.
pub(super) fn doubly_claimed(prefixes: &[String], channels: &[String]) -> Option<String> {
    let claims =
        |prefix: &&String| channels.iter().filter(|c| c.starts_with(prefix.as_str())).count();
    prefixes.iter().find(|prefix| claims(prefix) > 1).cloned()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
pub(super) struct KnownRow {
    pub(super) id: i64,
    app_id: i64,
    public_id: String,
    generation: i64,
    p256dh: Vec<u8>,
    auth: Vec<u8>,
    pub(super) expires: Option<i64>,
    pub(super) gone: Option<i64>,
    pub(super) vapid_key_id: i64,
    origin_id: i64,
    quarantine_id: Option<i64>,
}

impl KnownRow {
    pub(super) fn has_keys(&self, keys: &Keys) -> bool {
        Keys::from_store(&self.p256dh, &self.auth).is_ok_and(|known| known == *keys)
    }

    /// Whether it went, and not so long ago that it cannot come back.
    pub(super) fn may_return(&self, now: Timestamp) -> bool {
        self.gone.is_some_and(|gone| {
            self.quarantine_id.is_some() || gone >= (now - REVIVABLE).as_millis()
        })
    }

    pub(super) fn is_there_or_may_return(&self, now: Timestamp) -> bool {
        self.gone.is_none() || self.may_return(now)
    }
}

pub(super) fn find_endpoint(
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

pub(super) fn find_known(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<KnownRow>, StoreError> {
    subscription::table
        .filter(subscription::public_id.eq(id.as_str()).and(subscription::app_id.eq(app.0)))
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

/// The same browser again: only when it ends can have changed. Without a backend's word it can only be put off: an end in
/// a second would be a way to silence somebody.
fn renew(
    connection: &mut SqliteConnection,
    row: &KnownRow,
    command: &Subscribe,
) -> Result<(), StoreError> {
    let asked = command.expires.map(Timestamp::as_millis);
    let expires = match command.authority {
        Authority::ApiKey => asked,
        Authority::Token(_) | Authority::Public => {
            row.expires.zip(asked).map(|(known, asked)| known.max(asked))
        }
    };
    diesel::update(subscription::table.find(row.id))
        .set(subscription::expires.eq(expires))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// The endpoint and keys that a subscription gets.
pub(super) struct Refresh<'a> {
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
pub(super) fn refresh(
    writer: &mut SqliteWriter,
    row: &KnownRow,
    with: &Refresh<'_>,
    now: Timestamp,
) -> Result<KnownRow, StoreError> {
    match row.gone {
        None => origins::depart(writer, row.app_id, row.origin_id)?,
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
            membership::joined.eq(row.head),
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
    let is_displaced = |name: &String| is_displaced(app, name, &command.channels);
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

/// Whether who comes into the channels `by` leaves this one: another of the same exclusive namespace.
pub(super) fn is_displaced(app: &App, name: &String, by: &[String]) -> bool {
    let is_in = |prefix: &String, name: &String| name.starts_with(prefix.as_str());
    let claims = |prefix: &String| is_in(prefix, name) && by.iter().any(|new| is_in(prefix, new));
    !by.contains(name) && app.settings.exclusive.iter().any(claims)
}

pub(super) fn held_channels(
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
