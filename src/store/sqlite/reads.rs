//! What the tree reads: pages of members, stretches of logs, what is due, and a worker's backlog.

use std::sync::Arc;

use diesel::prelude::*;

use super::fault;
use super::open_log::OpenLog;
use super::rows::{ChannelRow, NotificationRow, SubscriptionRow};
use super::schema::{channel, membership, notification, pause, subscription};
use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, PublicId, Seq, SubscriptionId};
use crate::model::{Backlog, Member, Stretch, Subscription, Trying};
use crate::store::StoreError;
use crate::store::work::{ChannelWork, Due, Page, PageQuery, Share};

/// How many open notifications of one channel a worker loads for itself at once.
const BACKLOG_LIMIT: i64 = 32;

pub(super) fn page(
    connection: &mut SqliteConnection,
    query: &PageQuery,
) -> Result<Page, StoreError> {
    if let Some(among) = &query.among {
        let members = members_behind(connection, query, i64::MAX)?;
        return Ok(Page { members, last: among.last().copied() });
    }
    // By the cursors' own table: where the page ends does not depend on who is behind, so that a page over many who
    // are not takes no longer than any other.
    let seen = membership::table
        .filter(membership::channel_id.eq(query.channel.0))
        .filter(membership::subscription_id.gt(query.after.0))
        .order(membership::subscription_id)
        .limit(query.limit)
        .select((membership::subscription_id, membership::done_seq))
        .load::<(i64, i64)>(connection)
        .map_err(fault)?;
    let Some(&(last, _)) = seen.last() else { return Ok(Page { members: Vec::new(), last: None }) };
    let has_some = seen.iter().any(|(_, done)| *done < query.behind.0);
    let members = if has_some { members_behind(connection, query, last)? } else { Vec::new() };
    Ok(Page { members, last: Some(SubscriptionId(last)) })
}

/// Who is behind and does not wait, on the page that ends with `last`.
fn members_behind(
    connection: &mut SqliteConnection,
    query: &PageQuery,
    last: i64,
) -> Result<Vec<Member>, StoreError> {
    let behind = membership::table
        .inner_join(subscription::table)
        .filter(membership::channel_id.eq(query.channel.0))
        .filter(membership::subscription_id.gt(query.after.0))
        .filter(membership::subscription_id.le(last))
        .filter(membership::done_seq.lt(query.behind.0))
        .filter(subscription::not_before.is_null())
        .order(membership::subscription_id)
        .select((SubscriptionRow::as_select(), membership::done_seq));
    let rows = match &query.among {
        None => behind.load::<(SubscriptionRow, i64)>(connection),
        Some(among) => behind
            .filter(membership::subscription_id.eq_any(among.iter().map(|id| id.0)))
            .load(connection),
    }
    .map_err(fault)?;
    let member = |(row, done): (SubscriptionRow, i64)| match row.parse() {
        Ok(subscription) => Some(Member { subscription, done: Seq(done) }),
        // One that cannot be read must not hold up the others.
        Err(error) => {
            tracing::error!(%error, "a member is passed over");
            None
        }
    };
    Ok(rows.into_iter().filter_map(member).collect())
}

