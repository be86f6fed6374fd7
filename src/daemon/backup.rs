//! A backup of the database, made beside the daemon that uses it: by this process itself, so that keys and endpoints go
//! through no socket, and the daemon goes on.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::draft::{Draft, DraftError};
use crate::config::storage::{Database, StorageConfig};
use crate::store::sqlite::copying::{self, CopyError, Original};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is there.
    #[error("there is no database at {}: name the daemon's data directory with --data-dir", .0.display())]
    NoDatabase(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The output cannot be written.
    #[error("the backup cannot be written to standard output: {0}")]
    Stream(io::Error),
    /// The database could not be copied, or the copy is not whole.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// A backup that is about to be made.
pub struct Backup {
    original: Original,
    draft: Draft,
}

impl Backup {
    /// Begins a backup of the database in `storage`, to `target`.
    pub fn begin(storage: &StorageConfig, target: &Path, force: bool) -> Result<Self, BackupError> {
        let Database::Sqlite(database) = &storage.database;
        if !database.exists() {
            return Err(BackupError::NoDatabase(database.clone()));
        }
        let original = Original::open(database)?;
        Ok(Self { original, draft: Draft::begin(target, force, database)? })
    }

    /// Begins a backup that gets no name: it goes to [`Backup::stream`], once it is whole.
    pub fn begin_unnamed(storage: &StorageConfig) -> Result<Self, BackupError> {
        let Database::Sqlite(database) = &storage.database;
        Self::begin(storage, &database.with_extension("streamed"), true)
    }

    /// How many bytes it will have at most, and the file that grows towards that.
    pub fn size(&mut self) -> Result<(u64, PathBuf), BackupError> {
        Ok((self.original.size()?, self.draft.path().to_owned()))
    }

    /// Copies, checks the copy, and only then gives it its name; answers how many bytes it has.
    pub fn make(mut self) -> Result<u64, BackupError> {
        let bytes = self.copy()?;
        self.draft.publish()?;
        Ok(bytes)
    }

    /// Copies, checks the copy, and writes it to `to`.
    pub fn stream(mut self, to: &mut (dyn Write + '_)) -> Result<u64, BackupError> {
        self.copy()?;
        let file = File::open(self.draft.path());
        let bytes =
            file.and_then(|mut file| io::copy(&mut file, to)).map_err(BackupError::Stream)?;
        to.flush().map_err(BackupError::Stream)?;
        Ok(bytes)
    }

    fn copy(&mut self) -> Result<u64, BackupError> {
        self.original.copy_to(self.draft.path())?;
        copying::check(self.draft.path())?;
        Ok(self.draft.file().metadata().map_or(0, |file| file.len()))
    }
}
