//! Replacing: another endpoint and keys for a subscription that is there, one that comes back, and two that turn out to
//! be one.

use diesel::prelude::*;

use super::leave::{leave_all, leave_channel, remove};
use super::room::{self, Wanted};
use super::schema::{membership, notification};
use super::subscribe::{
    KnownRow, Refresh, find_endpoint, find_known, held_channels, is_displaced, join, refresh,
};
use super::views::subscription_view;
use super::writer::SqliteWriter;
use super::{audience, fault, receipts, returning, schedule};
use crate::clock::Timestamp;
use crate::id::SubscriptionId;
use crate::model::Outcome;
use crate::model::audience::Audience;
use crate::store::StoreError;
use crate::store::directory::App;
use crate::store::membership::{Replace, ReplaceReply};

pub(super) fn replace(
    writer: &mut SqliteWriter,
    command: &Replace,
) -> Result<ReplaceReply, StoreError> {
    let known = find_known(&mut writer.connection, command.app, &command.id)?;
    let Some(row) = known.filter(|row| row.is_there_or_may_return(command.now)) else {
        return Ok(ReplaceReply::Unknown);
    };
    let app = writer.app(command.app)?;
    let mut returns_to = returning::channels(&mut writer.connection, row.id)?;
    let other = find_endpoint(&mut writer.connection, command.app, &command.endpoint)?
        .filter(|other| other.id != row.id);
    // To know the endpoint of one that lives, or may still come back, is not to own it.
    let is_owned = |other: &KnownRow| {
        !other.has_keys(&command.keys) && other.is_there_or_may_return(command.now)
    };
    if other.as_ref().is_some_and(is_owned) {
        return Ok(ReplaceReply::EndpointInUse);
    }
    let merges = other.as_ref().is_some_and(|other| other.gone.is_none());
    let wanted = Wanted {
        subscriptions: i64::from(row.gone.is_some()) - i64::from(merges),
        channels: &returns_to,
        members: &other.as_ref().map_or(vec![row.id], |other| vec![row.id, other.id]),
    };
    if let Some(full) = room::missing(writer, &app, &wanted)? {
        return Ok(ReplaceReply::Full(full));
    }
    if let Some(other) = other.as_ref().filter(|other| other.has_keys(&command.keys)) {
        schedule::exclude_instead(&mut writer.connection, command.app, other.id, row.id)?;
        receipts::hand_over(&mut writer.connection, other.id, row.id)?;
    }
    match other {
        Some(other) if !merges => {
            let brought = brought_back(writer, &other, command)?;
            remove(writer, other.id)?;
            leave_behind(writer, &app, &row, &brought, command.now)?;
            stay_away(&app, &mut returns_to, &brought);
            for name in brought {
                if room::is_left(writer, &app, &name)? {
                    returns_to.push(name);
                }
            }
        }
        Some(other) => {
            let brought = merge(writer, &app, &row, &other, command.now)?;
            stay_away(&app, &mut returns_to, &brought);
        }
        None => {}
    }
    refresh(writer, &row, &Refresh::from(command), command.now)?;
    for name in returns_to {
        join(writer, command.app, row.id, &name)?;
    }
    let view = subscription_view(&mut writer.connection, command.app, &command.id)?;
    Ok(view.map_or(ReplaceReply::Unknown, ReplaceReply::Replaced))
}

/// Of the channels `had`, those that go when the memberships `brought` come. `other` has the endpoint, so its user is the
/// later one of a shared browser, and inherits nothing of the earlier one's but what is anybody's.
fn left_behind(app: &App, had: &[String], brought: &[String]) -> Vec<String> {
    if !had.iter().any(|name| is_displaced(app, name, brought)) {
        return Vec::new();
    }
    let stays =
        |name: &String| brought.contains(name) || app.settings.public_channels.contains(name);
    let goes = |name: &&String| !stays(name) || is_displaced(app, name, brought);
    had.iter().filter(goes).cloned().collect()
}

/// The same of the channels that it would return to.
fn stay_away(app: &App, returns_to: &mut Vec<String>, brought: &[String]) {
    let left = left_behind(app, returns_to, brought);
    returns_to.retain(|name| !left.contains(name));
}

/// The same of the channels that it is in.
fn leave_behind(
    writer: &mut SqliteWriter,
    app: &App,
    row: &KnownRow,
    brought: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = held_channels(&mut writer.connection, row.id)?;
    let had: Vec<_> = held.iter().map(|(_, name)| name.clone()).collect();
    let left = left_behind(app, &had, brought);
    for (channel, _) in held.iter().filter(|(_, name)| left.contains(name)) {
        leave_channel(writer, *channel, row.id, Outcome::Unsubscribed, now)?;
    }
    Ok(())
}

