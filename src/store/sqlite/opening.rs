//! Opening the database file: bringing it to this version's shape, and the settings of each connection.

use std::path::Path;

use diesel::prelude::*;
use diesel::r2d2::CustomizeConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::writer::configure;
use super::{directory, origins};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened as a database.
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] ConnectionError),
    /// It is one, and something in it is not as it must be.
    #[error("the database cannot be set up: {0}")]
    SetUp(String),
    /// A newer Fanfare has changed it.
    #[error(
        "the database is of a newer version ({0}): start the Fanfare that made it, or restore a backup"
    )]
    Newer(String),
    /// An older Fanfare made it, and this one may not change it here.
    #[error("the database is of an older version: run `fanfare migrate`, or start the daemon")]
    Older,
}

/// Brings the database `file` to this version's shape; answers the names of the migrations that ran.
pub fn migrate(file: &Path) -> Result<Vec<String>, OpenError> {
    let mut connection = connect(file)?;
    let set_up = |error: &dyn std::fmt::Display| OpenError::SetUp(error.to_string());
    refuse_newer(&mut connection)?;
    let ran = connection.run_pending_migrations(MIGRATIONS).map_err(|error| set_up(&error))?;
    let ran = ran.iter().map(ToString::to_string).collect();
    directory::initialise(&mut connection).map_err(|error| set_up(&error))?;
    origins::fill(&mut connection).map_err(|error| set_up(&error))?;
    Ok(ran)
}

/// Answers how many of this build's versions the database has been brought to.
fn refuse_newer(connection: &mut SqliteConnection) -> Result<usize, OpenError> {
    let known = known_versions()?;
    let applied =
        connection.applied_migrations().map_err(|error| OpenError::SetUp(error.to_string()))?;
    match applied.iter().find(|version| !known.contains(&version.to_string())) {
        Some(newer) => Err(OpenError::Newer(newer.to_string())),
        None => Ok(applied.len()),
    }
}

/// Refuses a database that is not of this version, for whoever only reads.
pub(super) fn require_current(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    if refuse_newer(connection)? < known_versions()?.len() { Err(OpenError::Older) } else { Ok(()) }
}

/// The versions that this build knows.
fn known_versions() -> Result<Vec<String>, OpenError> {
    use diesel::migration::{Migration, MigrationSource};
    let known: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> =
        MIGRATIONS.migrations().map_err(|error| OpenError::SetUp(error.to_string()))?;
    Ok(known.iter().map(|migration| migration.name().version().to_string()).collect())
}

pub(super) fn connect(file: &Path) -> Result<SqliteConnection, OpenError> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    configure(&mut connection).map_err(|error| OpenError::SetUp(error.to_string()))?;
    Ok(connection)
}

/// The settings of each of the readers.
#[derive(Debug)]
pub(super) struct Configure;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Configure {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        configure(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}
