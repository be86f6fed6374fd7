//! An operator's word on an incident: taken down at once, and carried out in small batches, whoever ends in between.

use diesel::prelude::*;

use super::{BATCH, gather, release};
use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::store::quarantine::{Cause, Resolution, Resolve};
use crate::store::sqlite::restore::bring_back;
use crate::store::sqlite::schema::{quarantine, subscription};
use crate::store::sqlite::writer::SqliteWriter;
use crate::store::sqlite::{brake, fault};

/// An incident as far as it matters here.
#[derive(Queryable, Selectable, Clone, Copy)]
#[diesel(table_name = quarantine)]
pub(super) struct Incident {
    id: i64,
    origin_id: i64,
    cause: i16,
    gather_from: Option<i64>,
    resolution: Option<i16>,
    closed: Option<i64>,
}

/// How far one batch of a [`Resolve`] came.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Unknown,
    Otherwise(Resolution),
    /// So many were moved; `more` when some are left.
    Moved {
        count: u64,
        more: bool,
    },
}

/// Says what becomes of an incident, and does a batch of it.
pub(super) fn resolve(writer: &mut SqliteWriter, command: &Resolve) -> Result<Step, StoreError> {
    let found = quarantine::table
        .filter(quarantine::public_id.eq(command.id.as_str()))
        .filter(quarantine::app_id.eq(command.app.0))
        .select(Incident::as_select())
        .get_result(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some(mut incident) = found else { return Ok(Step::Unknown) };
    match incident.resolution()? {
        Some(resolution) if resolution != command.resolution => {
            return Ok(Step::Otherwise(resolution));
        }
        Some(_) => {}
        None => incident = close(&mut writer.connection, incident, command)?,
    }
    carry_out(writer, incident, command.now)
}

fn close(
    connection: &mut SqliteConnection,
    incident: Incident,
    command: &Resolve,
) -> Result<Incident, StoreError> {
    if incident.cause == Cause::Gone.code() {
        brake::forget(connection, incident.origin_id)?;
    }
    diesel::update(quarantine::table.find(incident.id))
        .set((
            quarantine::resolution.eq(Some(command.resolution.code())),
            quarantine::closed.eq(Some(command.now.as_millis())),
        ))
        .returning(Incident::as_returning())
        .get_result(connection)
        .map_err(fault)
}

/// Does a batch for one of the incidents that are not as they should be; answers whether there may be more to do.
pub(in crate::store::sqlite) fn carry_on(
    writer: &mut SqliteWriter,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let is_unfinished = quarantine::gather_from
        .is_not_null()
        .or(quarantine::closed.is_not_null().and(quarantine::held.gt(0)));
    let unfinished = quarantine::table
        .filter(is_unfinished)
        .select(Incident::as_select())
        .load(&mut writer.connection)
        .map_err(fault)?;
    for incident in unfinished {
        if let Step::Moved { count: 1.., .. } = carry_out(writer, incident, now)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One batch: who belongs to the incident is taken in, and once it is closed, put where they are to be.
fn carry_out(
    writer: &mut SqliteWriter,
    incident: Incident,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let mut gathered = 0;
    let mut gathers = false;
    if let Some(from) = incident.gather_from {
        // Who goes after the operator's word is part of another wave.
        let to = incident.closed.unwrap_or(i64::MAX);
        gathered = gather(&mut writer.connection, incident.id, incident.origin_id, (from, to))?;
        gathers = gathered == BATCH;
        if !gathers {
            diesel::update(quarantine::table.find(incident.id))
                .set(quarantine::gather_from.eq(None::<i64>))
                .execute(&mut writer.connection)
                .map_err(fault)?;
        }
    }
    let Some(resolution) = incident.resolution()? else {
        return Ok(Step::Moved { count: gathered.unsigned_abs(), more: gathers });
    };
    let batch = subscription::table
        .filter(subscription::quarantine_id.eq(incident.id))
        .limit(BATCH)
        .select(subscription::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    for id in &batch {
        match resolution {
            Resolution::Undone => bring_back(writer, *id)?,
            Resolution::Applied => let_go(writer, *id, incident.id, now)?,
        }
    }
    let count = batch.len() as u64;
    diesel::update(quarantine::table.find(incident.id))
        .set(quarantine::moved.eq(quarantine::moved + count.cast_signed()))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    Ok(Step::Moved { count, more: gathers || count == BATCH.unsigned_abs() })
}

/// An operator says that it is gone indeed: from now on it can come back for seven days.
fn let_go(writer: &mut SqliteWriter, id: i64, row: i64, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(subscription::table.find(id))
        .set((
            subscription::gone.eq(Some(now.as_millis())),
            subscription::departed.eq(None::<i64>),
            subscription::quarantine_id.eq(None::<i64>),
        ))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    release(&mut writer.connection, row).map(drop)
}

impl Incident {
    fn resolution(self) -> Result<Option<Resolution>, StoreError> {
        let Some(code) = self.resolution else { return Ok(None) };
        let unknown = || StoreError::Corrupt(format!("resolution {code} of a quarantine"));
        Resolution::from_code(code).map(Some).ok_or_else(unknown)
    }
}
