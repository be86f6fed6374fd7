//! How much room the store takes, and how much there is.

use super::StoreFuture;

/// The part of the store that knows its files.
pub trait Measure {
    /// How much room they take, and how much they have. A disk that hangs does not answer this.
    fn size(&self) -> StoreFuture<StoreSize>;
}

/// The store's files and their disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreSize {
    /// What kind of store it is.
    pub kind: &'static str,
    /// The database itself.
    pub database_bytes: u64,
    /// What has been written and is not folded into it yet.
    pub wal_bytes: u64,
    /// What is free for us on its disk, where that can be asked.
    pub free_bytes: Option<u64>,
    /// The size of its disk.
    pub disk_bytes: Option<u64>,
}
