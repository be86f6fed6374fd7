//! Importing: what a list says against what is there, and the open notifications that one who comes back to where it
//! stood gets besides.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use super::accept::find_channel;
use super::schema::{membership, notification, subscription};
use super::subscribe::{
    KnownRow, Refresh, doubly_claimed, find_endpoint, held_channels, is_displaced, refresh,
    subscribe,
};
use super::writer::SqliteWriter;
use super::{audience, fault};
use crate::clock::Timestamp;
use crate::id::{AppId, SubscriptionId};
use crate::model::audience::Audience;
use crate::store::directory::{App, Directory};
use crate::store::membership::SubscribeReply;
use crate::store::moving::{Import, ImportCursor, ImportEntry, Imported};
use crate::store::{Committed, StoreError};

pub(super) fn import(
    writer: &mut SqliteWriter,
    command: &Import,
) -> Result<Vec<Imported>, StoreError> {
    let mut backlogs = Backlogs::default();
    let done =
        command.entries.iter().map(|entry| import_one(writer, command, entry, &mut backlogs));
    let done = done.collect::<Result<_, _>>()?;
    backlogs.write(&mut writer.connection)?;
    Ok(done)
}

/// What [`import`] would answer, but for limits.
pub(super) fn foresee(
    connection: &mut SqliteConnection,
    directory: &Directory,
    command: &Import,
) -> Result<Vec<Imported>, StoreError> {
    let deleted = || StoreError::Unavailable("the app has been deleted".to_owned());
    let app = directory.app(command.app).ok_or_else(deleted)?;
    let foresee = |entry| {
        Ok(match look(connection, app, entry, command.replace)? {
            Plan::Insert => Imported::New,
            Plan::Change(..) => Imported::Changed,
            Plan::Leave(imported) => imported,
        })
    };
    command.entries.iter().map(foresee).collect()
}

/// What is to be done with an entry.
enum Plan {
    /// Its endpoint is unknown.
    Insert,
    /// It is known, by this row and in these channels.
    Change(KnownRow, Vec<String>),
    /// Nothing.
    Leave(Imported),
}

/// A list is older than what is there: where they differ, what is there stays unless somebody says that the list is right.
/// Nobody who went comes back by a list, or each import would bring back the dead.
fn look(
    connection: &mut SqliteConnection,
    app: &App,
    entry: &ImportEntry,
    replace: bool,
) -> Result<Plan, StoreError> {
    let wanted = &entry.subscribe;
    if let Some(prefix) = doubly_claimed(&app.settings.exclusive, &wanted.channels) {
        return Ok(Plan::Leave(Imported::Exclusive(prefix)));
    }
    let Some(row) = find_endpoint(connection, app.id, &wanted.endpoint)? else {
        return Ok(Plan::Insert);
    };
    if row.gone.is_some() {
        return Ok(Plan::Leave(Imported::Gone));
    }
    let has_keys = row.has_keys(&wanted.keys);
    if !has_keys && !replace {
        return Ok(Plan::Leave(Imported::OtherKeys));
    }
    let has_push_key = !entry.names_key || row.vapid_key_id == wanted.vapid_key.0;
    if !has_push_key && !replace {
        return Ok(Plan::Leave(Imported::OtherPushKey));
    }
    let held: Vec<_> =
        held_channels(connection, row.id)?.into_iter().map(|(_, name)| name).collect();
    let displaced = held.iter().find(|name| is_displaced(app, name, &wanted.channels));
    if let (Some(name), false) = (displaced, replace) {
        return Ok(Plan::Leave(Imported::Elsewhere(name.clone())));
    }
    let is_in_all = wanted.channels.iter().all(|name| held.contains(name));
    if is_in_all && displaced.is_none() && has_keys && has_push_key {
        return Ok(Plan::Leave(Imported::There));
    }
    Ok(Plan::Change(row, held))
}

