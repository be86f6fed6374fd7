//! The origins of push services, app by app: how many subscriptions live at each, counted as they come and go.

use diesel::connection::Connection;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::SqliteStore;
use super::fault;
use super::schema::{departure, push_origin, quarantine, subscription};
use super::writer::SqliteWriter;
use crate::store::origin::{OriginCount, Origins};
use crate::store::{StoreError, StoreFuture};
use crate::webpush::subscription::Endpoint;

/// Rows that are counted in one transaction of the first start after an update.
const FILL: i64 = 1000;

impl Origins for SqliteStore {
    fn origins(&self, limit: i64) -> StoreFuture<Vec<OriginCount>> {
        self.read(move |connection| most(connection, limit))
    }
}

fn most(connection: &mut SqliteConnection, limit: i64) -> Result<Vec<OriginCount>, StoreError> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    let rows = push_origin::table
        .filter(push_origin::live.gt(0))
        .group_by(push_origin::origin)
        .select((push_origin::origin, sql::<BigInt>("sum(live) AS subscriptions")))
        .order(sql::<BigInt>("subscriptions DESC, origin"))
        .limit(limit)
        .load::<(String, i64)>(connection)
        .map_err(fault)?;
    let count = |(origin, subscriptions)| OriginCount { origin, subscriptions };
    Ok(rows.into_iter().map(count).collect())
}

/// Counts a subscription that comes; answers its origin.
pub(super) fn arrive(
    writer: &mut SqliteWriter,
    app: i64,
    endpoint: &Endpoint,
) -> Result<i64, StoreError> {
    writer.count_subscription(app, 1);
    count(&mut writer.connection, app, endpoint, 1)
}

/// Counts a subscription of an app that comes back to where it was.
pub(super) fn come_back(
    writer: &mut SqliteWriter,
    app: i64,
    origin: i64,
) -> Result<(), StoreError> {
    add(writer, app, origin, 1)
}

/// Counts a subscription of an app that is there no more.
pub(super) fn depart(writer: &mut SqliteWriter, app: i64, origin: i64) -> Result<(), StoreError> {
    add(writer, app, origin, -1)
}

/// One whose endpoint cannot be read lives nowhere ([`fill`]), and is the app's all the same.
fn add(writer: &mut SqliteWriter, app: i64, origin: i64, change: i64) -> Result<(), StoreError> {
    writer.count_subscription(app, change);
    diesel::update(push_origin::table.find(origin))
        .set(push_origin::live.eq(push_origin::live + change))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
}

fn count(
    connection: &mut SqliteConnection,
    app: i64,
    endpoint: &Endpoint,
    live: i64,
) -> Result<i64, StoreError> {
    diesel::insert_into(push_origin::table)
        .values((
            push_origin::app_id.eq(app),
            push_origin::origin.eq(endpoint.origin().as_str()),
            push_origin::live.eq(live),
        ))
        .on_conflict((push_origin::app_id, push_origin::origin))
        .do_update()
        .set(push_origin::live.eq(push_origin::live + live))
        .returning(push_origin::id)
        .get_result(connection)
        .map_err(fault)
}

/// Forgets an origin that nothing names any more: strangers choose them.
pub(super) fn remove_if_unused(
    connection: &mut SqliteConnection,
    origin: i64,
) -> Result<(), StoreError> {
    let lives_there = subscription::table.filter(subscription::origin_id.eq(origin));
    let held_there = quarantine::table.filter(quarantine::origin_id.eq(origin));
    let unused = push_origin::table
        .filter(push_origin::id.eq(origin).and(push_origin::live.le(0)))
        .filter(not(exists(lives_there)).and(not(exists(held_there))));
    let removed = diesel::delete(unused).execute(connection).map_err(fault)?;
    if removed == 1 {
        diesel::delete(departure::table.filter(departure::origin_id.eq(origin)))
            .execute(connection)
            .map_err(fault)?;
    }
    Ok(())
}

