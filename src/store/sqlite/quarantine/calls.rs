//! What the store is asked about quarantines: reads, and the loop over the batches of an operator's word.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use futures_util::FutureExt;

use super::resolving::{Step, resolve};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId};
use crate::store::quarantine::{
    Cause, Held, QuarantineQuery, QuarantineView, Quarantines, Resolution, Resolve, ResolveReply,
    RestoreReply,
};
use crate::store::sqlite::restore::restore;
use crate::store::sqlite::schema::{push_origin, quarantine};
use crate::store::sqlite::{SqliteStore, fault};
use crate::store::{StoreError, StoreFuture};
use crate::webpush::service::PushService;

impl Quarantines for SqliteStore {
    fn quarantines(&self, query: QuarantineQuery) -> StoreFuture<Vec<QuarantineView>> {
        self.read(move |connection| list(connection, query))
    }

    fn quarantine(&self, app: AppId, id: PublicId) -> StoreFuture<Option<QuarantineView>> {
        self.read(move |connection| one(connection, app, &id))
    }

    fn resolve(&self, command: Resolve) -> StoreFuture<ResolveReply> {
        let journal = Arc::clone(&self.journal);
        async move {
            let mut moved = 0;
            loop {
                let command = command.clone();
                let limit = command.limit.unwrap_or(u64::MAX);
                let (step, view) = journal
                    .change(move |writer| {
                        let step = resolve(writer, &command)?;
                        Ok((step, one(&mut writer.connection, command.app, &command.id)?))
                    })
                    .await?;
                let (Step::Moved { count, more }, Some(view)) = (step, view) else {
                    return Ok(match step {
                        Step::Otherwise(resolution) => ResolveReply::Otherwise(resolution),
                        Step::Unknown | Step::Moved { .. } => ResolveReply::Unknown,
                    });
                };
                moved += count;
                if !more || moved >= limit {
                    return Ok(ResolveReply::Resolved { view, done: !more });
                }
            }
        }
        .boxed()
    }

    fn restore(&self, app: AppId, id: PublicId, now: Timestamp) -> StoreFuture<RestoreReply> {
        self.journal.change(move |writer| restore(writer, app, &id, now))
    }

    fn held_back(&self) -> StoreFuture<Vec<Held>> {
        self.read(held_back)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
struct Row {
    id: i64,
    public_id: String,
    cause: i16,
    opened: i64,
    held: i64,
    resolution: Option<i16>,
    closed: Option<i64>,
    moved: i64,
}

impl Row {
    fn view(self, origin: String) -> Result<QuarantineView, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of {}", self.public_id));
        let cause = Cause::from_code(self.cause).ok_or_else(|| corrupt("the cause"))?;
        let resolved = match self.resolution.zip(self.closed) {
            None => None,
            Some((code, at)) => Some((
                Resolution::from_code(code).ok_or_else(|| corrupt("the resolution"))?,
                Timestamp::from_millis(at),
            )),
        };
        Ok(QuarantineView {
            position: self.id,
            id: PublicId::from_store(self.public_id),
            origin,
            cause,
            opened: Timestamp::from_millis(self.opened),
            subscriptions: self.held,
            resolved,
            moved: self.moved,
        })
    }
}

fn list(
    connection: &mut SqliteConnection,
    query: QuarantineQuery,
) -> Result<Vec<QuarantineView>, StoreError> {
    let rows = quarantine::table
        .inner_join(push_origin::table)
        .filter(quarantine::app_id.eq(query.app.0).and(quarantine::id.gt(query.after)))
        .order(quarantine::id)
        .limit(query.limit)
        .select((Row::as_select(), push_origin::origin))
        .load::<(Row, String)>(connection)
        .map_err(fault)?;
    rows.into_iter().map(|(row, origin)| row.view(origin)).collect()
}

fn one(
    connection: &mut SqliteConnection,
    app: AppId,
    id: &PublicId,
) -> Result<Option<QuarantineView>, StoreError> {
    let found = quarantine::table
        .inner_join(push_origin::table)
        .filter(quarantine::public_id.eq(id.as_str()).and(quarantine::app_id.eq(app.0)))
        .select((Row::as_select(), push_origin::origin))
        .get_result::<(Row, String)>(connection)
        .optional()
        .map_err(fault)?;
    found.map(|(row, origin)| row.view(origin)).transpose()
}

/// One row an origin with something open: there are few.
fn held_back(connection: &mut SqliteConnection) -> Result<Vec<Held>, StoreError> {
    let rows = quarantine::table
        .inner_join(push_origin::table)
        .filter(quarantine::closed.is_null())
        .select((push_origin::origin, quarantine::held))
        .load::<(String, i64)>(connection)
        .map_err(fault)?;
    let mut held = HashMap::<_, Held>::new();
    for (origin, subscriptions) in rows {
        let push_service = PushService::at(&origin);
        let none = Held { push_service, quarantines: 0, subscriptions: 0 };
        let sum = held.entry(push_service).or_insert(none);
        sum.quarantines += 1;
        sum.subscriptions += subscriptions;
    }
    Ok(held.into_values().collect())
}
