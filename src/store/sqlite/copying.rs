//! Copies of a database: made beside whoever writes it, checked page by page, and made fit to take its place.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::fault;
use super::opening::{self, OpenError};
use super::schema::{channel, meta};
use crate::store::StoreError;

/// Why a copy cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file is not there, or cannot be read.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] ConnectionError),
    /// SQLite could not do it: no room, most likely.
    #[error("the copy failed: {0}")]
    Copy(String),
    /// Pages or rows of it are damaged.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// An SQLite database of somebody else's.
    #[error("the file is no database of Fanfare's")]
    Foreign,
    /// It cannot be brought to this version's shape.
    #[error(transparent)]
    Version(#[from] OpenError),
}

/// A database that is read beside whoever writes it.
pub struct Original {
    connection: SqliteConnection,
}

impl Original {
    /// Opens the database `file`, whether or not a daemon has it open.
    pub fn open(file: &Path) -> Result<Self, CopyError> {
        Ok(Self { connection: connect_to_read(file)? })
    }

    /// How many bytes it has; a copy has no more.
    pub fn size(&mut self) -> Result<u64, CopyError> {
        let query =
            "SELECT page_count * page_size AS value FROM pragma_page_count, pragma_page_size";
        let size = diesel::sql_query(query).get_result::<Number>(&mut self.connection);
        size.map(|size| size.value.unsigned_abs()).map_err(copy_failed)
    }

    /// Writes what is committed now to the file `to`, which is empty or not there. One read transaction, for as long as
    /// it takes: meanwhile a daemon's write-ahead log grows, and is folded after.
    pub fn copy_to(&mut self, to: &Path) -> Result<(), CopyError> {
        diesel::sql_query("VACUUM INTO ?")
            .bind::<Text, _>(to.to_string_lossy())
            .execute(&mut self.connection)
            .map(drop)
            .map_err(copy_failed)
    }
}

/// Reads every page of a database that nobody writes, and whether it is one of ours.
pub fn check(file: &Path) -> Result<(), CopyError> {
    // `immutable`: a copy that is looked at gets no side files.
    let mut connection = establish(file, "immutable=1")?;
    let damaged = |error: diesel::result::Error| CopyError::Damaged(error.to_string());
    let found = diesel::sql_query("PRAGMA integrity_check(1)")
        .get_result::<Integrity>(&mut connection)
        .map_err(damaged)?;
    if found.integrity_check != "ok" {
        return Err(CopyError::Damaged(found.integrity_check));
    }
    let tables = "SELECT count(*) AS value FROM sqlite_schema
                  WHERE type = 'table' AND name IN ('__diesel_schema_migrations', 'meta', 'vapid_key', 'membership')";
    let ours = diesel::sql_query(tables).get_result::<Number>(&mut connection).map_err(damaged)?;
    if ours.value == 4 { Ok(()) } else { Err(CopyError::Foreign) }
}

/// What a copy holds that is of interest to who puts it in place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restored {
    /// The subscriptions that are not gone.
    pub subscriptions: i64,
    /// The notifications that are open, and go on.
    pub open: i64,
}

/// Makes a copy, which has passed [`check`], fit to take a database's place: this version's shape, and channels that
/// begin another life, since the numbers that come next have been given before. Afterwards it is one file.
pub fn prepare(file: &Path) -> Result<Restored, CopyError> {
    opening::migrate(file)?;
    let mut connection = opening::connect(file)?;
    diesel::update(channel::table)
        .set(channel::epoch.eq(diesel::dsl::sql::<Text>("lower(hex(randomblob(6)))")))
        .execute(&mut connection)
        .map_err(copy_failed)?;
    let store_failed = |error: StoreError| CopyError::Copy(error.to_string());
    let subscriptions = super::reads::count_subscriptions(&mut connection).map_err(store_failed)?;
    let open = channel::table
        .select(diesel::dsl::sql::<BigInt>("coalesce(sum(open), 0)"))
        .get_result(&mut connection)
        .map_err(copy_failed)?;
    fold_log(&mut connection)?;
    Ok(Restored { subscriptions, open })
}

/// Folds the write-ahead log into a database that nobody has open, so that it is one file.
pub fn fold(file: &Path) -> Result<(), CopyError> {
    let mut connection = opening::connect(file)?;
    // What is not even a database of ours is not folded but kept as it is.
    let known = meta::table.count().get_result::<i64>(&mut connection);
    known.map_err(copy_failed)?;
    fold_log(&mut connection)
}

fn fold_log(connection: &mut SqliteConnection) -> Result<(), CopyError> {
    let folded =
        diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Folded>(connection);
    if folded.map_err(copy_failed)?.busy != 0 {
        return Err(CopyError::Copy("somebody reads it".to_owned()));
    }
    connection.batch_execute("PRAGMA journal_mode = DELETE").map_err(copy_failed)
}

/// A connection that changes nothing, and does not make a database where there is none.
pub(super) fn connect_to_read(file: &Path) -> Result<SqliteConnection, ConnectionError> {
    let mut connection = establish(file, "mode=ro")?;
    connection
        .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;")
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

fn establish(file: &Path, options: &str) -> Result<SqliteConnection, ConnectionError> {
    // What would end the path of a URI (RFC 3986 §3.3).
    const NOT_IN_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');
    let path = file.to_string_lossy();
    let path = utf8_percent_encode(&path, NOT_IN_PATH);
    SqliteConnection::establish(&format!("file:{path}?{options}"))
}

fn copy_failed(error: diesel::result::Error) -> CopyError {
    CopyError::Copy(fault(error).to_string())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(QueryableByName)]
struct Folded {
    #[diesel(sql_type = Integer)]
    busy: i32,
}
