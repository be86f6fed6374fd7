//! Opening the database file: bringing it to this version's shape, and the settings of each connection. What cannot be
//! opened is found before anything in it is changed ([`examine`]).

mod examine;
mod keys;

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::r2d2::CustomizeConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::fault::with_remedy;
use super::writer::configure;
use super::{directory, origins};

pub use examine::examine;
pub(super) use examine::require_current;
pub use keys::examine_keys;
pub(super) use keys::{lost_key, remember_key};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened as a database.
    #[error("the database cannot be opened: {}", with_remedy(.0))]
    Connect(String),
    /// It is one, and something in it is not as it must be.
    #[error("the database cannot be set up: {}", with_remedy(.0))]
    SetUp(String),
    /// A newer Fanfare has changed it.
    #[error(
        "the database is of a newer version ({0}): start the Fanfare that made it, or restore a backup"
    )]
    Newer(String),
    /// An older Fanfare made it, and this one may not change it here.
    #[error("the database is of an older version: run `fanfare migrate`, or start the daemon")]
    Older,
    /// Another program's.
    #[error("{0} is another program's database: name another file with --database-url")]
    Foreign(PathBuf),
    /// It is something else than a database.
    #[error(
        "{0} is not an SQLite database: restore a backup with `fanfare restore`, or name another file with --database-url"
    )]
    NoDatabase(PathBuf),
    /// Its end is missing.
    #[error(
        "{file} has {length} bytes and must have {whole}, so a part of the database is missing: restore a backup with `fanfare restore`"
    )]
    CutShort {
        /// Which file.
        file: PathBuf,
        /// How long it is.
        length: u64,
        /// How long it says that it is.
        whole: u64,
    },
    /// The file is empty, and the log beside it is not.
    #[error(
        "{0} is missing or empty, and {0}-wal beside it is not: put the database back, or restore a backup with `fanfare restore`"
    )]
    Lost(PathBuf),
    /// Subscriptions were made with a key that is not there any more.
    #[error(
        "app {app}: {fault}, and there are subscriptions that were made with it, to which no other key can push: restore a \
         backup with `fanfare restore`, or import the key with `fanfare vapid import --app {app} FILE`"
    )]
    Key {
        /// The app's name.
        app: String,
        /// What is wrong.
        fault: keys::KeyFault,
    },
}

impl From<ConnectionError> for OpenError {
    fn from(error: ConnectionError) -> Self {
        Self::Connect(error.to_string())
    }
}

/// Brings the database `file` to this version's shape; answers the names of the migrations that ran.
pub fn migrate(file: &Path) -> Result<Vec<String>, OpenError> {
    examine(file)?;
    let mut connection = connect(file)?;
    let ran = connection.run_pending_migrations(MIGRATIONS).map_err(|error| set_up(&error))?;
    let ran = ran.iter().map(ToString::to_string).collect();
    directory::initialise(&mut connection).map_err(|error| set_up(&error))?;
    origins::fill(&mut connection).map_err(|error| set_up(&error))?;
    keys::fill(&mut connection).map_err(|error| set_up(&error))?;
    Ok(ran)
}

pub(super) fn connect(file: &Path) -> Result<SqliteConnection, OpenError> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    configure(&mut connection).map_err(|error| set_up(&error))?;
    Ok(connection)
}

pub(super) fn set_up(error: &dyn std::fmt::Display) -> OpenError {
    OpenError::SetUp(with_remedy(error))
}

/// The settings of each of the readers.
#[derive(Debug)]
pub(super) struct Configure;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Configure {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        configure(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}
