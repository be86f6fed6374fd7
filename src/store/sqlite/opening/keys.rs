//! Whether the VAPID keys are there that subscriptions were made with. A subscription is bound to its key for good, so
//! without it every push would be refused, and a daemon that began anyway would only hear so, one push at a time.
//!
//! Beside each key its public half is kept in `meta`, so that a key which was changed or taken out is missed, whatever
//! was done to its row, without asking each subscription; and so that an import knows whose place it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::examine::{examine, is_new, with_reader};
use super::{OpenError, set_up};
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::sqlite::fault;
use crate::store::sqlite::schema::{app, meta, subscription, vapid_key};
use crate::webpush::vapid::VapidKey;

/// What the names of the rows in `meta` begin with; the app's and the key's row follow.
const PREFIX: &str = "vapid_key/";

/// Subscriptions at either end of the table that are asked for their keys, for what no note was kept of.
const SAMPLE: i64 = 1_000;

/// What is wrong with an app's keys.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyFault {
    /// It is not there.
    #[error("its VAPID key{key} is missing", key = named(.0.as_deref()))]
    Missing(Option<String>),
    /// Another is in its place.
    #[error("its VAPID key {0} has been changed")]
    Changed(String),
    /// Its two halves are of different pairs.
    #[error("the private half of its VAPID key {0} does not belong to the public one")]
    Torn(String),
}

fn named(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(" {key}"))
}

fn text(public: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(public)
}

struct Row {
    app: i64,
    public: Vec<u8>,
    scalar: Vec<u8>,
}

impl Row {
    fn is_torn(&self) -> bool {
        VapidKey::from_store(&self.public, &self.scalar).is_err()
    }
}

/// Says which key is missing or was changed though there are subscriptions that need it.
pub fn examine_keys(file: &Path) -> Result<(), OpenError> {
    examine(file)?;
    if is_new(file)? {
        return Ok(());
    }
    with_reader(file, |connection| {
        // A first start that was cut short has no tables yet.
        let Ok(apps) = apps(connection) else { return Ok(()) };
        match find_fault(connection, &apps).map_err(|error| set_up(&error))? {
            None => Ok(()),
            Some((app, fault)) => {
                let app = apps.get(&app).cloned().unwrap_or_else(|| app.to_string());
                Err(OpenError::Key { app, fault })
            }
        }
    })
}

fn apps(connection: &mut SqliteConnection) -> QueryResult<BTreeMap<i64, String>> {
    let living = app::table.filter(app::name.not_like("deleted/%"));
    let rows = living.select((app::id, app::name)).load::<(i64, String)>(connection)?;
    Ok(rows.into_iter().collect())
}

fn find_fault(
    connection: &mut SqliteConnection,
    apps: &BTreeMap<i64, String>,
) -> QueryResult<Option<(i64, KeyFault)>> {
    let rows = rows(connection)?;
    if let Some(torn) = rows.values().find(|row| row.is_torn()) {
        return Ok(Some((torn.app, KeyFault::Torn(text(&torn.public)))));
    }
    for ((app, key), public) in notes(connection)? {
        let fault = match rows.get(&key) {
            Some(row) if row.public == public => continue,
            Some(_) => KeyFault::Changed(text(&public)),
            None => KeyFault::Missing(Some(text(&public))),
        };
        if apps.contains_key(&app) && is_used(connection, key)? {
            return Ok(Some((app, fault)));
        }
    }
    for (app, key) in sample(connection)? {
        if apps.contains_key(&app) && !rows.contains_key(&key) {
            return Ok(Some((app, KeyFault::Missing(None))));
        }
    }
    Ok(None)
}

fn rows(connection: &mut SqliteConnection) -> QueryResult<BTreeMap<i64, Row>> {
    let columns = (vapid_key::id, vapid_key::app_id, vapid_key::public, vapid_key::scalar);
    let rows = vapid_key::table.select(columns).load::<(i64, i64, Vec<u8>, Vec<u8>)>(connection)?;
    let row = |(id, app, public, scalar)| (id, Row { app, public, scalar });
    Ok(rows.into_iter().map(row).collect())
}

