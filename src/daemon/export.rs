//! Exporting subscriptions: read by this process itself beside whichever daemon runs, so that endpoints and keys go
//! through no socket.

use std::io::{self, Write};

use super::backup::BackupError;
use crate::config::storage::{Database, StorageConfig};
use crate::store::sqlite::export::{ExportError as ReadError, Exporter};

/// Why an export is not whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing is there.
    #[error(transparent)]
    NoDatabase(BackupError),
    /// The database has no such thing, or cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// An export that is about to be written.
pub struct Export(Exporter);

impl Export {
    /// Begins an export of an app's subscriptions, or of one channel's.
    pub fn begin(
        storage: &StorageConfig,
        app: &str,
        channel: Option<&str>,
    ) -> Result<Self, ExportError> {
        let Database::Sqlite(database) = &storage.database;
        if !database.exists() {
            return Err(ExportError::NoDatabase(BackupError::NoDatabase(database.clone())));
        }
        Ok(Self(Exporter::open(database, app, channel)?))
    }

    /// About how many there are.
    pub fn count(&self) -> u64 {
        self.0.count()
    }

    /// Writes one line for each, and says after each page how many there were; answers how many there are.
    pub fn write(mut self, to: &mut dyn Write, progress: impl Fn(u64)) -> Result<u64, ExportError> {
        let mut count = 0;
        loop {
            let page = self.0.page()?;
            if page.is_empty() {
                to.flush()?;
                return Ok(count);
            }
            for subscription in &page {
                serde_json::to_writer(&mut *to, subscription).map_err(io::Error::from)?;
                to.write_all(b"\n")?;
            }
            count += page.len() as u64;
            progress(count);
        }
    }
}
