//! The observer's channels: by name, by how many are in them, or by how much is open.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::end_of;
use super::walk::{Mark, walk};
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::pages::{ChannelOrder, ChannelsPage, ChannelsQuery};
use crate::store::sqlite::schema::channel;
use crate::store::sqlite::{fault, views};

/// So many are counted at most.
const COUNTED: i64 = 10_000;

/// What is read of each channel that is looked at.
#[derive(Queryable, Selectable)]
#[diesel(table_name = channel)]
struct Light {
    id: i64,
    app_id: i64,
    name: String,
    members: i64,
    open: i64,
    deleted: Option<i64>,
}

pub(super) fn page(
    connection: &mut SqliteConnection,
    query: &ChannelsQuery,
) -> Result<ChannelsPage, StoreError> {
    let wanted = query.offset + query.limit;
    let ids = match query.order {
        ChannelOrder::Name => by_name(connection, query, wanted, |_| true)?,
        ChannelOrder::Subscribers => by_subscribers(connection, query, wanted)?,
        ChannelOrder::Open => by_open(connection, query, wanted)?,
    };
    let ids = ids.into_iter().skip(query.offset).take(query.limit);
    let views = ids.filter_map(|id| views::channel_by_row(connection, id).transpose());
    let items = views.collect::<Result<_, _>>()?;
    Ok(ChannelsPage { matched: count(connection, query.app, &query.prefix)?, items })
}

fn count(
    connection: &mut SqliteConnection,
    app: AppId,
    prefix: &str,
) -> Result<Option<i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let sql = "SELECT count(*) AS count FROM (SELECT 1 FROM channel \
               WHERE app_id = ? AND deleted IS NULL AND name >= ? AND name < ? LIMIT ?)";
    let Count { count } = diesel::sql_query(sql)
        .bind::<BigInt, _>(app.0)
        .bind::<Text, _>(prefix)
        .bind::<Text, _>(end_of(prefix))
        .bind::<BigInt, _>(COUNTED + 1)
        .get_result(connection)
        .map_err(fault)?;
    Ok((count <= COUNTED).then_some(count))
}

/// The first rows by name, of those that are wanted.
fn by_name(
    connection: &mut SqliteConnection,
    query: &ChannelsQuery,
    limit: usize,
    is_wanted: impl Fn(&Light) -> bool,
) -> Result<Vec<i64>, StoreError> {
    let end = end_of(&query.prefix);
    let step = |after: &Option<String>, size: i64| {
        let mut rows = channel::table
            .filter(channel::app_id.eq(query.app.0).and(channel::deleted.is_null()))
            .filter(channel::name.ge(&query.prefix).and(channel::name.lt(&end)))
            .limit(size)
            .select(Light::as_select())
            .into_boxed();
        rows = if query.descending {
            rows.order(channel::name.desc())
        } else {
            rows.order(channel::name)
        };
        rows = match after {
            None => rows,
            Some(after) if query.descending => rows.filter(channel::name.lt(after)),
            Some(after) => rows.filter(channel::name.gt(after)),
        };
        let rows = rows.load::<Light>(connection).map_err(fault)?;
        Ok(rows.into_iter().map(|row| (Some(row.name.clone()), row)).collect())
    };
    let walked = walk(None, limit, step, is_wanted)?;
    Ok(walked.found.into_iter().map(|row| row.id).collect())
}

fn by_subscribers(
    connection: &mut SqliteConnection,
    query: &ChannelsQuery,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let start = if query.descending { Mark(i64::MAX, i64::MAX) } else { Mark(-1, 0) };
    let step = |at: &Mark, size: i64| {
        let rows = channel::table
            .filter(channel::app_id.eq(query.app.0).and(channel::deleted.is_null()))
            .limit(size)
            .select(Light::as_select())
            .into_boxed();
        let (members, id) = (channel::members, channel::id);
        let rows = if query.descending {
            rows.filter(members.le(at.0))
                .filter(members.lt(at.0).or(id.lt(at.1)))
                .order((members.desc(), id.desc()))
        } else {
            rows.filter(members.ge(at.0))
                .filter(members.gt(at.0).or(id.gt(at.1)))
                .order((members, id))
        };
        let rows = rows.load::<Light>(connection).map_err(fault)?;
        Ok(rows.into_iter().map(|row| (Mark(row.members, row.id), row)).collect())
    };
    let walked = walk(start, limit, step, |row| row.name.starts_with(&query.prefix))?;
    Ok(walked.found.into_iter().map(|row| row.id).collect())
}

/// Those with something open, sorted, and the others by name: before them or after.
fn by_open(
    connection: &mut SqliteConnection,
    query: &ChannelsQuery,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let step = |after: &i64, size: i64| {
        let rows = channel::table
            .filter(channel::open.gt(0).and(channel::id.gt(after)))
            .order(channel::id)
            .limit(size)
            .select(Light::as_select())
            .load::<Light>(connection)
            .map_err(fault)?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    };
    let is_wanted = |row: &Light| {
        let is_there = row.app_id == query.app.0 && row.deleted.is_none();
        is_there && row.name.starts_with(&query.prefix)
    };
    let mut busy = walk(0, usize::MAX - 1, step, is_wanted)?.found;
    busy.sort_by(|one, other| one.open.cmp(&other.open).then_with(|| other.name.cmp(&one.name)));
    if query.descending {
        busy.reverse();
    }
    let busy = busy.into_iter().map(|row| row.id);
    let names = ChannelsQuery { descending: false, ..query.clone() };
    let mut ids;
    if query.descending {
        ids = busy.take(limit).collect::<Vec<_>>();
        if ids.len() < limit {
            ids.extend(by_name(connection, &names, limit - ids.len(), |row| row.open == 0)?);
        }
    } else {
        ids = by_name(connection, &names, limit, |row| row.open == 0)?;
        ids.extend(busy.take(limit.saturating_sub(ids.len())));
    }
    Ok(ids)
}
