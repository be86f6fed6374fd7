//! Apps and keys: read whole, changed one at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use diesel::prelude::*;

use super::opening::{lost_key, remember_key};
use super::schema::{api_key, app, channel, meta, subscription, vapid_key};
use super::writer::SqliteWriter;
use super::{closing, fault, leave, pause, quarantine};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, VapidKeyId};
use crate::store::StoreError;
use crate::store::directory::{
    ApiKey, App, AppSettings, AppVapidKey, Conflict, DEFAULT_APP, Directory, DirectoryChange,
    Scope, Secret,
};
use crate::webpush::vapid::VapidKey;

/// The row of `meta` that subscription secrets are an HMAC with.
const SUBSCRIPTION_SECRET: &str = "subscription_secret";

/// What becomes of a VAPID key that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TornKeys {
    /// The directory cannot be read.
    Refuse,
    /// It is left out, so that a command can put another in its place.
    LeaveOut,
}

/// Reads all of it.
pub(super) fn fresh_directory(connection: &mut SqliteConnection) -> Result<Directory, StoreError> {
    read_directory(connection, TornKeys::Refuse)
}

/// Reads all of it.
pub(super) fn read_directory(
    connection: &mut SqliteConnection,
    torn: TornKeys,
) -> Result<Directory, StoreError> {
    Ok(Directory {
        apps: apps(connection)?,
        api_keys: api_keys(connection)?,
        vapid_keys: vapid_keys(connection, torn)?,
        pauses: pause::read(connection)?,
        subscription_secret: subscription_secret(connection)?,
    })
}

/// What subscription secrets are an HMAC with: made once, when the database is.
fn subscription_secret(connection: &mut SqliteConnection) -> Result<Secret, StoreError> {
    let secret = meta::table
        .find(SUBSCRIPTION_SECRET)
        .select(meta::value)
        .get_result::<Vec<u8>>(connection)
        .optional()
        .map_err(fault)?;
    Ok(Secret(secret.unwrap_or_default()))
}

