//! One subscription of a page, as the observer shows it.

use std::collections::HashSet;

use diesel::prelude::*;

use super::origins::Origins;
use crate::clock::Timestamp;
use crate::id::{AppId, Generation, PublicId};
use crate::store::StoreError;
use crate::store::pages::{Standing, SubscriptionItem};
use crate::store::sqlite::accept::find_channel;
use crate::store::sqlite::fault;
use crate::store::sqlite::schema::{channel, failure, membership, past_membership, subscription};
use crate::store::sqlite::views::{outcome_of, trouble_of};

/// Channels that are named.
const NAMED: i64 = 10;

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct Row {
    public_id: String,
    origin_id: i64,
    generation: i64,
    not_before: Option<i64>,
    trying_attempts: Option<i64>,
    trouble: Option<String>,
    trouble_status: Option<i32>,
    created: i64,
}

/// `None`: it has been removed meanwhile.
pub(super) fn show(
    connection: &mut SqliteConnection,
    origins: &mut Origins,
    id: i64,
    standing: Standing,
) -> Result<Option<SubscriptionItem>, StoreError> {
    let row = subscription::table
        .find(id)
        .select(Row::as_select())
        .get_result::<Row>(connection)
        .optional()
        .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let (channels, channel_count) = match standing {
        Standing::Active | Standing::Waiting => is_in(connection, id)?,
        Standing::Gone | Standing::Quarantined => was_in(connection, id)?,
    };
    Ok(Some(SubscriptionItem {
        push_service: origins.at(connection, row.origin_id)?,
        standing,
        channels,
        channel_count,
        generation: Generation(row.generation),
        attempts: u32::try_from(row.trying_attempts.unwrap_or(0)).unwrap_or(u32::MAX),
        not_before: row.not_before.map(Timestamp::from_millis),
        trouble: trouble_of(row.trouble, row.trouble_status),
        last_failure: match last_failure(connection, id)? {
            Some((outcome, reason)) => Some((outcome_of(outcome)?, reason)),
            None => None,
        },
        created: Timestamp::from_millis(row.created),
        id: PublicId::from_store(row.public_id),
    }))
}

fn is_in(connection: &mut SqliteConnection, id: i64) -> Result<(Vec<String>, i64), StoreError> {
    let of = membership::table.filter(membership::subscription_id.eq(id));
    let names = of
        .inner_join(channel::table)
        .filter(channel::deleted.is_null())
        .order(membership::channel_id)
        .limit(NAMED)
        .select(channel::name)
        .load(connection)
        .map_err(fault)?;
    let count = of.count().get_result(connection).map_err(fault)?;
    Ok((names, count))
}

fn was_in(connection: &mut SqliteConnection, id: i64) -> Result<(Vec<String>, i64), StoreError> {
    let of = past_membership::table.filter(past_membership::subscription_id.eq(id));
    let names = of
        .order(past_membership::channel)
        .limit(NAMED)
        .select(past_membership::channel)
        .load(connection)
        .map_err(fault)?;
    let count = of.count().get_result(connection).map_err(fault)?;
    Ok((names, count))
}

fn last_failure(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<Option<(i16, String)>, StoreError> {
    failure::table
        .filter(failure::subscription_id.eq(id))
        .order(failure::id.desc())
        .select((failure::outcome, failure::reason))
        .first(connection)
        .optional()
        .map_err(fault)
}

/// Which of them are in that channel.
pub(super) fn members_among(
    connection: &mut SqliteConnection,
    app: AppId,
    name: &str,
    items: &[SubscriptionItem],
) -> Result<HashSet<String>, StoreError> {
    let Some(row) = find_channel(connection, app, name)? else { return Ok(HashSet::new()) };
    let found = membership::table
        .inner_join(subscription::table)
        .filter(membership::channel_id.eq(row.id))
        .filter(subscription::public_id.eq_any(items.iter().map(|item| item.id.as_str())))
        .select(subscription::public_id)
        .load::<String>(connection)
        .map_err(fault)?;
    Ok(found.into_iter().collect())
}
