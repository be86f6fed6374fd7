//! To whom a notification could not be delivered: by their results, and by their cursors where its TTL ended before.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::id::SubscriptionId;
use crate::model::Outcome;
use crate::model::audience::Audience;
use crate::store::StoreError;
use crate::store::resend::Resend;
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
    limit: usize,
}

impl Failed {
    fn at_most(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Keeps the first ones, and one more, which tells whether there are more.
    fn add(&mut self, id: i64, by: By) {
        self.found.insert(id, by);
        if self.found.len() > self.limit + 1 {
            self.found.pop_last();
        }
    }

    fn cut(mut self) -> Self {
        if self.found.len() > self.limit {
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
    command: &Resend,
) -> Result<Failed, StoreError> {
    let subject = notification::table
        .inner_join(channel::table)
        .filter(notification::public_id.eq(command.id.as_str()))
        .filter(channel::app_id.eq(command.app.0))
        .select(Subject::as_select())
        .get_result::<Subject>(connection)
        .optional()
        .map_err(fault)?;
    let Some(subject) = subject else { return Ok(Failed::default()) };
    let mut failed = Failed::at_most(command.limit);
    by_results(connection, &subject, command.after, &mut failed)?;
    if subject.closed == Some(Outcome::Expired.code()) {
        let untried = subject.expired - expired_results(connection, &subject)?;
        if untried > 0 {
            by_cursors(connection, &subject, command.after, untried, &mut failed)?;
        }
    }
    Ok(failed.cut())
}

/// Those after that row whose result says so, and who are members.
fn by_results(
    connection: &mut SqliteConnection,
    subject: &Subject,
    after: SubscriptionId,
    failed: &mut Failed,
) -> Result<(), StoreError> {
    let ended = [Outcome::Expired, Outcome::Rejected, Outcome::TooLarge].map(Outcome::code);
    let is_member = membership::channel_id
        .eq(subject.channel_id)
        .and(membership::subscription_id.eq(failure::subscription_id));
    let mut at = 0;
    loop {
        let rows = failure::table
            .inner_join(membership::table.on(is_member))
            .filter(failure::notification_id.eq(subject.id).and(failure::id.gt(at)))
            .filter(failure::subscription_id.gt(after.0))
            .filter(failure::outcome.eq_any(ended))
            .order(failure::id)
            .limit(STEP)
            .select((failure::id, failure::subscription_id))
            .load::<(i64, i64)>(connection)
            .map_err(fault)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        at = *last;
        rows.iter().for_each(|(_, id)| failed.add(*id, By::Result));
    }
}

/// How many of the results are that it had expired: the others of that outcome were never tried, or have none.
fn expired_results(
    connection: &mut SqliteConnection,
    subject: &Subject,
) -> Result<i64, StoreError> {
    failure::table
        .filter(failure::notification_id.eq(subject.id))
        .filter(failure::outcome.eq(Outcome::Expired.code()))
        .count()
        .get_result(connection)
        .map_err(fault)
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
        if found >= count || found > i64::try_from(failed.limit).unwrap_or(i64::MAX) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first `limit` of them, and where the next call begins.
    fn page(ids: &[i64], limit: usize) -> (Vec<i64>, Option<i64>) {
        let mut failed = Failed::at_most(limit);
        ids.iter().for_each(|id| failed.add(*id, By::Result));
        let Failed { found, next, .. } = failed.cut();
        (found.into_keys().collect(), next)
    }

    #[test]
    fn a_call_names_the_first_of_them_and_says_after_whom_there_are_more() {
        let table: [(&[i64], &[i64], Option<i64>); 7] = [
            (&[], &[], None),
            (&[7], &[7], None),
            (&[9, 7], &[7, 9], None),
            (&[9, 7, 8], &[7, 8], Some(8)),
            (&[4, 3, 2, 1], &[1, 2], Some(2)),
            (&[1, 2, 3, 4, 5], &[1, 2], Some(2)),
            (&[5, 5, 3, 3], &[3, 5], None),
        ];
        for (ids, named, next) in table {
            assert_eq!(page(ids, 2), (named.to_vec(), next), "of {ids:?}");
        }
    }

    #[test]
    fn call_after_call_each_is_named_once() {
        for (count, limit) in (0..12).flat_map(|count| (1..5).map(move |limit| (count, limit))) {
            let all: Vec<i64> = (1..=count).rev().collect();
            let (mut named, mut after) = (Vec::new(), Some(0));
            while let Some(from) = after {
                let rest: Vec<_> = all.iter().copied().filter(|id| *id > from).collect();
                let (some, next) = page(&rest, limit);
                assert!(some.len() <= limit);
                named.extend(some);
                after = next;
            }
            assert_eq!(named, (1..=count).collect::<Vec<_>>(), "{count} by {limit}");
        }
    }
}
