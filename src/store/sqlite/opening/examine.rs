//! What a database file must be before anything in it is changed: an SQLite database of ours, whole, and of no newer
//! version. All of it is read in a few pages: looking at every page of a large file would take minutes at each start.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::MigrationHarness;

use super::{MIGRATIONS, OpenError, set_up};

/// Where our first migration is, a database is ours.
const FIRST: &str = "00000000000001";

/// SQLite's header (its file format, §1.3): the magic string, the size of a page, and how many pages there are.
const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
const PAGE_SIZE: std::ops::Range<usize> = 16..18;
const PAGES: std::ops::Range<usize> = 28..32;
const CHANGES: std::ops::Range<usize> = 24..28;
const PAGES_VALID_FOR: std::ops::Range<usize> = 92..96;

/// Says why the database `file` cannot be opened, if it cannot. No file, or an empty one, becomes a new database.
pub fn examine(file: &Path) -> Result<(), OpenError> {
    if is_new(file)? {
        return Ok(());
    }
    with_reader(file, |connection| check_versions(connection, file))
}

/// Whether there is no database yet; `false` when there is one, as far as its first bytes tell.
pub(super) fn is_new(file: &Path) -> Result<bool, OpenError> {
    let unreadable = |error: std::io::Error| {
        OpenError::Connect(format!("unable to open {}: {error}", file.display()))
    };
    let length = match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err(OpenError::NoDatabase(file.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(unreadable(error)),
    };
    let log = fs::metadata(beside(file, "-wal")).map_or(0, |metadata| metadata.len());
    if length == 0 {
        // SQLite would throw the log away, and with it what is left of a database.
        return if log == 0 { Ok(true) } else { Err(OpenError::Lost(file.to_owned())) };
    }
    let mut header = [0; HEADER];
    match File::open(file).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(OpenError::NoDatabase(file.to_owned()));
        }
        Err(error) => return Err(unreadable(error)),
    }
    if !header.starts_with(MAGIC) {
        return Err(OpenError::NoDatabase(file.to_owned()));
    }
    // With a log beside it the file may still be growing to what its header says.
    match whole_length(&header) {
        Some(whole) if log == 0 && length < whole => {
            Err(OpenError::CutShort { file: file.to_owned(), length, whole })
        }
        Some(_) | None => Ok(false),
    }
}

/// How long the file must be, where the header knows.
fn whole_length(header: &[u8; HEADER]) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| {
        header[range].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // 65536 does not fit, and is written as 1.
    let page = match number(PAGE_SIZE) {
        1 => 65_536,
        size => size,
    };
    (number(CHANGES) == number(PAGES_VALID_FOR)).then(|| number(PAGES) * page)
}

/// Asks with a connection that can change nothing. Without a log the file is all there is, and is read as it lies: SQLite
/// would make side files otherwise, and whoever took them away might take them from a backup that has just begun.
pub(super) fn with_reader<T>(
    file: &Path,
    ask: impl FnOnce(&mut SqliteConnection) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    let as_it_lies = if beside(file, "-wal").exists() { "" } else { "&immutable=1" };
    let url = format!("file:{}?mode=ro{as_it_lies}", escaped(&file.to_string_lossy()));
    ask(&mut SqliteConnection::establish(&url)?)
}

/// What has a meaning in a URI filename.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn names(connection: &mut SqliteConnection, query: &str) -> Result<Vec<String>, OpenError> {
    let rows = diesel::sql_query(query).load::<Name>(connection);
    Ok(rows.map_err(|error| set_up(&error))?.into_iter().map(|row| row.name).collect())
}

fn check_versions(connection: &mut SqliteConnection, file: &Path) -> Result<(), OpenError> {
    let tables = names(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")?;
    if tables.is_empty() {
        return Ok(());
    }
    if !tables.iter().any(|table| table == "__diesel_schema_migrations") {
        return Err(OpenError::Foreign(file.to_owned()));
    }
    let applied = "SELECT version AS name FROM __diesel_schema_migrations ORDER BY version DESC";
    let applied = names(connection, applied)?;
    // A first start that was cut short has the list, and nothing in it.
    if !applied.is_empty() && !applied.iter().any(|version| version == FIRST) {
        return Err(OpenError::Foreign(file.to_owned()));
    }
    let known = known_versions()?;
    match applied.into_iter().find(|version| !known.contains(version)) {
        Some(newer) => Err(OpenError::Newer(newer)),
        None => Ok(()),
    }
}

/// Refuses a database that is not of this version, for whoever only reads.
pub(in crate::store::sqlite) fn require_current(
    connection: &mut SqliteConnection,
) -> Result<(), OpenError> {
    let applied = connection.applied_migrations().map_err(|error| set_up(&error))?;
    let known = known_versions()?;
    match applied.iter().find(|version| !known.contains(&version.to_string())) {
        Some(newer) => Err(OpenError::Newer(newer.to_string())),
        None if applied.len() < known.len() => Err(OpenError::Older),
        None => Ok(()),
    }
}

/// The versions that this build knows.
fn known_versions() -> Result<Vec<String>, OpenError> {
    let known: Vec<Box<dyn Migration<Sqlite>>> =
        MIGRATIONS.migrations().map_err(|error| set_up(&error))?;
    Ok(known.iter().map(|migration| migration.name().version().to_string()).collect())
}
