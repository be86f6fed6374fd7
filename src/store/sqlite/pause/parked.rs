//! Subscriptions that wait for an operator to resume their push service. They wait until a moment that lies a thousand years
//! ahead and is the pause's own: so whoever waits for a pause that is there no more is found by an index, and brought
//! forward, a batch at a time, whatever ended in between. To resume an origin is to delete the pause's row.

use diesel::dsl::{min, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::clock::Timestamp;
use crate::id::SubscriptionId;
use crate::store::pause::{PARKED, Pause};
use crate::store::sqlite::fault;
use crate::store::sqlite::schema::{pause, subscription};
use crate::store::sqlite::writer::SqliteWriter;
use crate::store::{Committed, StoreError};

/// Microseconds between two who come back: as behind a gate that opens, they are not all due at one moment, and who waits for
/// something else comes in between.
const SPREAD: i64 = 500;

/// Beyond this, the next ones come between those who have a place already: a gate's own horizon, in microseconds.
const HORIZON: i64 = 600_000_000;

/// When the next one comes back: only a hint, from now on will do.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Places {
    next: i64,
}

impl Places {
    fn take(&mut self, now: Timestamp) -> Timestamp {
        let first = now.as_millis().saturating_mul(1000);
        if self.next < first || self.next > first + HORIZON {
            self.next = first;
        }
        let place = Timestamp::from_millis(self.next / 1000);
        self.next += SPREAD;
        place
    }
}

/// Brings at most `limit` forward of those who wait for a pause that is over; answers how many.
pub(in crate::store::sqlite) fn bring_forward(
    writer: &mut SqliteWriter,
    now: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let connection = &mut writer.connection;
    let Some(over) = first_that_is_over(connection)? else { return Ok(0) };
    let batch = subscription::table
        .filter(subscription::not_before.eq(over))
        .limit(limit)
        .select(subscription::id)
        .load::<i64>(connection)
        .map_err(fault)?;
    for id in &batch {
        let place = writer.places.take(now);
        diesel::update(subscription::table.find(id))
            .set(subscription::not_before.eq(Some(place.as_millis())))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(*id)));
    }
    Ok(batch.len())
}

/// The moment of a pause for which somebody waits and which is there no more. It steps from moment to moment: as many
/// steps as there are pauses, however many wait for each.
fn first_that_is_over(connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let mut after = PARKED.as_millis();
    loop {
        let next = subscription::table
            .filter(subscription::not_before.gt(after))
            .select(min(subscription::not_before))
            .get_result::<Option<i64>>(connection)
            .map_err(fault)?;
        let Some(next) = next else { return Ok(None) };
        let holds = pause::table
            .find(next - PARKED.as_millis())
            .filter(pause::origin.is_not_null())
            .select(sql::<BigInt>("1"))
            .get_result::<i64>(connection)
            .optional()
            .map_err(fault)?;
        if holds.is_none() {
            return Ok(Some(next));
        }
        after = next;
    }
}

impl Pause {
    pub(super) fn of_row(id: i64, since: i64, by: String) -> Self {
        let parked_until = Timestamp::from_millis(PARKED.as_millis() + id);
        Self { since: Timestamp::from_millis(since), by, parked_until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_has_a_place_of_its_own_and_none_is_far_ahead() {
        let now = Timestamp::from_millis(1_795_291_200_000);
        let mut places = Places::default();
        let taken: Vec<_> = (0..4000).map(|_| places.take(now).since(now).as_millis()).collect();
        assert_eq!((taken[0], taken[2], taken[3999]), (0, 1, 1999));
        for _ in 0..2_000_000 {
            assert!(places.take(now).since(now).as_secs() <= 600);
        }
        let later = now + std::time::Duration::from_secs(3600);
        assert_eq!(places.take(later), later);
    }
}
