//! What pauses: a row for each channel and each origin, read whole with the directory.

use diesel::prelude::*;

use super::accept::find_channel;
use super::schema::{channel, pause};
use super::writer::SqliteWriter;
use super::{audit, fault};
use crate::id::{AppId, ChannelId};
use crate::store::audit::AuditEntry;
use crate::store::directory::Conflict;
use crate::store::pause::{Pause, PausedChannel, Pauses, Subject};
use crate::store::{Committed, StoreError};

mod parked;

pub(super) use parked::{Places, bring_forward};

/// Reads all of it.
pub(super) fn read(connection: &mut SqliteConnection) -> Result<Pauses, StoreError> {
    let of_channel = (channel::id, channel::app_id, channel::name);
    let rows = pause::table
        .left_join(channel::table)
        .select((pause::id, pause::origin, pause::since, pause::paused_by, of_channel.nullable()))
        .load::<(i64, Option<String>, i64, String, Option<(i64, i64, String)>)>(connection)
        .map_err(fault)?;
    let mut pauses = Pauses::default();
    for (id, origin, since, by, channel) in rows {
        let pause = Pause::of_row(id, since, by);
        if let Some((id, app, name)) = channel {
            let paused = PausedChannel { app: AppId(app), name, pause: pause.clone() };
            pauses.channels.insert(ChannelId(id), paused);
        }
        if let Some(origin) = origin {
            pauses.origins.insert(origin, pause);
        }
    }
    Ok(pauses)
}

/// Has something pause, or go on, and writes down who said so: both or neither. What is so already stays as it was.
pub(super) fn set(
    writer: &mut SqliteWriter,
    subject: &Subject,
    pauses: bool,
    entry: &AuditEntry,
) -> Result<Result<(), Conflict>, StoreError> {
    let connection = &mut writer.connection;
    let (origin, channel) = match subject {
        Subject::Origin(origin) => (Some(origin.as_str()), None),
        Subject::Channel { app, name } => match find_channel(connection, *app, name)? {
            Some(row) => (None, Some(row.id)),
            None => return Ok(Err(Conflict::Missing(format!("channel {name}")))),
        },
    };
    audit::insert(connection, entry)?;
    if pauses {
        diesel::insert_or_ignore_into(pause::table)
            .values((
                pause::origin.eq(origin),
                pause::channel_id.eq(channel),
                pause::since.eq(entry.at.as_millis()),
                pause::paused_by.eq(&entry.key),
            ))
            .execute(connection)
            .map_err(fault)?;
    } else if let Some(origin) = origin {
        diesel::delete(pause::table.filter(pause::origin.eq(origin)))
            .execute(connection)
            .map_err(fault)?;
    }
    if let Some(channel) = channel.filter(|_| !pauses) {
        forget_channel(writer, channel)?;
    }
    changed(writer);
    Ok(Ok(()))
}

/// A channel pauses no more, if it did: it goes on, or it is deleted.
pub(super) fn forget_channel(writer: &mut SqliteWriter, channel: i64) -> Result<(), StoreError> {
    let forgotten = diesel::delete(pause::table.filter(pause::channel_id.eq(channel)))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    if forgotten > 0 {
        changed(writer);
    }
    Ok(())
}

fn changed(writer: &mut SqliteWriter) {
    writer.directory_has_changed();
    writer.after_commit(Committed::PausesChanged);
}
