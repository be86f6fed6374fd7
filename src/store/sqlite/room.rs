//! Whether an app's limits leave room. It is asked before anything is written: a change that is refused leaves nothing
//! behind, and what one transaction holds is counted in full, because the Journal runs one command after the other.

use diesel::prelude::*;

use super::accept::find_channel;
use super::fault;
use super::schema::{app, membership};
use super::writer::SqliteWriter;
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::directory::App;
use crate::store::limit::{Full, Limit};

/// What a command wants to add.
pub(super) struct Wanted<'a> {
    /// By how many the app's subscriptions grow.
    pub(super) subscriptions: i64,
    /// The channels that are joined.
    pub(super) channels: &'a [String],
    /// The subscriptions whose memberships in them are there already, and will be the joining one's.
    pub(super) members: &'a [i64],
}

/// The limit that is in the way, if one is.
pub(super) fn missing(
    writer: &mut SqliteWriter,
    app: &App,
    wanted: &Wanted<'_>,
) -> Result<Option<Full>, StoreError> {
    if let Some(most) = app.settings.limit(Limit::Subscriptions)
        && wanted.subscriptions > 0
        && subscriptions(writer, app.id)? + wanted.subscriptions > most
    {
        return Ok(Some(Full::App(most)));
    }
    let Some(most) = app.settings.limit(Limit::SubscriptionsPerChannel) else { return Ok(None) };
    for name in wanted.channels {
        if !has_place(&mut writer.connection, app.id, name, most, wanted.members)? {
            return Ok(Some(Full::Channel(name.clone(), most)));
        }
    }
    Ok(None)
}

/// Whether one more who is not there yet has a place in a channel.
pub(super) fn is_left(
    writer: &mut SqliteWriter,
    app: &App,
    channel: &str,
) -> Result<bool, StoreError> {
    match app.settings.limit(Limit::SubscriptionsPerChannel) {
        None => Ok(true),
        Some(most) => has_place(&mut writer.connection, app.id, channel, most, &[]),
    }
}

/// As the last transaction left it, and what this one has changed.
fn subscriptions(writer: &mut SqliteWriter, id: AppId) -> Result<i64, StoreError> {
    let stored = app::table
        .find(id.0)
        .select(app::subscriptions)
        .get_result::<i64>(&mut writer.connection)
        .map_err(fault)?;
    Ok(stored + writer.uncommitted_subscriptions(id.0))
}

fn has_place(
    connection: &mut SqliteConnection,
    app: AppId,
    name: &str,
    most: i64,
    members: &[i64],
) -> Result<bool, StoreError> {
    let Some(channel) = find_channel(connection, app, name)? else { return Ok(most > 0) };
    if channel.members < most {
        return Ok(true);
    }
    let there = membership::table
        .filter(membership::channel_id.eq(channel.id))
        .filter(membership::subscription_id.eq_any(members));
    diesel::select(diesel::dsl::exists(there)).get_result(connection).map_err(fault)
}