pub(super) fn stretch(
    connection: &mut SqliteConnection,
    log: &OpenLog,
    id: ChannelId,
    from: Seq,
    limit: i64,
) -> Result<Option<Stretch>, StoreError> {
    let row = channel::table
        .find(id.0)
        .filter(channel::deleted.is_null())
        .select(ChannelRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let mut stretch = stretch_of(connection, log, &row, from, limit)?;
    if !stretch.open.is_empty() && from.0 > 0 {
        reach_back(connection, log, &row, &mut stretch)?;
    }
    Ok(Some(stretch))
}

/// How many notifications that are for a few alone a stretch reaches back over.
const REACH: i64 = 32;

/// Has a stretch begin earlier: there is nothing more in it before its first open notification, and what is for a few alone
/// has moved nobody else's cursor. Without this, whoever was passed over would have to ask the store what is next.
fn reach_back(
    connection: &mut SqliteConnection,
    log: &OpenLog,
    row: &ChannelRow,
    stretch: &mut Stretch,
) -> Result<(), StoreError> {
    let earlier = notification::table
        .filter(notification::channel_id.eq(row.id).and(notification::seq.le(stretch.from.0)))
        .filter(notification::finished.is_null())
        .order(notification::seq.desc())
        .limit(REACH + 1)
        .select(NotificationRow::as_select())
        .load(connection)
        .map_err(fault)?;
    let mut reached = Vec::new();
    stretch.from = Seq(0);
    for (count, entry) in (0..).zip(earlier) {
        let held = entry.hold(connection, row, log)?;
        if count == REACH || held.audience.named().is_none() {
            stretch.from = held.seq;
            break;
        }
        reached.push(held);
    }
    reached.reverse();
    stretch.open.splice(0..0, reached);
    Ok(())
}

fn stretch_of(
    connection: &mut SqliteConnection,
    log: &OpenLog,
    row: &ChannelRow,
    from: Seq,
    limit: i64,
) -> Result<Stretch, StoreError> {
    let rows = notification::table
        .filter(notification::channel_id.eq(row.id))
        .filter(notification::seq.gt(from.0).and(notification::seq.le(row.head)))
        .filter(notification::finished.is_null())
        .order(notification::seq)
        .limit(limit)
        .select(NotificationRow::as_select())
        .load(connection)
        .map_err(fault)?;
    let is_whole = i64::try_from(rows.len()).is_ok_and(|count| count < limit);
    let last = rows.last().map_or(row.head, |last| last.seq);
    let open = rows.into_iter().map(|entry| entry.hold(connection, row, log));
    let open = open.collect::<Result<_, _>>()?;
    let to = Seq(if is_whole { row.head.max(from.0) } else { last });
    let (channel, app, name) = (ChannelId(row.id), AppId(row.app_id), row.name.as_str().into());
    Ok(Stretch { channel, app, name, from, to, open })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct StateRow {
    #[diesel(embed)]
    subscription: SubscriptionRow,
    not_before: Option<i64>,
    failures: i64,
    trying_channel: Option<i64>,
    trying_seq: Option<i64>,
    trying_attempts: Option<i64>,
    unheard_since: Option<i64>,
}

/// Reads a worker's backlog. Cursors step over what is not for the subscription: nothing else would ever move them,
/// and there may be more of that than a stretch holds.
pub(super) fn load(
    connection: &mut SqliteConnection,
    log: &OpenLog,
    id: SubscriptionId,
    now: Timestamp,
) -> Result<Option<Backlog>, StoreError> {
    let row = subscription::table
        .find(id.0)
        .filter(subscription::gone.is_null())
        .select(StateRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let behind = membership::table
        .inner_join(channel::table)
        .filter(membership::subscription_id.eq(id.0))
        .filter(membership::done_seq.lt(channel::head))
        .filter(channel::deleted.is_null().and(channel::open.gt(0)))
        .left_join(pause::table.on(pause::channel_id.eq(channel::id.nullable())))
        .select((ChannelRow::as_select(), membership::done_seq, pause::id.nullable()))
        .load::<(ChannelRow, i64, Option<i64>)>(connection)
        .map_err(fault)?;
    let mut stretches = Vec::with_capacity(behind.len());
    let mut more = false;
    let mut paused = Vec::new();
    for (channel, done, pause) in behind {
        if pause.is_some() {
            paused.push(ChannelId(channel.id));
            continue;
        }
        let mut stretch = stretch_of(connection, log, &channel, Seq(done), BACKLOG_LIMIT)?;
        stretch.open.retain(|open| open.is_open_for(id, now));
        while stretch.open.is_empty() && stretch.to.0 < channel.head {
            step_over(connection, channel.id, id, stretch.to)?;
            stretch = stretch_of(connection, log, &channel, stretch.to, BACKLOG_LIMIT)?;
            stretch.open.retain(|open| open.is_open_for(id, now));
        }
        more |= stretch.to.0 < channel.head;
        stretches.push(stretch);
    }
    let trying = row.trying_channel.zip(row.trying_seq).map(|(channel, seq)| Trying {
        channel: ChannelId(channel),
        seq: Seq(seq),
        attempts: small(row.trying_attempts.unwrap_or(0)),
    });
    Ok(Some(Backlog {
        subscription: row.subscription.parse()?,
        not_before: row.not_before.map(Timestamp::from_millis),
        failures: small(row.failures),
        unheard_since: row.unheard_since.map(Timestamp::from_millis),
        trying,
        stretches,
        more,
        paused,
    }))
}

/// Moves a cursor over numbers that hold nothing for its subscription: they are closed, are not for it, or have expired
/// and will be booked as such when they are closed.
fn step_over(
    connection: &mut SqliteConnection,
    channel: i64,
    id: SubscriptionId,
    to: Seq,
) -> Result<(), StoreError> {
    diesel::update(membership::table.find((channel, id.0)))
        .filter(membership::done_seq.lt(to.0))
        .set(membership::done_seq.eq(to.0))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// One subscription of an app, if it is not gone.
pub(super) fn subscription(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<Arc<Subscription>>, StoreError> {
    let row = subscription::table
        .filter(subscription::public_id.eq(id.as_str()).and(subscription::app_id.eq(app.0)))
        .filter(subscription::gone.is_null())
        .select(SubscriptionRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)?;
    row.map(SubscriptionRow::parse).transpose()
}

/// Counts of attempts are small; one that is not is as good as the largest.
fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(super) fn channels_with_work(
    connection: &mut SqliteConnection,
    after: ChannelId,
    limit: i64,
) -> Result<Vec<ChannelWork>, StoreError> {
    let rows = channel::table
        .filter(channel::open.gt(0).and(channel::id.gt(after.0)))
        .order(channel::id)
        .limit(limit)
        .select((channel::id, channel::head))
        .load::<(i64, i64)>(connection)
        .map_err(fault)?;
    let work = |(id, head)| ChannelWork { channel: ChannelId(id), head: Seq(head) };
    Ok(rows.into_iter().map(work).collect())
}

pub(super) fn due(
    connection: &mut SqliteConnection,
    share: Share,
    after: Option<Due>,
    limit: i64,
) -> Result<Vec<Due>, StoreError> {
    let (time, id) =
        after.map_or((i64::MIN, 0), |due| (due.not_before.as_millis(), due.subscription.0));
    let parts = (0..SubscriptionId::PARTITIONS)
        .filter(|part| part % share.of == share.index)
        .filter_map(|part| i64::try_from(part).ok());
    let rows = subscription::table
        .filter(subscription::not_before.ge(time))
        .filter(subscription::not_before.gt(time).or(subscription::id.gt(id)))
        .filter(subscription::part.eq_any(parts))
        .order((subscription::not_before, subscription::id))
        .limit(limit)
        .select((subscription::id, subscription::not_before))
        .load::<(i64, Option<i64>)>(connection)
        .map_err(fault)?;
    let due = |(id, at): (i64, Option<i64>)| Due {
        subscription: SubscriptionId(id),
        not_before: Timestamp::from_millis(at.unwrap_or(0)),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Counts subscriptions that are not gone: all of them, so this is for a start.
pub(super) fn count_subscriptions(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    subscription::table
        .filter(subscription::gone.is_null())
        .count()
        .get_result(connection)
        .map_err(fault)
}

/// Deliveries without an outcome.
pub(super) fn pending(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    notification::table
        .filter(notification::finished.is_null())
        .select(sql::<BigInt>(
            "coalesce(sum(recipients - accepted - gone - expired - superseded - rejected \
             - too_large - unsubscribed - cancelled), 0)",
        ))
        .get_result(connection)
        .map_err(fault)
}
