//! The observer's notifications, newest first: of all channels' logs, of one, or of what is scheduled.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::end_of;
use super::walk::{End, Mark, Walked, walk};
use crate::id::{IdKind, PublicId};
use crate::model::Outcome;
use crate::store::StoreError;
use crate::store::pages::{BadCursor, NotificationsQuery, PartOf, Progress};
use crate::store::sqlite::accept::find_channel;
use crate::store::sqlite::closing::notification_view;
use crate::store::sqlite::fault;
use crate::store::sqlite::rows::NotificationViewRow;
use crate::store::sqlite::schedule::ScheduledViewRow;
use crate::store::sqlite::schema::{channel, notification, scheduled};
use crate::store::view::NotificationView;

/// In these words the index `notification_failed` has it.
const HAS_FAILED: &str = "expired + rejected + too_large > 0";

/// The log and the schedule, as the first part of a cursor: where both are listed, the log comes first.
const LOG: i64 = 1;
const SCHEDULE: i64 = 0;

/// What is read of each notification that is looked at.
#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
struct Light {
    id: i64,
    public_id: String,
    expired: i64,
    rejected: i64,
    too_large: i64,
    closed: Option<i16>,
    finished: Option<i64>,
}

impl Light {
    fn is(&self, progress: Progress) -> bool {
        let is_cancelled = self.closed == Some(Outcome::Cancelled.code());
        match progress {
            Progress::Scheduled => false,
            Progress::Delivering => self.finished.is_none(),
            Progress::Done => self.finished.is_some() && !is_cancelled,
            Progress::Cancelled => is_cancelled,
            Progress::Failed => self.expired + self.rejected + self.too_large > 0,
        }
    }
}

/// One that is on the page.
enum Found {
    InTheLog(i64),
    Scheduled(i64),
}

type Page = Result<Result<PartOf<NotificationView>, BadCursor>, StoreError>;

pub(super) fn page(connection: &mut SqliteConnection, query: &NotificationsQuery) -> Page {
    if let Some(prefix) = &query.id {
        return match PublicId::parse(IdKind::Notification, prefix) {
            Some(id) => one(connection, query, &id),
            None => by_name(connection, query, prefix),
        };
    }
    let channel = match &query.channel {
        None => None,
        Some(name) => match find_channel(connection, query.app, name)? {
            Some(row) => Some(row.id),
            None => return Ok(Ok(PartOf { items: Vec::new(), next: None })),
        },
    };
    let (in_log, in_schedule) = match query.progress {
        Some(Progress::Scheduled) => (false, true),
        Some(Progress::Cancelled) => (true, true),
        Some(Progress::Delivering | Progress::Done | Progress::Failed) | None => (true, false),
    };
    let start = Mark(if in_log { LOG } else { SCHEDULE }, i64::MAX);
    let Ok(start) = Mark::of(&query.cut, start) else { return Ok(Err(BadCursor)) };
    let limit = query.cut.limit;
    let mut walked = Walked { found: Vec::new(), end: End::Over };
    if in_log && start.0 == LOG {
        walked = log(connection, query, channel, start, limit)?;
    }
    if in_schedule && walked.end == End::Over && walked.found.len() < limit {
        let start = if start.0 == SCHEDULE { start } else { Mark(SCHEDULE, i64::MAX) };
        let more = schedule(connection, query, channel, start, limit - walked.found.len())?;
        walked.found.extend(more.found);
        walked.end = more.end;
    } else if in_schedule && walked.end == End::Over {
        walked.end = End::At(Mark(SCHEDULE, i64::MAX));
    }
    walked.page(|found| show(connection, &found)).map(Ok)
}

fn log(
    connection: &mut SqliteConnection,
    query: &NotificationsQuery,
    of: Option<i64>,
    start: Mark,
    limit: usize,
) -> Result<Walked<Mark, Found>, StoreError> {
    let step = |at: &Mark, size: i64| {
        let rows = notification::table
            .inner_join(channel::table)
            .limit(size)
            .select((Light::as_select(), notification::seq, channel::app_id))
            .into_boxed();
        let rows = match of {
            Some(of) => rows
                .filter(notification::channel_id.eq(of).and(notification::seq.lt(at.1)))
                .order(notification::seq.desc()),
            None => rows.filter(notification::id.lt(at.1)).order(notification::id.desc()),
        };
        // Each has an index of its own: whoever looks for them does not look through all the others.
        let rows = match query.progress {
            Some(Progress::Delivering) => rows.filter(notification::finished.is_null()),
            Some(Progress::Failed) if of.is_none() => rows.filter(sql::<Bool>(HAS_FAILED)),
            Some(_) | None => rows,
        };
        let rows = rows.load::<(Light, i64, i64)>(connection).map_err(fault)?;
        let place = |row: &Light, seq: i64| if of.is_some() { seq } else { row.id };
        let marked = |(row, seq, app): (Light, i64, i64)| {
            (Mark(LOG, place(&row, seq)), (row, app == query.app.0))
        };
        Ok(rows.into_iter().map(marked).collect())
    };
    let is_wanted = |(row, is_ours): &(Light, bool)| {
        *is_ours && query.progress.is_none_or(|progress| row.is(progress))
    };
    let Walked { found, end } = walk(start, limit, step, is_wanted)?;
    let found = found.into_iter().map(|(row, _)| Found::InTheLog(row.id)).collect();
    Ok(Walked { found, end })
}

