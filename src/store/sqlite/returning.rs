//! Where a subscription that went would return to: a channel that it is taken out of meanwhile is none of that, or to
//! be taken out of a team would not hold for whoever happened to be gone.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::fault;
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

/// Strikes a channel from what subscriptions of the app would return to. By the index of those that went, which are few.
pub(super) fn not_to(
    connection: &mut SqliteConnection,
    app: AppId,
    channel: &str,
    who: &Returning<'_>,
) -> Result<(), StoreError> {
    const BY_INDEX: &str = "INDEXED BY subscription_gone";
    let (by, is_it, id, also_to) = match who {
        Returning::One(id) => ("", "id = ?", *id, channel),
        Returning::AlsoTo(other) => (BY_INDEX, "0 = ?", 0, *other),
        Returning::Anyone => (BY_INDEX, "0 = ?", 0, channel),
    };
    let text = format!(
        "UPDATE subscription {by} SET gone_channels =
             (SELECT json_group_array(value) FROM json_each(gone_channels) WHERE value <> ?)
         WHERE gone IS NOT NULL AND app_id = ? AND {is_it}
           AND EXISTS (SELECT 1 FROM json_each(gone_channels) WHERE value = ?)
           AND EXISTS (SELECT 1 FROM json_each(gone_channels) WHERE value = ?)"
    );
    diesel::sql_query(text)
        .bind::<Text, _>(channel)
        .bind::<BigInt, _>(app.0)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(channel)
        .bind::<Text, _>(also_to)
        .execute(connection)
        .map(drop)
        .map_err(fault)
}
