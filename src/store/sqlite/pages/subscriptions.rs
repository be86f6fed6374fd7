//! The observer's subscriptions: by the index that serves what is asked for best, the rest is looked at row by row.

use diesel::prelude::*;

use super::end_of;
use super::walk::{Mark, walk};
use crate::clock::Timestamp;
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::pages::{BadCursor, PartOf, Standing, SubscriptionItem, SubscriptionsQuery};
use crate::store::sqlite::accept::find_channel;
use crate::store::sqlite::fault;
use crate::store::sqlite::schema::{membership, subscription};
use crate::store::sqlite::subscribe::REVIVABLE;
use crate::webpush::service::PushService;

mod item;
mod origins;

use origins::Origins;

/// What is read of each subscription that is looked at.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct Light {
    id: i64,
    public_id: String,
    app_id: i64,
    origin_id: i64,
    not_before: Option<i64>,
    gone: Option<i64>,
    quarantine_id: Option<i64>,
}

impl Light {
    fn standing(&self) -> Standing {
        match (self.quarantine_id, self.gone, self.not_before) {
            (Some(_), ..) => Standing::Quarantined,
            (None, Some(_), _) => Standing::Gone,
            (None, None, Some(_)) => Standing::Waiting,
            (None, None, None) => Standing::Active,
        }
    }

    /// Whether it can come back no more, and is only waiting to be removed.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        let went = self.gone.is_some_and(|gone| gone < (now - REVIVABLE).as_millis());
        went && self.quarantine_id.is_none()
    }
}

type Page = Result<Result<PartOf<SubscriptionItem>, BadCursor>, StoreError>;

pub(super) fn page(connection: &mut SqliteConnection, query: &SubscriptionsQuery) -> Page {
    if query.id.is_some() {
        return by_name(connection, query);
    }
    let start = match query.standing {
        Some(Standing::Waiting) if query.channel.is_none() => Mark(i64::MIN, 0),
        Some(_) | None => Mark(i64::MAX, i64::MAX),
    };
    let Ok(start) = Mark::of(&query.cut, start) else { return Ok(Err(BadCursor)) };
    let mut origins = Origins::default();
    let listed = match query.push_service {
        Some(push_service) => Some(origins.of(connection, query.app, push_service)?),
        None => None,
    };
    let is_wanted = |row: &Light| {
        is_asked_for(row, query)
            && listed.as_ref().is_none_or(|ids| ids.binary_search(&row.origin_id).is_ok())
    };
    let limit = query.cut.limit;
    let walked = match (&query.channel, query.standing, &listed) {
        (Some(name), ..) => {
            let Some(channel) = find_channel(connection, query.app, name)? else {
                return Ok(Ok(PartOf { items: Vec::new(), next: None }));
            };
            let step = |at: &Mark, size: i64| members(connection, channel.id, at.1, size);
            walk(start, limit, step, is_wanted)?
        }
        (None, Some(Standing::Waiting), _) => {
            walk(start, limit, |at, size| waiting(connection, *at, size), is_wanted)?
        }
        (None, Some(Standing::Gone), _) => {
            walk(start, limit, |at, size| gone(connection, *at, size), is_wanted)?
        }
        (None, Some(Standing::Quarantined), _) => {
            walk(start, limit, |at, size| quarantined(connection, *at, size), is_wanted)?
        }
        (None, Some(Standing::Active) | None, Some(ids)) => {
            walk(start, limit, |at, size| of_origins(connection, ids, *at, size), is_wanted)?
        }
        (None, Some(Standing::Active) | None, None) => {
            walk(start, limit, |at, size| of_app(connection, query.app, at.1, size), is_wanted)?
        }
    };
    walked.page(|row| item::show(connection, &mut origins, row.id, row.standing())).map(Ok)
}

fn is_asked_for(row: &Light, query: &SubscriptionsQuery) -> bool {
    row.app_id == query.app.0
        && query.standing.is_none_or(|standing| row.standing() == standing)
        && !row.is_forgotten(query.now)
}