/// What waits to be due, or was cancelled before.
fn schedule(
    connection: &mut SqliteConnection,
    query: &NotificationsQuery,
    of: Option<i64>,
    start: Mark,
    limit: usize,
) -> Result<Walked<Mark, Found>, StoreError> {
    let step = |at: &Mark, size: i64| {
        let mut rows = scheduled::table
            .inner_join(channel::table)
            .filter(scheduled::id.lt(at.1))
            .order(scheduled::id.desc())
            .limit(size)
            .select((scheduled::id, scheduled::cancelled, channel::app_id))
            .into_boxed();
        if let Some(of) = of {
            rows = rows.filter(scheduled::channel_id.eq(of));
        }
        let rows = rows.load::<(i64, Option<i64>, i64)>(connection).map_err(fault)?;
        Ok(rows.into_iter().map(|row| (Mark(SCHEDULE, row.0), row)).collect())
    };
    let wants_cancelled = query.progress == Some(Progress::Cancelled);
    let is_wanted = |(_, cancelled, app): &(i64, Option<i64>, i64)| {
        *app == query.app.0 && cancelled.is_some() == wants_cancelled
    };
    let Walked { found, end } = walk(start, limit, step, is_wanted)?;
    let found = found.into_iter().map(|(id, ..)| Found::Scheduled(id)).collect();
    Ok(Walked { found, end })
}

/// `None`: it has been removed meanwhile, or has become due: then it is in the log.
fn show(
    connection: &mut SqliteConnection,
    found: &Found,
) -> Result<Option<NotificationView>, StoreError> {
    match found {
        Found::InTheLog(id) => {
            let row = notification::table
                .inner_join(channel::table)
                .filter(notification::id.eq(id))
                .select((NotificationViewRow::as_select(), channel::name))
                .get_result::<(NotificationViewRow, String)>(connection);
            Ok(row.optional().map_err(fault)?.map(|(row, name)| row.view(name)))
        }
        Found::Scheduled(id) => {
            let row = scheduled::table
                .inner_join(channel::table)
                .filter(scheduled::id.eq(id))
                .select((ScheduledViewRow::as_select(), channel::name))
                .get_result::<(ScheduledViewRow, String)>(connection);
            Ok(row.optional().map_err(fault)?.map(|(row, name)| row.view(name)))
        }
    }
}

/// The one of that name, wherever it is.
fn one(connection: &mut SqliteConnection, query: &NotificationsQuery, id: &PublicId) -> Page {
    let view = notification_view(connection, query.app, id)?;
    let is_wanted = |view: &NotificationView| {
        let is_there = query.channel.as_ref().is_none_or(|name| *name == view.channel);
        is_there && query.progress.is_none_or(|progress| progress.is_of(view))
    };
    Ok(Ok(PartOf { items: view.into_iter().filter(is_wanted).collect(), next: None }))
}

/// Those in the log whose names begin so.
fn by_name(connection: &mut SqliteConnection, query: &NotificationsQuery, prefix: &str) -> Page {
    let end = end_of(prefix);
    let step = |after: &String, size: i64| {
        let rows = notification::table
            .inner_join(channel::table)
            .filter(notification::public_id.ge(prefix).and(notification::public_id.lt(&end)))
            .filter(notification::public_id.gt(after))
            .order(notification::public_id)
            .limit(size)
            .select((Light::as_select(), channel::app_id, channel::name))
            .load::<(Light, i64, String)>(connection)
            .map_err(fault)?;
        Ok(rows.into_iter().map(|row| (row.0.public_id.clone(), row)).collect())
    };
    let is_wanted = |(row, app, name): &(Light, i64, String)| {
        *app == query.app.0
            && query.channel.as_ref().is_none_or(|wanted| wanted == name)
            && query.progress.is_none_or(|progress| row.is(progress))
    };
    let start = query.cut.after.clone().unwrap_or_default();
    let walked = walk(start, query.cut.limit, step, is_wanted)?;
    walked.page(|(row, ..)| show(connection, &Found::InTheLog(row.id))).map(Ok)
}
