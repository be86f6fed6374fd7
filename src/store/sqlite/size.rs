//! How large the database's files are, and what is free beside them.

use std::path::Path;

use futures_util::FutureExt;

use super::SqliteStore;
use crate::store::size::{Measure, StoreSize};
use crate::store::{StoreError, StoreFuture};

impl Measure for SqliteStore {
    fn size(&self) -> StoreFuture<StoreSize> {
        let file = self.file.clone();
        // No reader is needed for it, and none is to wait for a disk that hangs.
        let measure = move || measure(&file);
        async { tokio::task::spawn_blocking(measure).await.map_err(|_| StoreError::Closed)? }
            .boxed()
    }
}

/// Measures them. The log beside a database that is not open is not there.
fn measure(database: &Path) -> Result<StoreSize, StoreError> {
    let gone = |error: std::io::Error| {
        StoreError::Unavailable(format!("the database's file cannot be measured: {error}"))
    };
    let wal = format!("{}-wal", database.to_string_lossy());
    let disk = rustix::fs::statvfs(database).ok();
    Ok(StoreSize {
        kind: "sqlite",
        database_bytes: std::fs::metadata(database).map_err(gone)?.len(),
        wal_bytes: std::fs::metadata(wal).map_or(0, |file| file.len()),
        free_bytes: disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        disk_bytes: disk.as_ref().map(|disk| disk.f_blocks.saturating_mul(disk.f_frsize)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_as_large_as_they_are_and_one_that_is_not_there_is_no_size() {
        let folder = tempfile::tempdir().unwrap();
        let (database, wal) = (folder.path().join("db"), folder.path().join("db-wal"));
        assert!(measure(&database).is_err());
        std::fs::write(&database, [0; 4096]).unwrap();
        let alone = measure(&database).unwrap();
        assert_eq!((alone.database_bytes, alone.wal_bytes), (4096, 0));
        std::fs::write(&wal, [0; 32]).unwrap();
        let both = measure(&database).unwrap();
        assert_eq!((both.database_bytes, both.wal_bytes), (4096, 32));
        assert!(both.free_bytes.unwrap() <= both.disk_bytes.unwrap());
        assert!(both.disk_bytes.unwrap() > 4096, "{both:?}");
    }
}
