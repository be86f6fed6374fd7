//! Incidents: opened once for an origin and a cause, and filled in small batches.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::schema::{departure, push_origin, quarantine, subscription};
use super::writer::SqliteWriter;
use super::{fault, leave, origins};
use crate::clock::Timestamp;
use crate::id::{AppId, IdKind, PublicId};
use crate::model::Outcome;
use crate::store::StoreError;
use crate::store::brake::Wave;
use crate::store::quarantine::Cause;
use crate::webpush::service::PushService;

mod calls;
mod resolving;

pub(super) use resolving::carry_on;

/// Subscriptions that are moved in one transaction, so that no accept waits long behind them.
pub(super) const BATCH: i64 = 200;

/// Somebody has to hear of an incident: once, when it is on disk.
#[derive(Debug)]
pub(super) struct Alert {
    id: PublicId,
    app: String,
    origin: String,
    cause: Cause,
    wave: Wave,
}

impl Alert {
    pub(super) fn log(&self) {
        let Self { id, app, origin, cause, wave } = self;
        let push_service = PushService::at(origin).label();
        let command =
            |verb: &str| format!("fanfare subscription {verb} --quarantine {id} --app {app}");
        let (undo, apply) = (command("restore"), command("forget"));
        match cause {
            Cause::Gone => tracing::error!(
                app, push_service, origin, quarantine = %id, gone = wave.gone, of = wave.total(), undo, apply,
                "too many subscriptions went at once: they are quarantined until an operator undoes or applies it"
            ),
            Cause::Refused => tracing::warn!(
                app, push_service, origin, quarantine = %id, undo, apply,
                "the push service refuses our VAPID key for single subscriptions while it serves others: they are quarantined"
            ),
        }
    }
}

/// The open incident of an origin and a cause; it is opened when there is none.
pub(super) fn open(
    writer: &mut SqliteWriter,
    origin: i64,
    cause: Cause,
    wave: Wave,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let open = quarantine::table
        .filter(quarantine::origin_id.eq(origin).and(quarantine::cause.eq(cause.code())))
        .filter(quarantine::closed.is_null())
        .select(quarantine::id)
        .get_result(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    if let Some(open) = open {
        return Ok(open);
    }
    let (app, text) = push_origin::table
        .find(origin)
        .select((push_origin::app_id, push_origin::origin))
        .get_result::<(i64, String)>(&mut writer.connection)
        .optional()
        .map_err(fault)?
        .ok_or_else(|| StoreError::Corrupt(format!("there is no origin {origin}")))?;
    let id = PublicId::random(IdKind::Quarantine, &mut rand::rng());
    let row = diesel::insert_into(quarantine::table)
        .values((
            quarantine::public_id.eq(id.as_str()),
            quarantine::app_id.eq(app),
            quarantine::origin_id.eq(origin),
            quarantine::cause.eq(cause.code()),
            quarantine::opened.eq(now.as_millis()),
        ))
        .returning(quarantine::id)
        .get_result(&mut writer.connection)
        .map_err(fault)?;
    let app = writer.app(AppId(app)).map(|app| app.name.clone()).unwrap_or_default();
    writer.alert_after_commit(Alert { id, app, origin: text, cause, wave });
    Ok(row)
}

/// Takes those of a wave who have gone already into its incident; what does not fit into a batch is taken in by upkeep.
pub(super) fn gather_wave(
    connection: &mut SqliteConnection,
    row: i64,
    origin: i64,
    began: Timestamp,
) -> Result<(), StoreError> {
    if gather(connection, row, origin, (began.as_millis(), i64::MAX))? < BATCH {
        return Ok(());
    }
    diesel::update(quarantine::table.find(row))
        .filter(quarantine::gather_from.is_null())
        .set(quarantine::gather_from.eq(Some(began.as_millis())))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Takes in a batch of those who went by their push service's answer between these times; answers how many.
fn gather(
    connection: &mut SqliteConnection,
    row: i64,
    origin: i64,
    (from, to): (i64, i64),
) -> Result<i64, StoreError> {
    let batch = subscription::table
        .filter(subscription::origin_id.eq(origin).and(subscription::quarantine_id.is_null()))
        .filter(subscription::departed.ge(from).and(subscription::departed.le(to)))
        .limit(BATCH)
        .select(subscription::id)
        .load::<i64>(connection)
        .map_err(fault)?;
    hold(connection, row, &batch)
}

fn hold(connection: &mut SqliteConnection, row: i64, batch: &[i64]) -> Result<i64, StoreError> {
    for id in batch {
        diesel::update(subscription::table.find(id))
            .set(subscription::quarantine_id.eq(Some(row)))
            .execute(connection)
            .map_err(fault)?;
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    diesel::update(quarantine::table.find(row))
        .set(quarantine::held.eq(quarantine::held + count))
        .execute(connection)
        .map_err(fault)?;
    Ok(count)
}

/// Counts one that leaves an incident; answers whether that is open.
pub(super) fn release(connection: &mut SqliteConnection, row: i64) -> Result<bool, StoreError> {
    diesel::update(quarantine::table.find(row))
        .set(quarantine::held.eq(quarantine::held - 1))
        .returning(quarantine::closed.is_null())
        .get_result(connection)
        .map_err(fault)
}

/// The push service refuses our key for this one subscription: it leaves all channels, what was open for it is rejected,
/// and it is held back.
pub(super) fn refuse(writer: &mut SqliteWriter, id: i64, now: Timestamp) -> Result<(), StoreError> {
    let origin = leave::go(writer, id, Outcome::Rejected, now)?;
    let row = open(writer, origin, Cause::Refused, Wave { gone: 0, live: 0 }, now)?;
    hold(&mut writer.connection, row, &[id]).map(drop)
}

/// Forgets incidents that were resolved before `then` and hold nobody.
pub(super) fn prune(connection: &mut SqliteConnection, then: Timestamp) -> Result<(), StoreError> {
    let members =
        subscription::table.filter(subscription::quarantine_id.eq(quarantine::id.nullable()));
    let old = quarantine::table
        .filter(quarantine::closed.lt(then.as_millis()).and(not(exists(members))))
        .select((quarantine::id, quarantine::origin_id))
        .load::<(i64, i64)>(connection)
        .map_err(fault)?;
    for (id, origin) in old {
        diesel::delete(quarantine::table.find(id)).execute(connection).map_err(fault)?;
        origins::remove_if_unused(connection, origin)?;
    }
    Ok(())
}

/// Forgets the incidents of an app that has no subscriptions any more, and what was counted of it.
pub(super) fn forget_app(connection: &mut SqliteConnection, app: i64) -> Result<(), StoreError> {
    diesel::delete(quarantine::table.filter(quarantine::app_id.eq(app)))
        .execute(connection)
        .map_err(fault)?;
    let origins = push_origin::table.filter(push_origin::app_id.eq(app)).select(push_origin::id);
    diesel::delete(departure::table.filter(departure::origin_id.eq_any(origins)))
        .execute(connection)
        .map_err(fault)?;
    diesel::delete(push_origin::table.filter(push_origin::app_id.eq(app)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}
