//! Exporting: an app's subscriptions, a page in each read transaction, with where each stands in its channels.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde::Serialize;

use super::copying::connect_to_read;
use super::directory::fresh_directory;
use super::fault;
use super::opening::{self, OpenError};
use super::schema::{app, channel, membership, subscription};
use crate::clock::Timestamp;
use crate::id::{AppId, VapidKeyId};
use crate::store::StoreError;
use crate::store::directory::Directory;

/// Subscriptions that are read in one transaction: a few milliseconds, so that a daemon's write-ahead log can be folded.
const PAGE: i64 = 1000;

/// Why there is nothing to export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] ConnectionError),
    /// It is not of this version.
    #[error(transparent)]
    Version(#[from] OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing of that name.
    #[error("there is no {0}; `fanfare app list` and `fanfare channel list` say which there are")]
    Missing(String),
}

/// A subscription, as the export writes it. A secret.
#[derive(Serialize)]
pub struct Exported {
    id: String,
    endpoint: String,
    #[serde(rename = "expirationTime")]
    expires: Option<i64>,
    keys: ExportedKeys,
    push_key: Option<String>,
    created: String,
    channels: Vec<ExportedMembership>,
}

#[derive(Serialize)]
struct ExportedKeys {
    p256dh: String,
    auth: String,
}

#[derive(Serialize)]
struct ExportedMembership {
    name: String,
    epoch: String,
    done_seq: i64,
}

type Row = (i64, String, String, Option<i64>, Vec<u8>, Vec<u8>, i64, i64);

/// An app's subscriptions, by row.
pub struct Exporter {
    connection: SqliteConnection,
    app: AppId,
    /// Only the members of this one.
    channel: Option<i64>,
    push_keys: HashMap<VapidKeyId, String>,
    after: i64,
    count: i64,
}

impl Exporter {
    /// Opens the database `file`, whether or not a daemon has it open, for an app's subscriptions, or a channel's.
    pub fn open(file: &Path, app: &str, channel: Option<&str>) -> Result<Self, ExportError> {
        let mut connection = connect_to_read(file)?;
        opening::require_current(&mut connection)?;
        let directory = fresh_directory(&mut connection)?;
        let missing = |what: &str, name: &str| ExportError::Missing(format!("{what} {name}"));
        let found = directory.apps.get(app).ok_or_else(|| missing("app", app))?;
        let (channel, count) = match channel {
            None => (None, count(&mut connection, found.id)?),
            Some(name) => {
                let row = super::accept::find_channel(&mut connection, found.id, name)?;
                let row = row.ok_or_else(|| missing("channel", name))?;
                (Some(row.id), row.members)
            }
        };
        let push_keys = push_keys(&directory);
        Ok(Self { connection, app: found.id, channel, push_keys, after: 0, count })
    }

    /// About how many there are.
    pub fn count(&self) -> u64 {
        self.count.unsigned_abs()
    }

    /// The next ones; none: it was all.
    pub fn page(&mut self) -> Result<Vec<Exported>, ExportError> {
        let Self { connection, app, channel, after, .. } = self;
        let read = connection.transaction(|connection| {
            let rows = subscriptions(connection, *app, *channel, *after)?;
            let ids: Vec<_> = rows.iter().map(|row| row.0).collect();
            let memberships = memberships(connection, &ids, *channel)?;
            diesel::QueryResult::Ok((rows, memberships))
        });
        let (rows, mut memberships) = read.map_err(fault)?;
        if let Some((last, ..)) = rows.last() {
            self.after = *last;
        }
        let exported = |(row, id, endpoint, expires, p256dh, auth, key, created): Row| Exported {
            id,
            endpoint,
            expires,
            keys: ExportedKeys {
                p256dh: URL_SAFE_NO_PAD.encode(p256dh),
                auth: URL_SAFE_NO_PAD.encode(auth),
            },
            push_key: self.push_keys.get(&VapidKeyId(key)).cloned(),
            created: Timestamp::from_millis(created).to_rfc3339(),
            channels: memberships.remove(&row).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(exported).collect())
    }
}

fn count(connection: &mut SqliteConnection, id: AppId) -> Result<i64, StoreError> {
    app::table.find(id.0).select(app::subscriptions).get_result(connection).map_err(fault)
}

fn push_keys(directory: &Directory) -> HashMap<VapidKeyId, String> {
    let keys = directory.vapid_keys.iter();
    keys.map(|(id, key)| (*id, key.key.public_base64url().to_owned())).collect()
}

fn subscriptions(
    connection: &mut SqliteConnection,
    app: AppId,
    channel: Option<i64>,
    after: i64,
) -> QueryResult<Vec<Row>> {
    let columns = (
        subscription::id,
        subscription::public_id,
        subscription::endpoint,
        subscription::expires,
        subscription::p256dh,
        subscription::auth,
        subscription::vapid_key_id,
        subscription::created,
    );
    match channel {
        None => subscription::table
            .filter(subscription::app_id.eq(app.0).and(subscription::gone.is_null()))
            .filter(subscription::id.gt(after))
            .order(subscription::id)
            .limit(PAGE)
            .select(columns)
            .load(connection),
        Some(channel) => membership::table
            .inner_join(subscription::table)
            .filter(membership::channel_id.eq(channel))
            .filter(membership::subscription_id.gt(after))
            .order(membership::subscription_id)
            .limit(PAGE)
            .select(columns)
            .load(connection),
    }
}

/// In which channels they are, by the subscriptions' rows.
fn memberships(
    connection: &mut SqliteConnection,
    subscriptions: &[i64],
    only: Option<i64>,
) -> QueryResult<HashMap<i64, Vec<ExportedMembership>>> {
    let rows = membership::table
        .inner_join(channel::table)
        .filter(membership::subscription_id.eq_any(subscriptions))
        .filter(channel::deleted.is_null())
        .order(channel::name)
        .select((
            membership::subscription_id,
            channel::id,
            channel::name,
            channel::epoch,
            membership::done_seq,
        ))
        .load::<(i64, i64, String, String, i64)>(connection)?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (subscription, channel, name, epoch, done_seq) in rows {
        if only.is_none_or(|only| only == channel) {
            let channels = found.entry(subscription).or_default();
            channels.push(ExportedMembership { name, epoch, done_seq });
        }
    }
    Ok(found)
}
