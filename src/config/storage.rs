//! Where the daemon keeps what it knows, and for how long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key::Key;
use super::parse;
use super::settings::Settings;

pub(super) const DATA_DIR: Key = Key::one("data_dir");
pub(super) const DATABASE_URL: Key = Key::secret("database_url");
pub(super) const RETENTION: Key = Key::one("retention");

const DEFAULT_DATA_DIR: &str = "./fanfare-data";

/// What went wrong on Friday can be looked up on Monday.
const DEFAULT_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// Whoever publishes must have the time to ask what became of it.
const MIN_RETENTION: Duration = Duration::from_secs(3600);

/// The longest path that a Unix socket can have (Linux: 108 bytes with the NUL; macOS: 104).
const SOCKET_PATH_MAX: usize = 103;

/// The data directory and the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StorageConfig {
    /// The data directory: database, lock, control socket.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// How long a notification can be looked up after its last delivery has its outcome.
    pub retention: Duration,
}

/// Which database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
}

impl StorageConfig {
    /// The Unix socket that commands reach a running daemon by.
    pub fn control_socket(&self) -> PathBuf {
        control_socket(&self.data_dir)
    }

    pub(super) fn read(settings: &mut Settings) -> Self {
        let data_dir = settings.one(DATA_DIR, data_dir);
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let database = settings.one(DATABASE_URL, database_url);
        let database = database.unwrap_or_else(|| Database::Sqlite(data_dir.join("fanfare.db")));
        let retention = settings.one(RETENTION, retention).unwrap_or(DEFAULT_RETENTION);
        Self { data_dir, database, retention }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        let Database::Sqlite(file) = &self.database;
        vec![
            (DATA_DIR, self.data_dir.display().to_string().into()),
            (DATABASE_URL, format!("sqlite:{}", file.display()).into()),
            (RETENTION, parse::show_duration(self.retention)),
        ]
    }
}

fn control_socket(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

fn data_dir(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is empty; write the path of a directory".to_owned());
    }
    let length = control_socket(Path::new(text)).as_os_str().len();
    if length > SOCKET_PATH_MAX {
        let excess = length - SOCKET_PATH_MAX;
        return Err(format!(
            "is too long for the control socket in it; choose a path that is {excess} bytes shorter"
        ));
    }
    Ok(PathBuf::from(text))
}

fn retention(text: &str) -> Result<Duration, String> {
    let retention = parse::duration(text)?;
    if retention < MIN_RETENTION {
        let least = humantime::format_duration(MIN_RETENTION);
        return Err(format!("is shorter than {least}; choose a duration that is longer"));
    }
    Ok(retention)
}

/// Never repeats its text, which may hold a password.
fn database_url(text: &str) -> Result<Database, String> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => sqlite_path(text).map(Database::Sqlite),
        "postgres" | "postgresql" => Err("names PostgreSQL, which is not in this build; \
             write sqlite:PATH, or leave it out for SQLite in data_dir"
            .to_owned()),
        _ => {
            Err("is not a database URL; write sqlite:PATH, or leave it out for SQLite in data_dir"
                .to_owned())
        }
    }
}

fn sqlite_path(text: &str) -> Result<PathBuf, String> {
    let rest = text.trim_start_matches("sqlite:");
    // `sqlite:///var/lib/x.db` and `sqlite://x.db` are how other programs write it.
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        return Err("has no path; write it as sqlite:/var/lib/fanfare/fanfare.db".to_owned());
    }
    if path == ":memory:" || path.contains('?') {
        return Err("has options or is in memory, and must be a file that lasts; \
             write it as sqlite:/var/lib/fanfare/fanfare.db"
            .to_owned());
    }
    Ok(PathBuf::from(path))
}
