//! The push services that an app's subscriptions are at.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::id::AppId;
use crate::store::StoreError;
use crate::store::sqlite::fault;
use crate::store::sqlite::schema::push_origin;
use crate::webpush::service::PushService;

/// What has been read of them for one page.
#[derive(Default)]
pub(super) struct Origins(HashMap<i64, PushService>);

impl Origins {
    /// The rows of the app's origins that are that push service's, sorted.
    pub(super) fn of(
        &mut self,
        connection: &mut SqliteConnection,
        app: AppId,
        push_service: PushService,
    ) -> Result<Vec<i64>, StoreError> {
        let all = push_origin::table
            .filter(push_origin::app_id.eq(app.0))
            .select((push_origin::id, push_origin::origin))
            .load::<(i64, String)>(connection)
            .map_err(fault)?;
        let is_it =
            |(id, origin): (i64, String)| (PushService::at(&origin) == push_service).then_some(id);
        let mut ids: Vec<_> = all.into_iter().filter_map(is_it).collect();
        ids.sort_unstable();
        self.0.extend(ids.iter().map(|id| (*id, push_service)));
        Ok(ids)
    }

    /// The push service at an origin.
    pub(super) fn at(
        &mut self,
        connection: &mut SqliteConnection,
        id: i64,
    ) -> Result<PushService, StoreError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(*known);
        }
        let origin = push_origin::table
            .find(id)
            .select(push_origin::origin)
            .get_result::<String>(connection)
            .optional()
            .map_err(fault)?;
        let push_service = origin.map_or(PushService::Other, |origin| PushService::at(&origin));
        self.0.insert(id, push_service);
        Ok(push_service)
    }
}
