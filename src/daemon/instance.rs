//! One daemon per data directory: its lock, its permissions, its socket.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::config::storage::{Database, StorageConfig};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::opening::{self, OpenError};

use super::{DaemonError, system};

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
    /// Somebody else uses it.
    #[error(
        "data_dir {0} is used by another fanfare: stop that one first, or choose another with --data-dir"
    )]
    InUse(PathBuf),
    /// Others can read it.
    #[error("data_dir {0} can be read by other users, and it holds keys: run `chmod 700 {0}`")]
    Open(PathBuf),
}

/// The data directory, locked for this process.
pub(super) struct Instance {
    directory: PathBuf,
    database: PathBuf,
    socket: PathBuf,
    /// Held as long as the process uses the directory.
    _lock: File,
}

impl Instance {
    /// Makes the directory if there is none, and takes its lock.
    pub(super) fn take(storage: &StorageConfig) -> Result<Self, InstanceError> {
        let directory = storage.data_dir.clone();
        let failed = |error| InstanceError::Directory { directory: directory.clone(), error };
        if !directory.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(failed)?;
        }
        let mode = fs::metadata(&directory).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(InstanceError::Open(directory));
        }
        let lock = private_file(&directory.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(InstanceError::InUse(directory)),
            Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let Database::Sqlite(database) = &storage.database;
        Ok(Self {
            database: database.clone(),
            socket: storage.control_socket(),
            directory,
            _lock: lock,
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

    /// Opens the database, which nobody else can read: SQLite gives its side files the same permissions.
    pub(super) fn open_store(&self) -> Result<SqliteStore, DaemonError> {
        private_file(&self.database).map_err(system("creating the database"))?;
        Ok(SqliteStore::open(&self.database)?)
    }

    /// Brings the database up to date; answers the migrations that ran.
    pub(super) fn migrate(&self) -> Result<Vec<String>, OpenError> {
        if let Err(error) = private_file(&self.database) {
            return Err(OpenError::SetUp(error.to_string()));
        }
        opening::migrate(&self.database)
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

/// Opens a file that only this user can read, or makes it.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}
