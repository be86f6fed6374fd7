//! Sending again: a new entry of the same log, with the same content, for those alone to whom the first could not be
//! delivered. Who they are is read before, in short steps; the transaction looks again whether they still are.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::prelude::*;
use futures_util::FutureExt;

use super::accept::MAX_OPEN;
use super::entry::Entry;
use super::idempotency::{Earlier, earlier_reply, remember_reply};
use super::rows::ChannelRow;
use super::schema::{channel, membership, notification};
use super::writer::SqliteWriter;
use super::{SqliteStore, fault, in_millis, schedule};
use crate::clock::Timestamp;
use crate::id::{IdKind, PublicId, SubscriptionId};
use crate::model::audience::Audience;
use crate::store::publish::Accepted;
use crate::store::resend::{Resend, ResendReply, Resends, Resent, TO_DISK};
use crate::store::{StoreError, StoreFuture};

mod failed;

use failed::{By, Failed, failed};

/// Members that are looked up at once.
const CHUNK: usize = 500;

impl Resends for SqliteStore {
    fn resend(&self, command: Resend) -> StoreFuture<ResendReply> {
        let asked = command.clone();
        // Before anything is looked for: a repeat costs no more than its answer.
        let found = self.read(move |connection| match earlier(connection, &asked)? {
            Some(reply) => Ok(ControlFlow::Break(reply)),
            None => failed(connection, &asked).map(ControlFlow::Continue),
        });
        let journal = Arc::clone(&self.journal);
        let under_way = Duration::from_millis(self.request.load(Ordering::Relaxed)) + TO_DISK;
        async move {
            match found.await? {
                ControlFlow::Break(reply) => Ok(reply),
                ControlFlow::Continue(failed) => {
                    let resend = move |writer: &mut _| resend(writer, &command, &failed, under_way);
                    journal.change(resend).await
                }
            }
        }
        .boxed()
    }
}

impl SqliteStore {
    /// A request that has begun ends within so long.
    pub fn requests_take_at_most(&self, time: Duration) {
        self.request.store(in_millis(time), Ordering::Relaxed);
    }
}

/// What an earlier call by the same Idempotency-Key has settled.
fn earlier(
    connection: &mut SqliteConnection,
    command: &Resend,
) -> Result<Option<ResendReply>, StoreError> {
    let Some(idempotency) = &command.idempotency else { return Ok(None) };
    Ok(match earlier_reply(connection, command.app, idempotency)? {
        Earlier::None => None,
        Earlier::Same(resent) => Some(ResendReply::Resent { resent, replayed: true }),
        Earlier::Other => Some(ResendReply::KeyReused),
    })
}

/// What the new notification takes from the first.
#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
struct Original {
    channel_id: i64,
    seq: i64,
    content_kind: i16,
    content: Vec<u8>,
    accepted_at: i64,
    send_at: Option<i64>,
    expires: i64,
    now_or_never: bool,
    urgency: i16,
}

fn resend(
    writer: &mut SqliteWriter,
    command: &Resend,
    failed: &Failed,
    under_way: Duration,
) -> Result<ResendReply, StoreError> {
    if let Some(reply) = earlier(&mut writer.connection, command)? {
        return Ok(reply);
    }
    let Some(original) = find(&mut writer.connection, command)? else {
        // One that is not due, or was cancelled before it was, has failed nobody.
        let is_known = schedule::view(&mut writer.connection, command.app, &command.id)?.is_some();
        return Ok(if is_known { ResendReply::Nothing } else { ResendReply::Unknown });
    };
    let Some(row) = channel_there(writer, original.channel_id, command.now)? else {
        return Ok(ResendReply::Nothing);
    };
    let named = still_there(&mut writer.connection, &original, failed)?;
    if named.is_empty() {
        return Ok(ResendReply::Nothing);
    }
    // A cursor says that nothing came of it, but only once nothing can come of it any more.
    let is_by_cursor = |id: &SubscriptionId| failed.found.get(&id.0) == Some(&By::Cursor);
    let settled_by = Timestamp::from_millis(original.expires) + under_way;
    if command.now < settled_by && named.iter().any(is_by_cursor) {
        return Ok(ResendReply::UnderWay(settled_by));
    }
    if row.open >= MAX_OPEN {
        return Ok(ResendReply::ChannelFull(row.name));
    }
    let entry = original.entry(command.now);
    let (seq, recipients) = entry.append_for(writer, &row, &Audience::only(named), command.now)?;
    let item = Accepted {
        id: entry.public_id,
        channel: row.name,
        seq: Some(seq),
        recipients: Some(recipients),
    };
    let resent = Resent { item, next: failed.next };
    if let Some(idempotency) = &command.idempotency {
        remember_reply(writer, (command.app, command.now), idempotency, &resent)?;
    }
    Ok(ResendReply::Resent { resent, replayed: false })
}

fn find(
    connection: &mut SqliteConnection,
    command: &Resend,
) -> Result<Option<Original>, StoreError> {
    notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(command.id.as_str()))
        .filter(channel::app_id.eq(command.app.0))
        .select(Original::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)
}

/// The channel, if it is not deleted; what was scheduled for a time before this call goes before it.
fn channel_there(
    writer: &mut SqliteWriter,
    id: i64,
    now: Timestamp,
) -> Result<Option<ChannelRow>, StoreError> {
    let find = |connection: &mut SqliteConnection| {
        channel::table
            .find(id)
            .filter(channel::deleted.is_null())
            .select(ChannelRow::as_select())
            .get_result(connection)
            .optional()
            .map_err(fault)
    };
    match find(&mut writer.connection)? {
        Some(row) if row.scheduled > 0 => {
            schedule::release_of_channel(writer, row.id, now)?;
            find(&mut writer.connection)
        }
        row => Ok(row),
    }
}

/// Those of them who are members now, and to whom it has not been delivered meanwhile.
fn still_there(
    connection: &mut SqliteConnection,
    original: &Original,
    failed: &Failed,
) -> Result<Vec<SubscriptionId>, StoreError> {
    let ids: Vec<_> = failed.found.keys().copied().collect();
    let mut named = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let rows = membership::table
            .filter(membership::channel_id.eq(original.channel_id))
            .filter(membership::subscription_id.eq_any(chunk))
            .select((membership::subscription_id, membership::done_seq))
            .load::<(i64, i64)>(connection)
            .map_err(fault)?;
        let is_meant = |(id, done): &(i64, i64)| match failed.found.get(id) {
            Some(By::Result) => true,
            Some(By::Cursor) => *done < original.seq,
            None => false,
        };
        named.extend(rows.iter().filter(|row| is_meant(row)).map(|(id, _)| SubscriptionId(*id)));
    }
    Ok(named)
}

impl Original {
    /// The same again: under a name of its own, with as much time as the first had, and without its topic, by which it would
    /// take the place of what is newer and waits.
    fn entry(self, now: Timestamp) -> Entry {
        let ttl = self.expires - self.send_at.unwrap_or(self.accepted_at);
        Entry {
            public_id: PublicId::random(IdKind::Notification, &mut rand::rng()).to_string(),
            group_id: None,
            channel_id: self.channel_id,
            content_kind: self.content_kind,
            content: self.content,
            created: now.as_millis(),
            send_at: now.as_millis(),
            expires: now.as_millis() + ttl,
            now_or_never: self.now_or_never,
            urgency: self.urgency,
            topic: None,
            exclude: None,
        }
    }
}
