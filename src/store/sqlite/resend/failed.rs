//! To whom a notification could not be delivered: by their results, and by their cursors where its TTL ended before.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::id::{AppId, PublicId, SubscriptionId};
use crate::model::Outcome;
use crate::model::audience::Audience;
use crate::store::StoreError;
use crate::store::resend::MAX_NAMED;
use crate::store::sqlite::schema::{channel, failure, membership, notification};
use crate::store::sqlite::{audience, fault};

/// Rows that are read at once.
const STEP: i64 = 1000;

/// What says that a delivery has failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// Its result.
    Result,
    /// The cursor, which stands before a notification that was closed when its TTL ended.
    Cursor,
}

/// Members to whom it could not be delivered.
#[derive(Debug, Default)]
pub(super) struct Failed {
    /// The first of them, by row.
    pub(super) found: BTreeMap<i64, By>,
    /// After which row there are more.
    pub(super) next: Option<i64>,
}

impl Failed {
    /// Keeps the first ones, and one more, which tells whether there are more.
    fn add(&mut self, id: i64, by: By) {
        self.found.insert(id, by);
        if self.found.len() > MAX_NAMED + 1 {
            self.found.pop_last();
        }
    }

    fn cut(mut self) -> Self {
        if self.found.len() > MAX_NAMED {
            self.found.pop_last();
            self.next = self.found.last_key_value().map(|(id, _)| *id);
        }
        self
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
struct Subject {
    id: i64,
    channel_id: i64,
    seq: i64,
    exclude: Option<String>,
    expired: i64,
    closed: Option<i16>,
}

pub(super) fn failed(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
    after: SubscriptionId,
) -> Result<Failed, StoreError> {
    let subject = notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(id.as_str()).and(channel::app_id.eq(app.0)))
        .select(Subject::as_select())
        .get_result::<Subject>(connection)
        .optional()
        .map_err(fault)?;
    let Some(subject) = subject else { return Ok(Failed::default()) };
    let mut failed = Failed::default();
    let expired = by_results(connection, &subject, after, &mut failed)?;
    if subject.closed == Some(Outcome::Expired.code()) && subject.expired > expired {
        by_cursors(connection, &subject, after, subject.expired - expired, &mut failed)?;
    }
    Ok(failed.cut())
}

/// Answers how many of the results were that it had expired.
fn by_results(
    connection: &mut SqliteConnection,
    subject: &Subject,
    after: SubscriptionId,
    failed: &mut Failed,
) -> Result<i64, StoreError> {
    let ended = [Outcome::Expired, Outcome::Rejected, Outcome::TooLarge].map(Outcome::code);
    let is_member = membership::channel_id
        .eq(subject.channel_id)
        .and(membership::subscription_id.eq(failure::subscription_id));
    let (mut at, mut expired) = (0, 0);
    loop {
        let rows = failure::table
            .left_join(membership::table.on(is_member))
            .filter(failure::notification_id.eq(subject.id).and(failure::id.gt(at)))
            .order(failure::id)
            .limit(STEP)
            .select((
                failure::id,
                failure::subscription_id,
                failure::outcome,
                membership::done_seq.nullable(),
            ))
            .load::<(i64, i64, i16, Option<i64>)>(connection)
            .map_err(fault)?;
        let Some((last, ..)) = rows.last() else { return Ok(expired) };
        at = *last;
        for (_, id, outcome, done) in &rows {
            expired += i64::from(*outcome == Outcome::Expired.code());
            if ended.contains(outcome) && done.is_some() && *id > after.0 {
                failed.add(*id, By::Result);
            }
        }
    }
}

/// Whose cursor stands before it had not settled it when it was closed. There are no more than `count`.
fn by_cursors(
    connection: &mut SqliteConnection,
    subject: &Subject,
    after: SubscriptionId,
    count: i64,
    failed: &mut Failed,
) -> Result<(), StoreError> {
    let audience: Audience = audience::parse(subject.exclude.as_deref(), "a notification")?;
    let (mut at, mut found) = (after.0, 0);
    loop {
        let rows = membership::table
            .filter(membership::channel_id.eq(subject.channel_id))
            .filter(membership::subscription_id.gt(at))
            .order(membership::subscription_id)
            .limit(STEP)
            .select((membership::subscription_id, membership::done_seq))
            .load::<(i64, i64)>(connection)
            .map_err(fault)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        at = *last;
        for (id, done) in rows {
            // Who came later began with a cursor that is not before it.
            if done < subject.seq && audience.includes(SubscriptionId(id)) {
                failed.add(id, By::Cursor);
                found += 1;
            }
        }
        if found >= count || found > i64::try_from(MAX_NAMED).unwrap_or(i64::MAX) {
            return Ok(());
        }
    }
}