/// The public halves that were noted, by app and key.
fn notes(connection: &mut SqliteConnection) -> QueryResult<BTreeMap<(i64, i64), Vec<u8>>> {
    let rows = meta::table
        .filter(meta::key.like(format!("{PREFIX}%")))
        .load::<(String, Vec<u8>)>(connection)?;
    let parse = |(name, public): (String, _)| {
        let (app, key) = name.strip_prefix(PREFIX)?.split_once('/')?;
        Some(((app.parse().ok()?, key.parse().ok()?), public))
    };
    Ok(rows.into_iter().filter_map(parse).collect())
}

/// Walks all subscriptions, and so is asked only where a key is amiss: half a second for a million. (By the index of the
/// app's it would be twenty times as long.)
fn is_used(connection: &mut SqliteConnection, key: i64) -> QueryResult<bool> {
    let made_with = subscription::vapid_key_id.eq(key);
    diesel::select(exists(subscription::table.filter(made_with))).get_result(connection)
}

/// The keys of the oldest and of the newest subscriptions, with their apps.
fn sample(connection: &mut SqliteConnection) -> QueryResult<BTreeSet<(i64, i64)>> {
    let columns = (subscription::app_id, subscription::vapid_key_id);
    let oldest = subscription::table.order(subscription::id.asc()).limit(SAMPLE);
    let newest = subscription::table.order(subscription::id.desc()).limit(SAMPLE);
    let mut keys = oldest.select(columns).load::<(i64, i64)>(connection)?;
    keys.extend(newest.select(columns).load::<(i64, i64)>(connection)?);
    Ok(keys.into_iter().collect())
}

/// Notes the public half of a key.
pub(in crate::store::sqlite) fn remember_key(
    connection: &mut SqliteConnection,
    app: AppId,
    key: i64,
    public: &[u8],
) -> Result<(), StoreError> {
    diesel::replace_into(meta::table)
        .values((meta::key.eq(format!("{PREFIX}{}/{key}", app.0)), meta::value.eq(public)))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// The row that a key of an app had before it was lost, changed or torn.
pub(in crate::store::sqlite) fn lost_key(
    connection: &mut SqliteConnection,
    of: AppId,
    pair: &VapidKey,
) -> Result<Option<i64>, StoreError> {
    let rows = rows(connection).map_err(fault)?;
    let is_lost =
        |key: &i64| rows.get(key).is_none_or(|row| row.public != pair.public() || row.is_torn());
    let notes = notes(connection).map_err(fault)?;
    let mine =
        notes.into_iter().filter(|((app, _), public)| *app == of.0 && public == pair.public());
    Ok(mine.map(|((_, key), _)| key).find(is_lost))
}

/// Notes what has not been noted: at the first start of a version that does, and for keys that were put in by hand.
/// Where nobody subscribes nothing can be missed.
pub(super) fn fill(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let rows = rows(connection).map_err(fault)?;
    let notes = notes(connection).map_err(fault)?;
    for (&(app, key), public) in &notes {
        let is_there = rows.get(&key).is_some_and(|row| row.public == *public);
        if !is_there && !has_subscriptions(connection, app).map_err(fault)? {
            diesel::delete(meta::table.find(format!("{PREFIX}{app}/{key}")))
                .execute(connection)
                .map_err(fault)?;
        }
    }
    for (key, row) in rows {
        if !notes.contains_key(&(row.app, key)) && !row.is_torn() {
            remember_key(connection, AppId(row.app), key, &row.public)?;
        }
    }
    Ok(())
}

fn has_subscriptions(connection: &mut SqliteConnection, app: i64) -> QueryResult<bool> {
    let mine = subscription::table.filter(subscription::app_id.eq(app));
    diesel::select(exists(mine)).get_result(connection)
}
