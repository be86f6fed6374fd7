//! The audit log's rows: added one at a time, and no more of them kept than so many.

use diesel::prelude::*;

use super::schema::audit;
use super::{SqliteStore, fault};
use crate::clock::Timestamp;
use crate::store::audit::{Audit, AuditEntry, AuditView, KEPT};
use crate::store::{StoreError, StoreFuture};

impl Audit for SqliteStore {
    fn audit(&self, entry: AuditEntry) -> StoreFuture<()> {
        self.journal.change(move |writer| insert(&mut writer.connection, &entry))
    }

    fn audited(&self, before: Option<i64>, limit: i64) -> StoreFuture<Vec<AuditView>> {
        self.read(move |connection| list(connection, before, limit))
    }
}

pub(super) fn insert(
    connection: &mut SqliteConnection,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let id = diesel::insert_into(audit::table)
        .values((
            audit::at.eq(entry.at.as_millis()),
            audit::key.eq(&entry.key),
            audit::title.eq(&entry.title),
            audit::address.eq(entry.address.map(|address| address.to_string())),
            audit::act.eq(entry.act.label()),
            audit::target.eq(&entry.target),
            audit::request.eq(&entry.request),
        ))
        .returning(audit::id)
        .get_result::<i64>(connection)
        .map_err(fault)?;
    diesel::delete(audit::table.filter(audit::id.le(id - KEPT)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit)]
struct AuditRow {
    id: i64,
    at: i64,
    key: String,
    title: String,
    address: Option<String>,
    act: String,
    target: String,
    request: String,
}

fn list(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditView>, StoreError> {
    let rows = audit::table
        .filter(audit::id.lt(before.unwrap_or(i64::MAX)))
        .order(audit::id.desc())
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)
        .map_err(fault)?;
    let view = |row: AuditRow| AuditView {
        id: row.id,
        at: Timestamp::from_millis(row.at),
        key: row.key,
        title: row.title,
        address: row.address,
        act: row.act,
        target: row.target,
        request: row.request,
    };
    Ok(rows.into_iter().map(view).collect())
}