fn import_one(
    writer: &mut SqliteWriter,
    command: &Import,
    entry: &ImportEntry,
    backlogs: &mut Backlogs,
) -> Result<Imported, StoreError> {
    let app = writer.app(command.app)?;
    let plan = look(&mut writer.connection, &app, entry, command.replace)?;
    let mut wanted = entry.subscribe.clone();
    let (imported, held) = match plan {
        Plan::Leave(imported) => return Ok(imported),
        Plan::Insert => (Imported::New, Vec::new()),
        Plan::Change(row, held) => {
            // When it ends is the browser's to say, and it has said it.
            wanted.expires = row.expires.map(Timestamp::from_millis);
            (Imported::Changed, held)
        }
    };
    match subscribe(writer, &wanted)? {
        SubscribeReply::Subscribed { .. } => {}
        SubscribeReply::Full(full) => return Ok(Imported::Full(full)),
        SubscribeReply::Exclusive(prefix) => return Ok(Imported::Exclusive(prefix)),
        SubscribeReply::EndpointInUse => return Ok(Imported::OtherKeys),
    }
    let Some(row) = find_endpoint(&mut writer.connection, command.app, &wanted.endpoint)? else {
        return Err(StoreError::Corrupt("a subscription that was just stored".to_owned()));
    };
    if entry.names_key && row.vapid_key_id != wanted.vapid_key.0 {
        refresh(writer, &row, &Refresh::from(&wanted), wanted.now)?;
    }
    let cursors = entry.cursors.iter().filter(|cursor| !held.contains(&cursor.channel));
    for cursor in cursors {
        backlogs.go_back(writer, command.app, row.id, cursor, wanted.now)?;
    }
    Ok(imported)
}

/// The open notifications of channels, and how many recipients more each of them has: they are read once and written once
/// for all entries of a command, since there may be as many of them as of those.
#[derive(Default)]
struct Backlogs {
    by_channel: HashMap<i64, Vec<Open>>,
    /// By the notification's row.
    recipients: BTreeMap<i64, i64>,
}

struct Open {
    id: i64,
    seq: i64,
    audience: Audience,
}

impl Backlogs {
    /// Puts one who has just joined a channel at its head to where it stood there: what is open since then is sent to it
    /// as well. It is due at once, so that a worker looks for that.
    fn go_back(
        &mut self,
        writer: &mut SqliteWriter,
        app: AppId,
        id: i64,
        cursor: &ImportCursor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let connection = &mut writer.connection;
        let Some(channel) = find_channel(connection, app, &cursor.channel)? else { return Ok(()) };
        if channel.epoch != cursor.epoch || cursor.done_seq >= channel.head || channel.open == 0 {
            return Ok(());
        }
        let open = match self.by_channel.entry(channel.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(read_open(connection, channel.id)?),
        };
        let missed =
            |open: &&Open| open.seq > cursor.done_seq && open.audience.includes(SubscriptionId(id));
        let missed: Vec<_> = open.iter().filter(missed).map(|open| open.id).collect();
        if missed.is_empty() {
            return Ok(());
        }
        // Only from the head, where it has just come in: a list that names a channel twice adds one recipient.
        let moved = diesel::update(membership::table.find((channel.id, id)))
            .filter(membership::done_seq.eq(channel.head))
            .set((
                membership::done_seq.eq(cursor.done_seq.max(0)),
                membership::joined.eq(cursor.done_seq.max(0)),
            ))
            .execute(connection)
            .map_err(fault)?;
        if moved == 0 {
            return Ok(());
        }
        for open in missed {
            *self.recipients.entry(open).or_default() += 1;
        }
        diesel::update(subscription::table.find(id))
            .set(subscription::not_before.eq(Some(now.as_millis())))
            .execute(connection)
            .map_err(fault)?;
        writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(id)));
        Ok(())
    }

    fn write(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for (id, more) in self.recipients {
            diesel::update(notification::table.find(id))
                .set(notification::recipients.eq(notification::recipients + more))
                .execute(connection)
                .map_err(fault)?;
        }
        Ok(())
    }
}

fn read_open(connection: &mut SqliteConnection, channel: i64) -> Result<Vec<Open>, StoreError> {
    let rows = notification::table
        .filter(notification::channel_id.eq(channel).and(notification::finished.is_null()))
        .select((notification::id, notification::seq, notification::exclude))
        .load::<(i64, i64, Option<String>)>(connection)
        .map_err(fault)?;
    let open = |(id, seq, exclude): (i64, i64, Option<String>)| {
        let audience = audience::parse(exclude.as_deref(), "a notification")?;
        Ok(Open { id, seq, audience })
    };
    rows.into_iter().map(open).collect()
}
