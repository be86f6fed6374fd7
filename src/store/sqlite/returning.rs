//! Where a subscription that went would return to: a channel that it is taken out of meanwhile is none of that, or to
//! be taken out of a team would not hold for whoever happened to be gone.

use diesel::prelude::*;

use super::fault;
use super::schema::past_membership;
use crate::id::AppId;
use crate::store::StoreError;

/// Who does not return.
pub(super) enum Returning<'a> {
    /// One subscription, by its row.
    One(i64),
    /// Everyone who would also return to that channel.
    AlsoTo(&'a str),
    /// Everyone.
    Anyone,
}

/// Keeps the channels that a subscription leaves because it goes.
pub(super) fn remember(
    connection: &mut SqliteConnection,
    app: i64,
    id: i64,
    channels: &[String],
) -> Result<(), StoreError> {
    for channel in channels {
        diesel::insert_into(past_membership::table)
            .values((
                past_membership::app_id.eq(app),
                past_membership::channel.eq(channel),
                past_membership::subscription_id.eq(id),
            ))
            .execute(connection)
            .map_err(fault)?;
    }
    Ok(())
}

/// The channels that a subscription would return to, sorted as bytes.
pub(super) fn channels(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<Vec<String>, StoreError> {
    past_membership::table
        .filter(past_membership::subscription_id.eq(id))
        .order(past_membership::channel)
        .select(past_membership::channel)
        .load(connection)
        .map_err(fault)
}

/// It has returned, or never will.
pub(super) fn forget(connection: &mut SqliteConnection, id: i64) -> Result<(), StoreError> {
    diesel::delete(past_membership::table.filter(past_membership::subscription_id.eq(id)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Strikes a channel from what subscriptions of the app would return to.
pub(super) fn not_to(
    connection: &mut SqliteConnection,
    app: AppId,
    channel: &str,
    who: &Returning<'_>,
) -> Result<(), StoreError> {
    let to = |name: &str| {
        past_membership::app_id.eq(app.0).and(past_membership::channel.eq(name.to_owned()))
    };
    let struck = match who {
        Returning::One(id) => diesel::delete(past_membership::table)
            .filter(to(channel).and(past_membership::subscription_id.eq(id)))
            .execute(connection),
        Returning::AlsoTo(other) => {
            let also = diesel::alias!(past_membership as also);
            let who = also
                .filter(also.field(past_membership::app_id).eq(app.0))
                .filter(also.field(past_membership::channel).eq(*other))
                .select(also.field(past_membership::subscription_id));
            diesel::delete(past_membership::table)
                .filter(to(channel).and(past_membership::subscription_id.eq_any(who)))
                .execute(connection)
        }
        Returning::Anyone => {
            diesel::delete(past_membership::table).filter(to(channel)).execute(connection)
        }
    };
    struck.map(drop).map_err(fault)
}