/// Counts the subscriptions that were made before origins were. A row whose endpoint cannot be read lives nowhere.
pub(super) fn fill(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let rows = subscription::table
            .filter(subscription::origin_id.eq(0).and(subscription::id.gt(after)))
            // So the index is in the order of ids: else each page would sort all that are left. None of them is counted
            // as gone by an answer, or held.
            .filter(subscription::quarantine_id.is_null().and(subscription::departed.is_null()))
            .order(subscription::id)
            .limit(FILL)
            .select((
                subscription::id,
                subscription::app_id,
                subscription::endpoint,
                subscription::gone,
            ))
            .load::<(i64, i64, String, Option<i64>)>(connection)
            .map_err(fault)?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = *last;
        connection.transaction(|connection| {
            for (id, app, endpoint, gone) in rows {
                let Ok(endpoint) = Endpoint::from_store(endpoint) else { continue };
                let live = i64::from(gone.is_none());
                let origin = count(connection, app, &endpoint, live)?;
                diesel::update(subscription::table.find(id))
                    .set(subscription::origin_id.eq(origin))
                    .execute(connection)
                    .map_err(fault)?;
            }
            Ok::<_, Failed>(())
        })?;
    }
}

/// What a transaction of diesel's can end with, besides our own.
struct Failed(StoreError);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(fault(error))
    }
}

impl From<Failed> for StoreError {
    fn from(Failed(error): Failed) -> Self {
        error
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel_migrations::MigrationHarness;

    use super::*;
    use crate::store::sqlite::opening::MIGRATIONS;
    use crate::store::sqlite::returning;
    use crate::store::sqlite::schema::app;
    use crate::store::sqlite::writer::configure;

    /// A database as the version before left it: three browsers of two push services, one of them gone.
    const BEFORE: &str = "
        INSERT INTO app (id, name, settings, token_secret, created) VALUES (1, 'default', '{}', x'', 0);
        INSERT INTO vapid_key (id, app_id, public, scalar, is_current, created) VALUES (1, 1, x'', x'', 1, 0);
        INSERT INTO subscription
            (public_id, app_id, part, generation, endpoint, p256dh, auth, vapid_key_id, created, gone,
             gone_channels) VALUES
            ('sub_1', 1, 0, 1, 'https://one.example/a', x'', x'', 1, 0, NULL, NULL),
            ('sub_2', 1, 0, 1, 'https://ONE.example:443/b', x'', x'', 1, 0, NULL, NULL),
            ('sub_3', 1, 0, 1, 'https://one.example/c', x'', x'', 1, 0, 5, '[\"a \\\"b\\\"\",\"news\"]'),
            ('sub_4', 1, 0, 1, 'https://two.example:8443/d', x'', x'', 1, 0, NULL, NULL),
            ('sub_5', 1, 0, 1, 'not an endpoint', x'', x'', 1, 0, NULL, NULL);";

    fn origins(connection: &mut SqliteConnection) -> Vec<(String, i64)> {
        push_origin::table
            .order(push_origin::origin)
            .select((push_origin::origin, push_origin::live))
            .load(connection)
            .unwrap()
    }

    #[test]
    fn a_database_of_the_version_before_is_counted_once_and_can_go_back() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        configure(&mut connection).unwrap();
        connection.run_next_migration(MIGRATIONS).unwrap();
        connection.batch_execute(BEFORE).unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        let expected =
            [("https://one.example".to_owned(), 2), ("https://two.example:8443".to_owned(), 1)];
        for _ in 0..2 {
            fill(&mut connection).unwrap();
            assert_eq!(origins(&mut connection), expected);
        }
        let of =
            |origin: &str, subscriptions| OriginCount { origin: origin.to_owned(), subscriptions };
        assert_eq!(
            most(&mut connection, 9).unwrap(),
            [of("https://one.example", 2), of("https://two.example:8443", 1)]
        );
        assert_eq!(most(&mut connection, 1).unwrap().len(), 1);
        let kept = |connection: &mut SqliteConnection| {
            let counted = app::table.select(app::subscriptions).get_result::<i64>(connection);
            (counted.unwrap(), returning::channels(connection, 3).unwrap())
        };
        let before = (4, vec!["a \"b\"".to_owned(), "news".to_owned()]);
        assert_eq!(kept(&mut connection), before);
        let uncounted = subscription::table.filter(subscription::origin_id.eq(0));
        assert_eq!(uncounted.count().get_result(&mut connection), Ok(1_i64));

        while connection.applied_migrations().unwrap().len() > 1 {
            connection.revert_last_migration(MIGRATIONS).unwrap();
        }
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        fill(&mut connection).unwrap();
        assert_eq!(origins(&mut connection), expected, "nothing was lost on the way");
        assert_eq!(kept(&mut connection), before);
    }
}
