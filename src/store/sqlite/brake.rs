//! The brake, in the transaction that settles: who goes by a push service's answer is counted, and when too many do, the
//! whole wave is put into a quarantine.

use diesel::prelude::*;

use super::fault;
use super::schema::{departure, push_origin, subscription};
use super::writer::SqliteWriter;
use super::{leave, quarantine};
use crate::clock::Timestamp;
use crate::model::Outcome;
use crate::store::StoreError;
use crate::store::brake::{BRAKE, Wave, minute};
use crate::store::quarantine::Cause;

/// The push service says that a subscription is gone: it leaves all channels, and is kept for seven days so that it can
/// come back; when too many go, until an operator has seen it.
pub(super) fn go(writer: &mut SqliteWriter, id: i64, now: Timestamp) -> Result<(), StoreError> {
    let origin = leave::go(writer, id, Outcome::Gone, now)?;
    diesel::update(subscription::table.find(id))
        .set(subscription::departed.eq(Some(now.as_millis())))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    count(&mut writer.connection, origin, now)?;
    let wave = wave(&mut writer.connection, origin, now)?;
    if BRAKE.engages(wave) {
        let quarantine = quarantine::open(writer, origin, Cause::Gone, wave, now)?;
        let began = BRAKE.wave_began(now);
        quarantine::gather_wave(&mut writer.connection, quarantine, origin, began)?;
    }
    Ok(())
}

/// Counts one that goes; what the brake does not look back to is forgotten.
fn count(connection: &mut SqliteConnection, origin: i64, now: Timestamp) -> Result<(), StoreError> {
    diesel::insert_into(departure::table)
        .values((
            departure::origin_id.eq(origin),
            departure::minute.eq(minute(now)),
            departure::count.eq(1),
        ))
        .on_conflict((departure::origin_id, departure::minute))
        .do_update()
        .set(departure::count.eq(departure::count + 1))
        .execute(connection)
        .map_err(fault)?;
    let past = departure::table
        .filter(departure::origin_id.eq(origin))
        .filter(departure::minute.lt(BRAKE.first_minute(now)));
    diesel::delete(past).execute(connection).map(drop).map_err(fault)
}

/// One that went at `departed` is back: it did not go.
pub(super) fn uncount(
    connection: &mut SqliteConnection,
    origin: i64,
    departed: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(departure::table.find((origin, minute(departed))))
        .filter(departure::count.gt(0))
        .set(departure::count.eq(departure::count - 1))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// An operator has looked at a wave: what comes next is another one.
pub(super) fn forget(connection: &mut SqliteConnection, origin: i64) -> Result<(), StoreError> {
    diesel::delete(departure::table.filter(departure::origin_id.eq(origin)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// How an app's subscriptions at an origin fare: two short reads, however many there are.
fn wave(
    connection: &mut SqliteConnection,
    origin: i64,
    now: Timestamp,
) -> Result<Wave, StoreError> {
    let live = push_origin::table
        .find(origin)
        .select(push_origin::live)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    let gone = departure::table
        .filter(departure::origin_id.eq(origin))
        .filter(departure::minute.ge(BRAKE.first_minute(now)))
        .select(departure::count)
        .load::<i64>(connection)
        .map_err(fault)?;
    Ok(Wave { gone: gone.into_iter().sum(), live: live.unwrap_or(0) })
}