/// By the beginning of their names.
fn by_name(connection: &mut SqliteConnection, query: &SubscriptionsQuery) -> Page {
    let prefix = query.id.as_deref().unwrap_or_default();
    let end = end_of(prefix);
    let step = |after: &String, size: i64| {
        let rows = subscription::table
            .filter(subscription::public_id.ge(prefix).and(subscription::public_id.lt(&end)))
            .filter(subscription::public_id.gt(after))
            .order(subscription::public_id)
            .limit(size)
            .select(Light::as_select())
            .load::<Light>(connection)
            .map_err(fault)?;
        Ok(rows.into_iter().map(|row| (row.public_id.clone(), row)).collect())
    };
    let start = query.cut.after.clone().unwrap_or_default();
    let walked = walk(start, query.cut.limit, step, |row| is_asked_for(row, query))?;
    let mut origins = Origins::default();
    let is_of =
        |item: &SubscriptionItem, push_service: PushService| item.push_service == push_service;
    let mut part =
        walked.page(|row| item::show(connection, &mut origins, row.id, row.standing()))?;
    if let Some(push_service) = query.push_service {
        part.items.retain(|item| is_of(item, push_service));
    }
    if let Some(name) = &query.channel {
        let members = item::members_among(connection, query.app, name, &part.items)?;
        part.items.retain(|item| members.contains(item.id.as_str()));
    }
    Ok(Ok(part))
}

type Step = Result<Vec<(Mark, Light)>, StoreError>;

fn marked(rows: Vec<Light>, first: impl Fn(&Light) -> i64) -> Step {
    Ok(rows.into_iter().map(|row| (Mark(first(&row), row.id), row)).collect())
}

fn members(connection: &mut SqliteConnection, channel: i64, before: i64, size: i64) -> Step {
    let rows = membership::table
        .inner_join(subscription::table)
        .filter(membership::channel_id.eq(channel).and(membership::subscription_id.lt(before)))
        .order(membership::subscription_id.desc())
        .limit(size)
        .select(Light::as_select())
        .load(connection)
        .map_err(fault)?;
    marked(rows, |_| 0)
}

fn of_app(connection: &mut SqliteConnection, app: AppId, before: i64, size: i64) -> Step {
    let rows = subscription::table
        .filter(subscription::app_id.eq(app.0).and(subscription::id.lt(before)))
        .order(subscription::id.desc())
        .limit(size)
        .select(Light::as_select())
        .load(connection)
        .map_err(fault)?;
    marked(rows, |_| 0)
}

/// Origin by origin: there may be thousands of small ones, and no page looks at more of them than it has rows.
fn of_origins(connection: &mut SqliteConnection, ids: &[i64], at: Mark, size: i64) -> Step {
    let mut rows = Vec::new();
    for id in ids.iter().rev().filter(|id| **id <= at.0) {
        let before = if *id == at.0 { at.1 } else { i64::MAX };
        let room = size - i64::try_from(rows.len()).unwrap_or(size);
        if room == 0 {
            break;
        }
        let more = subscription::table
            .filter(subscription::origin_id.eq(id).and(subscription::id.lt(before)))
            .order(subscription::id.desc())
            .limit(room)
            .select(Light::as_select())
            .load::<Light>(connection)
            .map_err(fault)?;
        rows.extend(more);
    }
    marked(rows, |row| row.origin_id)
}

fn waiting(connection: &mut SqliteConnection, at: Mark, size: i64) -> Step {
    let time = subscription::not_before;
    let rows = subscription::table
        .filter(time.ge(at.0))
        .filter(time.gt(at.0).or(subscription::id.gt(at.1)))
        .order((time, subscription::id))
        .limit(size)
        .select(Light::as_select())
        .load(connection)
        .map_err(fault)?;
    marked(rows, |row| row.not_before.unwrap_or_default())
}

fn gone(connection: &mut SqliteConnection, at: Mark, size: i64) -> Step {
    let time = subscription::gone;
    let rows = subscription::table
        .filter(subscription::quarantine_id.is_null().and(time.is_not_null()))
        .filter(time.le(at.0))
        .filter(time.lt(at.0).or(subscription::id.lt(at.1)))
        .order((time.desc(), subscription::id.desc()))
        .limit(size)
        .select(Light::as_select())
        .load(connection)
        .map_err(fault)?;
    marked(rows, |row| row.gone.unwrap_or_default())
}

fn quarantined(connection: &mut SqliteConnection, at: Mark, size: i64) -> Step {
    let incident = subscription::quarantine_id;
    let rows = subscription::table
        .filter(incident.is_not_null().and(incident.le(at.0)))
        .filter(incident.lt(at.0).or(subscription::id.lt(at.1)))
        .order((incident.desc(), subscription::id.desc()))
        .limit(size)
        .select(Light::as_select())
        .load(connection)
        .map_err(fault)?;
    marked(rows, |row| row.quarantine_id.unwrap_or_default())
}