/// The channels of one that went and turns out to be the same browser: its push service was wrong about it.
fn brought_back(
    writer: &mut SqliteWriter,
    other: &KnownRow,
    command: &Replace,
) -> Result<Vec<String>, StoreError> {
    if !other.has_keys(&command.keys) || !other.may_return(command.now) {
        return Ok(Vec::new());
    }
    returning::channels(&mut writer.connection, other.id)
}

/// Two rows turn out to be one browser: the memberships of `other` go to `row`, with their cursors; answers their names.
fn merge(
    writer: &mut SqliteWriter,
    app: &App,
    row: &KnownRow,
    other: &KnownRow,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let brought = held_channels(&mut writer.connection, other.id)?;
    let names: Vec<_> = brought.iter().map(|(_, name)| name.clone()).collect();
    leave_behind(writer, app, row, &names, now)?;
    for (channel, _) in brought {
        let mine = membership::table.find((channel, row.id));
        let is_member = diesel::select(diesel::dsl::exists(mine))
            .get_result::<bool>(&mut writer.connection)
            .map_err(fault)?;
        if is_member {
            receipts::heed_since(&mut writer.connection, channel, other.id, row.id)?;
            hand_on(writer, channel, other.id, row.id)?;
            leave_channel(writer, channel, other.id, Outcome::Unsubscribed, now)?;
        } else {
            let done = diesel::update(membership::table.find((channel, other.id)))
                .set(membership::subscription_id.eq(row.id))
                .returning(membership::done_seq)
                .get_result(&mut writer.connection)
                .map_err(fault)?;
            hand_over(writer, (channel, done), other.id, row.id)?;
        }
    }
    // What is left are channels that are deleted and whose members have not been pruned yet.
    leave_all(writer, other.id, Outcome::Unsubscribed, now)?;
    remove(writer, other.id)?;
    Ok(names)
}

/// Both are members: what is open for `other` and not for `row` is for `row` in its place, if neither has come past it.
/// The device stays, and would not get it otherwise.
fn hand_on(
    writer: &mut SqliteWriter,
    channel: i64,
    other: i64,
    row: i64,
) -> Result<(), StoreError> {
    let done = membership::table
        .filter(membership::channel_id.eq(channel))
        .filter(membership::subscription_id.eq_any([other, row]))
        .select(diesel::dsl::max(membership::done_seq))
        .get_result::<Option<i64>>(&mut writer.connection)
        .map_err(fault)?;
    let open = notification::table
        .filter(notification::channel_id.eq(channel).and(notification::exclude.is_not_null()))
        .filter(notification::finished.is_null().and(notification::seq.gt(done.unwrap_or(0))))
        .select((notification::id, notification::seq, notification::exclude))
        .load::<(i64, i64, Option<String>)>(&mut writer.connection)
        .map_err(fault)?;
    let (row, other) = (SubscriptionId(row), SubscriptionId(other));
    for (id, seq, column) in open {
        let audience = audience::parse(column.as_deref(), "a notification")?;
        let is_for_other_alone =
            audience.named().is_some_and(|named| named.contains(other) && !named.contains(row));
        if let Some(audience) = audience.with_instead(row, other).filter(|_| is_for_other_alone) {
            rewrite(writer, id, (channel, seq), &audience)?;
        }
    }
    Ok(())
}

fn rewrite(
    writer: &mut SqliteWriter,
    id: i64,
    (channel, seq): (i64, i64),
    audience: &Audience,
) -> Result<(), StoreError> {
    writer.open_log.rewrite(channel, seq);
    diesel::update(notification::table.find(id))
        .set(notification::exclude.eq(audience::write(audience)))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
}

/// What excluded `other` in a channel excludes `row` in its place, and nothing else does: what was for `other` is now
/// for `row`, also where `row` had been excluded, or had been meant, as a member that it was then.
fn hand_over(
    writer: &mut SqliteWriter,
    (channel, done): (i64, i64),
    other: i64,
    row: i64,
) -> Result<(), StoreError> {
    let named = notification::table
        .filter(notification::channel_id.eq(channel).and(notification::exclude.is_not_null()))
        .select((notification::id, notification::seq, notification::exclude));
    let mut found = named
        .filter(notification::finished.is_null())
        .load::<(i64, i64, Option<String>)>(&mut writer.connection)
        .map_err(fault)?;
    // What was closed before its cursor came to it could be sent again to it. Of what was sent to it alone, and has ended,
    // it may still say that it was shown.
    let is_after_or_only =
        notification::seq.nullable().gt(done).or(notification::exclude.like("{%"));
    let ended = named
        .filter(notification::finished.is_not_null().and(is_after_or_only))
        .load::<(i64, i64, Option<String>)>(&mut writer.connection)
        .map_err(fault)?;
    found.extend(ended);
    for (id, seq, column) in found {
        let audience = audience::parse(column.as_deref(), "a notification")?;
        let changed = audience.with_instead(SubscriptionId(row), SubscriptionId(other));
        if let Some(audience) = changed {
            rewrite(writer, id, (channel, seq), &audience)?;
        }
    }
    Ok(())
}