/// Makes what must be there before anything else, once.
pub(super) fn initialise(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let secret: [u8; 32] = rand::RngExt::random(&mut rand::rng());
    diesel::insert_or_ignore_into(meta::table)
        .values((meta::key.eq(SUBSCRIPTION_SECRET), meta::value.eq(secret.as_slice())))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

fn apps(connection: &mut SqliteConnection) -> Result<BTreeMap<String, Arc<App>>, StoreError> {
    let rows = app::table
        .filter(app::name.not_like("deleted/%"))
        .select((app::id, app::name, app::settings, app::token_secret, app::created))
        .load::<(i64, String, String, Vec<u8>, i64)>(connection)
        .map_err(fault)?;
    let parse = |(id, name, settings, secret, created): (_, String, String, _, _)| {
        let settings = serde_json::from_str(&settings)
            .map_err(|error| StoreError::Corrupt(format!("the settings of app {name}: {error}")))?;
        let app = App {
            id: AppId(id),
            name: name.clone(),
            created: Timestamp::from_millis(created),
            settings,
            token_secret: Secret(secret),
        };
        Ok((name, Arc::new(app)))
    };
    rows.into_iter().map(parse).collect()
}

fn api_keys(
    connection: &mut SqliteConnection,
) -> Result<HashMap<[u8; 32], Arc<ApiKey>>, StoreError> {
    let rows = api_key::table
        .select((
            api_key::hash,
            api_key::public_id,
            api_key::app_id,
            api_key::title,
            api_key::scopes,
            api_key::created,
        ))
        .load::<(Vec<u8>, String, i64, String, String, i64)>(connection)
        .map_err(fault)?;
    let parse = |(hash, id, app, title, scopes, created): (Vec<u8>, String, _, _, String, _)| {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of API key {id}"));
        let hash = hash.try_into().map_err(|_| corrupt("the hash"))?;
        let scopes = scopes
            .split_whitespace()
            .map(|scope| Scope::parse(scope).ok_or_else(|| corrupt("the scopes")))
            .collect::<Result<_, _>>()?;
        let key = ApiKey {
            id: PublicId::from_store(id.clone()),
            app: AppId(app),
            title,
            scopes,
            created: Timestamp::from_millis(created),
        };
        Ok((hash, Arc::new(key)))
    };
    rows.into_iter().map(parse).collect()
}

fn vapid_keys(
    connection: &mut SqliteConnection,
    torn: TornKeys,
) -> Result<HashMap<VapidKeyId, Arc<AppVapidKey>>, StoreError> {
    let rows = vapid_key::table
        .load::<(i64, i64, Vec<u8>, Vec<u8>, bool, i64)>(connection)
        .map_err(fault)?;
    let parse = |(id, app, public, scalar, current, created): (_, _, Vec<u8>, Vec<u8>, _, _)| {
        let key = VapidKey::from_store(&public, &scalar)
            .map_err(|_| StoreError::Corrupt(format!("VAPID key {id}")))?;
        let id = VapidKeyId(id);
        let created = Timestamp::from_millis(created);
        Ok((id, Arc::new(AppVapidKey { id, app: AppId(app), current, created, key })))
    };
    let keys = rows.into_iter().map(parse);
    match torn {
        TornKeys::Refuse => keys.collect(),
        TornKeys::LeaveOut => Ok(keys.filter_map(Result::ok).collect()),
    }
}

/// Channels and subscriptions of an app that is deleted which go in one transaction, so that no other app's accept waits
/// long behind them.
const BATCH: i64 = 200;

/// How far a change has come.
pub(super) enum Step {
    /// It is made, or why it cannot be.
    Done(Result<(), Conflict>),
    /// It goes on in another transaction.
    More,
}

/// Makes one change, or a part of a large one.
pub(super) fn change(
    writer: &mut SqliteWriter,
    change: &DirectoryChange,
) -> Result<Step, StoreError> {
    let connection = &mut writer.connection;
    let end = match change {
        DirectoryChange::CreateApp { name, settings, token_secret, vapid_key, now } => {
            create_app(connection, name, settings, token_secret, vapid_key, *now)
        }
        DirectoryChange::UpdateApp { name, settings } => {
            let changed = diesel::update(app::table.filter(app::name.eq(name)))
                .set(app::settings.eq(to_json(settings)))
                .execute(connection)
                .map_err(fault)?;
            Ok(found(changed, || format!("app {name}")))
        }
        DirectoryChange::SetTokenSecret { name, token_secret } => {
            let changed = diesel::update(app::table.filter(app::name.eq(name)))
                .set(app::token_secret.eq(&token_secret.0))
                .execute(connection)
                .map_err(fault)?;
            Ok(found(changed, || format!("app {name}")))
        }
        DirectoryChange::SetPause { subject, pauses, entry } => {
            return pause::set(writer, subject, *pauses, entry).map(Step::Done);
        }
        DirectoryChange::DeleteApp { name, now } => return delete_app(writer, name, *now),
        DirectoryChange::CreateApiKey { hash, key } => {
            insert_api_key(connection, hash, key, false).map(Ok)
        }
        DirectoryChange::SetBootstrapKey { hash, key } => {
            diesel::delete(api_key::table.filter(api_key::bootstrap.eq(true)))
                .execute(connection)
                .map_err(fault)?;
            insert_api_key(connection, hash, key, true).map(Ok)
        }
        DirectoryChange::RevokeApiKey { app, id } => {
            let named = api_key::public_id.eq(id.as_str()).and(api_key::app_id.eq(app.0));
            let changed =
                diesel::delete(api_key::table.filter(named)).execute(connection).map_err(fault)?;
            Ok(found(changed, || format!("API key {id}")))
        }
        DirectoryChange::AddVapidKey { app, key, current, now } => {
            add_vapid_key(connection, *app, key, *current, *now)
        }
    };
    writer.directory_has_changed();
    end.map(Step::Done)
}

fn found(changed: usize, what: impl FnOnce() -> String) -> Result<(), Conflict> {
    if changed == 0 { Err(Conflict::Missing(what())) } else { Ok(()) }
}

fn to_json(settings: &AppSettings) -> String {
    serde_json::to_string(settings).expect("settings are strings and numbers, which JSON can hold")
}

fn create_app(
    connection: &mut SqliteConnection,
    name: &str,
    settings: &AppSettings,
    token_secret: &Secret,
    vapid_key: &VapidKey,
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    let id = diesel::insert_or_ignore_into(app::table)
        .values((
            app::name.eq(name),
            app::settings.eq(to_json(settings)),
            app::token_secret.eq(&token_secret.0),
            app::created.eq(now.as_millis()),
        ))
        .returning(app::id)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    match id {
        None => Ok(Err(Conflict::Exists(format!("app {name}")))),
        Some(id) => add_vapid_key(connection, AppId(id), vapid_key, true, now),
    }
}

fn add_vapid_key(
    connection: &mut SqliteConnection,
    app: AppId,
    key: &VapidKey,
    current: bool,
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    let mine = vapid_key::app_id.eq(app.0);
    if let Some(lost) = lost_key(connection, app, key)? {
        return bring_back_vapid_key(connection, app, lost, key, current, now).map(Ok);
    }
    let same = mine.and(vapid_key::public.eq(key.public().as_slice()));
    let is_there = diesel::select(diesel::dsl::exists(vapid_key::table.filter(same)))
        .get_result::<bool>(connection)
        .map_err(fault)?;
    if current {
        diesel::update(vapid_key::table.filter(mine))
            .set(vapid_key::is_current.eq(vapid_key::public.eq(key.public().as_slice())))
            .execute(connection)
            .map_err(fault)?;
    }
    // The same key again is no other key.
    if is_there {
        return Ok(Ok(()));
    }
    let id = diesel::insert_into(vapid_key::table)
        .values((
            vapid_key::app_id.eq(app.0),
            vapid_key::public.eq(key.public().as_slice()),
            vapid_key::scalar.eq(key.scalar().as_slice()),
            vapid_key::is_current.eq(current),
            vapid_key::created.eq(now.as_millis()),
        ))
        .returning(vapid_key::id)
        .get_result::<i64>(connection)
        .map_err(fault)?;
    remember_key(connection, app, id, key.public())?;
    Ok(Ok(()))
}

/// A key that was lost or changed takes its own row again, which its subscriptions name. Where no other is the current
/// one, it was.
fn bring_back_vapid_key(
    connection: &mut SqliteConnection,
    app: AppId,
    row: i64,
    key: &VapidKey,
    current: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let others = vapid_key::table.filter(vapid_key::app_id.eq(app.0).and(vapid_key::id.ne(row)));
    let has_current = diesel::select(diesel::dsl::exists(others.filter(vapid_key::is_current)))
        .get_result::<bool>(connection)
        .map_err(fault)?;
    if current {
        diesel::update(others)
            .set(vapid_key::is_current.eq(false))
            .execute(connection)
            .map_err(fault)?;
    }
    diesel::replace_into(vapid_key::table)
        .values((
            vapid_key::id.eq(row),
            vapid_key::app_id.eq(app.0),
            vapid_key::public.eq(key.public().as_slice()),
            vapid_key::scalar.eq(key.scalar().as_slice()),
            vapid_key::is_current.eq(current || !has_current),
            vapid_key::created.eq(now.as_millis()),
        ))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

fn insert_api_key(
    connection: &mut SqliteConnection,
    hash: &[u8; 32],
    key: &ApiKey,
    bootstrap: bool,
) -> Result<(), StoreError> {
    let scopes = key.scopes.iter().map(|scope| scope.label()).collect::<Vec<_>>().join(" ");
    // The same key named again, by the environment or by hand, is the newer entry.
    diesel::replace_into(api_key::table)
        .values((
            api_key::hash.eq(hash.as_slice()),
            api_key::public_id.eq(key.id.as_str()),
            api_key::app_id.eq(key.app.0),
            api_key::title.eq(&key.title),
            api_key::scopes.eq(scopes),
            api_key::bootstrap.eq(bootstrap),
            api_key::created.eq(key.created.as_millis()),
        ))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// An app goes with its keys, channels and subscriptions; the app itself is the last to go, so that whoever is cut short
/// can say it again.
fn delete_app(writer: &mut SqliteWriter, name: &str, now: Timestamp) -> Result<Step, StoreError> {
    if name == DEFAULT_APP {
        let why = "the app `default` holds the instance's keys and stays".to_owned();
        return Ok(Step::Done(Err(Conflict::Needed(why))));
    }
    let id = app::table
        .filter(app::name.eq(name))
        .select(app::id)
        .get_result::<i64>(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some(id) = id else {
        return Ok(Step::Done(Err(Conflict::Missing(format!("app {name}")))));
    };
    if empty_app(writer, id, now)? {
        return Ok(Step::More);
    }
    quarantine::forget_app(&mut writer.connection, id)?;
    // Its row stays under a name that nobody can have, because rows of its log point at it.
    writer.directory_has_changed();
    let connection = &mut writer.connection;
    diesel::delete(api_key::table.filter(api_key::app_id.eq(id)))
        .execute(connection)
        .map_err(fault)?;
    diesel::update(app::table.find(id))
        .set(app::name.eq(format!("deleted/{id}")))
        .execute(connection)
        .map_err(fault)?;
    Ok(Step::Done(Ok(())))
}

/// Removes a batch of what an app has; answers whether more may be left.
fn empty_app(writer: &mut SqliteWriter, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let channels = channel::table
        .filter(channel::app_id.eq(id).and(channel::deleted.is_null()))
        .limit(BATCH)
        .select(channel::name)
        .load::<String>(&mut writer.connection)
        .map_err(fault)?;
    for name in &channels {
        closing::delete_channel(writer, AppId(id), name, now)?;
    }
    let left = BATCH.unsigned_abs() - channels.len() as u64;
    let subscriptions = subscription::table
        .filter(subscription::app_id.eq(id))
        .limit(left.cast_signed())
        .select(subscription::id)
        .load::<i64>(&mut writer.connection)
        .map_err(fault)?;
    for row in &subscriptions {
        leave::leave_all(writer, *row, crate::model::Outcome::Unsubscribed, now)?;
        leave::remove(writer, *row)?;
    }
    Ok(channels.len() as u64 + subscriptions.len() as u64 >= BATCH.unsigned_abs())
}
