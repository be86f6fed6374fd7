//! One daemon per data directory: its lock, its permissions, its socket. What is refused is refused before anything is
//! changed, but for a directory that is not there.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::config::storage::{Database, StorageConfig};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::opening::{self, OpenError};

use super::{DaemonError, system};

/// Everything that others may do with a file.
const OTHERS: u32 = 0o077;

/// What its owner must be able to do with a directory.
const OWNER: u32 = 0o700;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// It cannot be made or opened.
    #[error(
        "data_dir {directory}: {error}; choose a directory that this user can write, with --data-dir"
    )]
    Directory {
        /// Which.
        directory: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Its disk is full.
    #[error(
        "data_dir {0}: its disk is full; free some space on it, or choose another with --data-dir"
    )]
    Full(PathBuf),
    /// Something else has its name.
    #[error(
        "data_dir {0} is not a directory: move what is there away, or choose another with --data-dir"
    )]
    NoDirectory(PathBuf),
    /// Somebody else uses it.
    #[error(
        "{what} is used by another fanfare{holder}: stop that one first, or choose another with --data-dir"
    )]
    InUse {
        /// What.
        what: String,
        /// Who.
        holder: Holder,
    },
    /// It belongs to another user.
    #[error(
        "data_dir {directory} belongs to user {owner}, and this is user {user}: run fanfare as that user or choose another \
         with --data-dir; or, if nothing else is in it, `chown -R {user} {directory}`"
    )]
    Foreign {
        /// Which.
        directory: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// Others can read it.
    #[error("data_dir {0} can be read by other users, and it holds keys: run `chmod 700 {0}`")]
    Open(PathBuf),
    /// Its owner may not write it.
    #[error("data_dir {0} cannot be written: run `chmod 700 {0}`")]
    ReadOnly(PathBuf),
    /// Others can read the database, which is elsewhere.
    #[error("the database {0} can be read by other users, and it holds keys: run `chmod 600 {0}`")]
    OpenDatabase(PathBuf),
}

/// The process that has a lock, when it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |process| write!(f, " (process {process})"))
    }
}

/// The data directory, locked for this process.
pub(super) struct Instance {
    directory: PathBuf,
    database: PathBuf,
    socket: PathBuf,
    /// Held as long as the process uses the directory; and the database, when that is elsewhere.
    _locks: Vec<File>,
}

impl Instance {
    /// Makes the directory if there is none, and takes its lock.
    pub(super) fn take(storage: &StorageConfig) -> Result<Self, InstanceError> {
        let directory = storage.data_dir.clone();
        let failed = |error| InstanceError::Directory { directory: directory.clone(), error };
        let Database::Sqlite(database) = &storage.database;
        match fs::metadata(&directory) {
            Ok(metadata) => check_directory(&directory, &metadata)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(OWNER).create(&directory).map_err(failed)?;
            }
            // A file in the place of one of its parents.
            Err(error) => return Err(failed(error)),
        }
        let mut locks = vec![take_lock(&directory, &directory.join("lock"), "data_dir")?];
        if !database.starts_with(&directory) {
            if fs::metadata(database).is_ok_and(|file| file.permissions().mode() & OTHERS != 0) {
                return Err(InstanceError::OpenDatabase(database.clone()));
            }
            // Two data directories may name one database.
            let mut lock = database.clone().into_os_string();
            lock.push(".lock");
            locks.push(take_lock(database, Path::new(&lock), "the database")?);
        }
        Ok(Self {
            database: database.clone(),
            socket: storage.control_socket(),
            directory,
            _locks: locks,
        })
    }

    /// The data directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The database.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// Says why the database cannot be served from, before anything in it is changed.
    pub(super) fn examine(&self) -> Result<(), OpenError> {
        opening::examine_keys(&self.database)
    }

    /// Opens the database, which nobody else can read: SQLite gives its side files the same permissions.
    pub(super) fn open_store(&self) -> Result<SqliteStore, DaemonError> {
        self.make_database()?;
        Ok(SqliteStore::open(&self.database)?)
    }

    /// Opens the database for a command, which may be there to mend it.
    pub(super) fn open_store_to_mend(&self) -> Result<SqliteStore, DaemonError> {
        self.make_database()?;
        Ok(SqliteStore::open_to_mend(&self.database)?)
    }

    /// Brings the database up to date; answers the migrations that ran.
    pub(super) fn migrate(&self) -> Result<Vec<String>, OpenError> {
        self.make_database()?;
        opening::migrate(&self.database)
    }

    /// What cannot be opened stays as it is, with its permissions.
    fn make_database(&self) -> Result<(), OpenError> {
        opening::examine(&self.database)?;
        private_file(&self.database).map(drop).map_err(|error| {
            OpenError::Connect(format!("unable to open {}: {error}", self.database.display()))
        })
    }

    /// The control socket: who can open it is the instance's admin, so only this user can.
    pub(super) fn control_socket(&self) -> Result<UnixListener, DaemonError> {
        // One that is there is a dead daemon's: a living one would hold the lock.
        match fs::remove_file(&self.socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(system("removing an old control socket")(error));
            }
            Ok(()) | Err(_) => {}
        }
        let listener =
            UnixListener::bind(&self.socket).map_err(system("making the control socket"))?;
        fs::set_permissions(&self.socket, Permissions::from_mode(0o600))
            .map_err(system("closing the control socket to others"))?;
        Ok(listener)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A command that finds a socket would take it for a living daemon's and be refused.
        let _ = fs::remove_file(&self.socket);
    }
}

fn check_directory(directory: &Path, metadata: &Metadata) -> Result<(), InstanceError> {
    if !metadata.is_dir() {
        return Err(InstanceError::NoDirectory(directory.to_owned()));
    }
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    // Root could use it all the same, and would leave files behind that its owner cannot.
    if owner != user {
        return Err(InstanceError::Foreign { directory: directory.to_owned(), owner, user });
    }
    let mode = metadata.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(InstanceError::Open(directory.to_owned()));
    }
    if mode & OWNER != OWNER {
        return Err(InstanceError::ReadOnly(directory.to_owned()));
    }
    Ok(())
}

/// Takes a lock, which ends with the process however that does, and notes in it who has it.
fn take_lock(what: &Path, file: &Path, name: &str) -> Result<File, InstanceError> {
    let failed = |error: io::Error| {
        if error.kind() == ErrorKind::StorageFull {
            return InstanceError::Full(what.to_owned());
        }
        InstanceError::Directory { directory: what.to_owned(), error }
    };
    let mut lock = private_file(file).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = lock.read_to_string(&mut text).ok();
            let holder = Holder(read.and_then(|_| text.trim().parse().ok()));
            return Err(InstanceError::InUse {
                what: format!("{name} {}", what.display()),
                holder,
            });
        }
        Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
    }
    lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(failed)?;
    Ok(lock)
}

/// Opens a file that only this user can read, or makes it; one that others could read is closed to them.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(mode & 0o700))?;
    }
    Ok(file)
}
