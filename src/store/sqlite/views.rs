//! What the API shows of the store.

use diesel::prelude::*;

use super::accept::find_channel;
use super::rows::NotificationViewRow;
use super::schema::{channel, failure, membership, notification, quarantine, subscription};
use super::subscribe::REVIVABLE;
use super::{fault, returning, schedule};
use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, VapidKeyId};
use crate::model::Outcome;
use crate::store::StoreError;
use crate::store::view::{
    ChannelView, FailureView, ListQuery, MemberView, NotificationView, SubscriptionView, Trouble,
};
use crate::webpush::subscription::Endpoint;

/// The names of the channels that a subscription is in, sorted as bytes.
pub(super) fn channel_names(
    connection: &mut SqliteConnection,
    subscription: i64,
) -> Result<Vec<String>, StoreError> {
    membership::table
        .inner_join(channel::table)
        .filter(membership::subscription_id.eq(subscription).and(channel::deleted.is_null()))
        .order(channel::name)
        .select(channel::name)
        .load(connection)
        .map_err(fault)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct SubscriptionViewRow {
    id: i64,
    generation: i64,
    vapid_key_id: i64,
    gone: Option<i64>,
    not_before: Option<i64>,
    trouble: Option<String>,
    trouble_status: Option<i32>,
    created: i64,
}

pub(super) fn subscription_view(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<SubscriptionView>, StoreError> {
    let row = subscription::table
        .filter(subscription::public_id.eq(id.as_str()).and(subscription::app_id.eq(app.0)))
        .left_join(quarantine::table)
        .select((SubscriptionViewRow::as_select(), quarantine::public_id.nullable()))
        .get_result::<(SubscriptionViewRow, Option<String>)>(connection)
        .optional()
        .map_err(fault)?;
    let Some((row, quarantine)) = row else { return Ok(None) };
    let channels = match row.gone {
        Some(_) => returning::channels(connection, row.id)?,
        None => channel_names(connection, row.id)?,
    };
    Ok(Some(SubscriptionView {
        id: id.clone(),
        generation: Generation(row.generation),
        channels,
        vapid_key: VapidKeyId(row.vapid_key_id),
        gone: row.gone.map(Timestamp::from_millis),
        quarantine: quarantine.map(PublicId::from_store),
        not_before: row.not_before.map(Timestamp::from_millis),
        trouble: trouble_of(row.trouble, row.trouble_status),
        created: Timestamp::from_millis(row.created),
    }))
}

/// The same, but for one that is forgotten.
pub(super) fn remembered(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
    now: Timestamp,
) -> Result<Option<SubscriptionView>, StoreError> {
    let view = subscription_view(connection, app, id)?;
    Ok(view.filter(|view| !is_forgotten(view, now)))
}

/// A subscription that went so long ago cannot come back, and is no longer shown; one that is held back can.
fn is_forgotten(view: &SubscriptionView, now: Timestamp) -> bool {
    view.gone.is_some_and(|gone| gone < now - REVIVABLE) && view.quarantine.is_none()
}

pub(super) fn trouble_of(reason: Option<String>, status: Option<i32>) -> Option<Trouble> {
    let status = status.and_then(|status| u16::try_from(status).ok());
    reason.map(|reason| Trouble { status, reason })
}

pub(super) fn vapid_key_uses(
    connection: &mut SqliteConnection,
    app: AppId,
) -> Result<Vec<(VapidKeyId, i64)>, StoreError> {
    let rows = subscription::table
        .filter(subscription::app_id.eq(app.0).and(subscription::gone.is_null()))
        .group_by(subscription::vapid_key_id)
        .select((subscription::vapid_key_id, diesel::dsl::count_star()))
        .load::<(i64, i64)>(connection)
        .map_err(fault)?;
    Ok(rows.into_iter().map(|(key, count)| (VapidKeyId(key), count)).collect())
}

pub(super) fn failures(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
    limit: i64,
) -> Result<Option<Vec<FailureView>>, StoreError> {
    if schedule::view(connection, app, id)?.is_some() {
        return Ok(Some(Vec::new()));
    }
    let row = notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select(notification::id)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let rows = failure::table
        .inner_join(subscription::table)
        .filter(failure::notification_id.eq(row))
        .order(failure::id)
        .limit(limit)
        .select((
            subscription::public_id,
            failure::outcome,
            failure::status,
            failure::reason,
            failure::attempts,
            failure::at,
        ))
        .load::<(String, i16, Option<i32>, String, i64, i64)>(connection)
        .map_err(fault)?;
    let view = |(id, outcome, status, reason, attempts, at): (_, i16, Option<i32>, _, i64, i64)| {
        Ok(FailureView {
            subscription: PublicId::from_store(id),
            outcome: outcome_of(outcome)?,
            status: status.and_then(|status| u16::try_from(status).ok()),
            reason,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            at: Timestamp::from_millis(at),
        })
    };
    rows.into_iter().map(view).collect::<Result<_, _>>().map(Some)
}

pub(super) fn outcome_of(code: i16) -> Result<Outcome, StoreError> {
    Outcome::from_code(code)
        .ok_or_else(|| StoreError::Corrupt(format!("outcome {code} of a failure")))
}

/// The position after which a list goes on; one that is not a number begins at the start.
fn position(query: &ListQuery, start: i64) -> i64 {
    query.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(start)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct MemberViewRow {
    id: i64,
    public_id: String,
    endpoint: String,
    not_before: Option<i64>,
    trying_attempts: Option<i64>,
    trouble: Option<String>,
    trouble_status: Option<i32>,
    created: i64,
}

pub(super) fn members(
    connection: &mut SqliteConnection,
    query: &ListQuery,
) -> Result<Vec<MemberView>, StoreError> {
    let Some(row) = find_channel(connection, query.app, &query.name)? else {
        return Ok(Vec::new());
    };
    let rows = membership::table
        .inner_join(subscription::table)
        .filter(membership::channel_id.eq(row.id))
        .filter(membership::subscription_id.gt(position(query, 0)))
        .order(membership::subscription_id)
        .limit(query.limit)
        .select((MemberViewRow::as_select(), membership::done_seq))
        .load::<(MemberViewRow, i64)>(connection)
        .map_err(fault)?;
    rows.into_iter().map(|(member, done)| member.view(connection, row.head - done)).collect()
}

impl MemberViewRow {
    fn view(self, connection: &mut SqliteConnection, lag: i64) -> Result<MemberView, StoreError> {
        let last_failure = failure::table
            .filter(failure::subscription_id.eq(self.id))
            .order(failure::id.desc())
            .select((failure::outcome, failure::reason))
            .first::<(i16, String)>(connection)
            .optional()
            .map_err(fault)?;
        let origin = Endpoint::from_store(self.endpoint)
            .map_err(|_| StoreError::Corrupt(format!("the endpoint of {}", self.public_id)))?;
        Ok(MemberView {
            position: self.id,
            id: PublicId::from_store(self.public_id),
            origin: origin.origin().as_str().to_owned(),
            lag,
            attempts: u32::try_from(self.trying_attempts.unwrap_or(0)).unwrap_or(u32::MAX),
            not_before: self.not_before.map(Timestamp::from_millis),
            trouble: trouble_of(self.trouble, self.trouble_status),
            last_failure: match last_failure {
                Some((outcome, reason)) => Some((outcome_of(outcome)?, reason)),
                None => None,
            },
            created: Timestamp::from_millis(self.created),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = channel)]
struct ChannelViewRow {
    id: i64,
    name: String,
    head: i64,
    members: i64,
    open: i64,
    scheduled: i64,
}

impl ChannelViewRow {
    fn view(self, connection: &mut SqliteConnection) -> Result<ChannelView, StoreError> {
        let oldest = notification::table
            .filter(notification::channel_id.eq(self.id).and(notification::finished.is_null()))
            .order(notification::seq)
            .select(notification::accepted_at)
            .first::<i64>(connection)
            .optional()
            .map_err(fault)?;
        Ok(ChannelView {
            id: ChannelId(self.id),
            name: self.name,
            subscribers: self.members,
            head: self.head,
            open: self.open,
            scheduled: self.scheduled,
            oldest_pending: oldest.map(Timestamp::from_millis),
        })
    }
}

pub(super) fn channels(
    connection: &mut SqliteConnection,
    query: &ListQuery,
) -> Result<Vec<ChannelView>, StoreError> {
    let after = query.after.clone().unwrap_or_default();
    let mut rows = channel::table
        .filter(channel::app_id.eq(query.app.0).and(channel::deleted.is_null()))
        .filter(channel::name.ge(&query.name).and(channel::name.gt(after)))
        .order(channel::name)
        .limit(query.limit)
        .select(ChannelViewRow::as_select())
        .load(connection)
        .map_err(fault)?;
    // Names are compared as bytes, so all that begin with the prefix stand together.
    rows.retain(|row| row.name.starts_with(&query.name));
    rows.into_iter().map(|row| row.view(connection)).collect()
}

pub(super) fn channel_view(
    connection: &mut SqliteConnection,
    app: AppId,
    name: &str,
) -> Result<Option<ChannelView>, StoreError> {
    let row = channel::table
        .filter(
            channel::app_id.eq(app.0).and(channel::name.eq(name)).and(channel::deleted.is_null()),
        )
        .select(ChannelViewRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    row.map(|row| row.view(connection)).transpose()
}

/// One channel by its row; `None`: it is deleted.
pub(super) fn channel_by_row(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<Option<ChannelView>, StoreError> {
    let row = channel::table
        .find(id)
        .filter(channel::deleted.is_null())
        .select(ChannelViewRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    row.map(|row| row.view(connection)).transpose()
}

pub(super) fn channel_log(
    connection: &mut SqliteConnection,
    query: &ListQuery,
) -> Result<Vec<NotificationView>, StoreError> {
    let Some(row) = find_channel(connection, query.app, &query.name)? else {
        return Ok(Vec::new());
    };
    let rows = notification::table
        .filter(notification::channel_id.eq(row.id))
        .filter(notification::seq.lt(position(query, i64::MAX)))
        .order(notification::seq.desc())
        .limit(query.limit)
        .select(NotificationViewRow::as_select())
        .load(connection)
        .map_err(fault)?;
    Ok(rows.into_iter().map(|entry| entry.view(row.name.clone())).collect())
}
