//! Coming back: a subscription that went is in its channels again, from their heads on.

use diesel::prelude::*;

use super::room::{self, Wanted};
use super::schema::subscription;
use super::subscribe::{find_known, join};
use super::views::subscription_view;
use super::writer::SqliteWriter;
use super::{brake, fault, origins, quarantine, returning};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, SubscriptionId};
use crate::store::quarantine::RestoreReply;
use crate::store::{Committed, StoreError};

/// One that went.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
struct GoneRow {
    id: i64,
    app_id: i64,
    origin_id: i64,
    departed: Option<i64>,
    quarantine_id: Option<i64>,
}

/// Takes one that went out of what is counted of those who went: it is about to come back.
pub(super) fn return_from_the_gone(writer: &mut SqliteWriter, id: i64) -> Result<(), StoreError> {
    read(&mut writer.connection, id)?.map_or(Ok(()), |row| row.leave_the_gone(writer))
}

fn read(connection: &mut SqliteConnection, id: i64) -> Result<Option<GoneRow>, StoreError> {
    subscription::table
        .find(id)
        .filter(subscription::gone.is_not_null())
        .select(GoneRow::as_select())
        .get_result(connection)
        .optional()
        .map_err(fault)
}

impl GoneRow {
    fn leave_the_gone(&self, writer: &mut SqliteWriter) -> Result<(), StoreError> {
        let is_open = match self.quarantine_id {
            Some(row) => quarantine::release(&mut writer.connection, row)?,
            None => true,
        };
        // With an operator's word its wave is no longer counted: what is counted now went since.
        if let Some(departed) = self.departed.map(Timestamp::from_millis).filter(|_| is_open) {
            brake::uncount(&mut writer.connection, self.origin_id, departed)?;
        }
        returning::forget(&mut writer.connection, self.id)
    }
}

/// Brings one back that went, with its endpoint and keys, as a new generation.
pub(super) fn bring_back(writer: &mut SqliteWriter, id: i64) -> Result<(), StoreError> {
    let Some(row) = read(&mut writer.connection, id)? else { return Ok(()) };
    let channels = returning::channels(&mut writer.connection, id)?;
    row.leave_the_gone(writer)?;
    diesel::update(subscription::table.find(id))
        .set((
            subscription::generation.eq(subscription::generation + 1),
            subscription::gone.eq(None::<i64>),
            subscription::departed.eq(None::<i64>),
            subscription::quarantine_id.eq(None::<i64>),
            subscription::unheard_since.eq(None::<i64>),
        ))
        .execute(&mut writer.connection)
        .map_err(fault)?;
    origins::come_back(writer, row.app_id, row.origin_id)?;
    for name in channels {
        join(writer, AppId(row.app_id), id, &name)?;
    }
    writer.after_commit(Committed::SubscriptionChanged(SubscriptionId(id)));
    Ok(())
}

/// Brings back one that an operator names, if it may come back and has a place to come back to; one that is there stays
/// as it is.
pub(super) fn restore(
    writer: &mut SqliteWriter,
    app: AppId,
    id: &PublicId,
    now: Timestamp,
) -> Result<RestoreReply, StoreError> {
    let found = find_known(&mut writer.connection, app, id)?;
    let Some(row) = found.filter(|row| row.is_there_or_may_return(now)) else {
        return Ok(RestoreReply::Unknown);
    };
    if row.gone.is_some() {
        let settings = writer.app(app)?;
        let channels = &returning::channels(&mut writer.connection, row.id)?;
        let wanted = Wanted { subscriptions: 1, channels, members: &[] };
        if let Some(full) = room::missing(writer, &settings, &wanted)? {
            return Ok(RestoreReply::Full(full));
        }
        bring_back(writer, row.id)?;
    }
    let view = subscription_view(&mut writer.connection, app, id)?;
    Ok(view.map_or(RestoreReply::Unknown, RestoreReply::Restored))
}
