//! The connection that writes: transactions, what is put off to their end, and the checkpoints between them.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::bookings::Bookings;
use super::open_log::OpenLog;
use super::pause::Places;
use super::quarantine::Alert;
use super::receipts::Tally;
use super::schema::app;
use super::{fault, fresh_directory};
use crate::id::{AppId, PublicId};
use crate::store::directory::{App, Directory};
use crate::store::journal;
use crate::store::lasting::Lasting;
use crate::store::progress::Progress;
use crate::store::{Committed, Listener, StoreError};

/// The write-ahead log is folded into the database at this size. Automatic checkpoints are off: they would run
/// inside a commit, with an accept waiting for it.
const CHECKPOINT_BYTES: u64 = 16 << 20;

/// How long a checkpoint may wait for readers; they read a page at a time, so the next try will do.
const CHECKPOINT_PATIENCE_MS: u32 = 20;

/// How long a write waits for another process's lock. Only somebody who opens the file by hand could hold one: what such a
/// shell writes takes less, and whoever waits for an accept had better hear soon that there is none.
const BUSY_TIMEOUT_MS: u32 = 1_000;

/// What a probe writes: more than a batch does. 256 changes with 4 kB each are 1 MB, and so are settlements of 5 ms, at 7 kB
/// of log each. A disk with less to spare would take a smaller probe and refuse the next batch, again and again.
const PROBE_BYTES: u32 = 2 << 20;

/// The connection that writes.
pub(super) struct SqliteWriter {
    pub(super) connection: SqliteConnection,
    pub(super) bookings: Bookings,
    pub(super) receipts: Tally,
    pub(super) open_log: Arc<OpenLog>,
    directory: Arc<RwLock<Arc<Directory>>>,
    directory_changed: bool,
    /// The directory as this transaction leaves it.
    fresh: Option<Directory>,
    events: Vec<Committed>,
    told: HashSet<Committed>,
    closings: Vec<(i64, i64)>,
    progress: Progress,
    progressed: Vec<PublicId>,
    /// How far the channels that nobody is in have been looked through. Only a hint: from the start will do.
    pub(super) idle_channels_seen_to: i64,
    /// When those come back whose push service was resumed.
    pub(super) places: Places,
    alerts: Vec<Alert>,
    subscriptions: Arc<AtomicI64>,
    /// By app.
    subscription_changes: BTreeMap<i64, i64>,
    listener: Arc<RwLock<Option<Listener>>>,
    wal: PathBuf,
    checkpoint_at: u64,
    checkpoints: Lasting,
}

impl SqliteWriter {
    pub(super) fn new(
        connection: SqliteConnection,
        open_log: Arc<OpenLog>,
        directory: Arc<RwLock<Arc<Directory>>>,
        listener: Arc<RwLock<Option<Listener>>>,
        subscriptions: Arc<AtomicI64>,
        progress: Progress,
        wal: PathBuf,
    ) -> Self {
        Self {
            connection,
            bookings: Bookings::default(),
            receipts: Tally::default(),
            open_log,
            directory,
            directory_changed: false,
            fresh: None,
            events: Vec::new(),
            told: HashSet::new(),
            closings: Vec::new(),
            progress,
            progressed: Vec::new(),
            idle_channels_seen_to: 0,
            places: Places::default(),
            alerts: Vec::new(),
            subscriptions,
            subscription_changes: BTreeMap::new(),
            listener,
            wal,
            checkpoint_at: CHECKPOINT_BYTES,
            checkpoints: Lasting::new(
                "the write-ahead log cannot be folded into the database: it grows until it can",
                "the write-ahead log has been folded into the database",
            ),
        }
    }

    /// An app as the last commit left it, or as this transaction has changed it.
    pub(super) fn app(&mut self, id: AppId) -> Result<Arc<App>, StoreError> {
        let missing = || StoreError::Unavailable("the app has been deleted".to_owned());
        if self.directory_changed {
            return fresh_directory(&mut self.connection)?.app(id).cloned().ok_or_else(missing);
        }
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner);
        directory.app(id).cloned().ok_or_else(missing)
    }

    /// Tells the listener, once this transaction is on disk.
    pub(super) fn after_commit(&mut self, event: Committed) {
        if self.told.insert(event) {
            self.events.push(event);
        }
    }

    /// Counts a subscription of an app that came (1) or went (-1).
    pub(super) fn count_subscription(&mut self, app: i64, change: i64) {
        *self.subscription_changes.entry(app).or_default() += change;
    }

    /// By how many an app's subscriptions have grown in this transaction.
    pub(super) fn uncommitted_subscriptions(&self, app: i64) -> i64 {
        self.subscription_changes.get(&app).copied().unwrap_or_default()
    }

    /// One row for each app, and last: everyone who subscribes needs it.
    fn write_subscription_counts(&mut self) -> Result<(), StoreError> {
        for (id, change) in self.subscription_changes.iter().filter(|(_, change)| **change != 0) {
            diesel::update(app::table.find(id))
                .set(app::subscriptions.eq(app::subscriptions + change))
                .execute(&mut self.connection)
                .map_err(fault)?;
        }
        Ok(())
    }

    /// Marks a notification as closed for whoever holds it, once this transaction is on disk.
    pub(super) fn close_after_commit(&mut self, channel: i64, seq: i64) {
        self.closings.push((channel, seq));
    }

    /// Tells whoever watches a notification, once this transaction is on disk.
    pub(super) fn changed_after_commit(&mut self, id: PublicId) {
        self.progressed.push(id);
    }

    /// Calls for an operator, once this transaction is on disk.
    pub(super) fn alert_after_commit(&mut self, alert: Alert) {
        self.alerts.push(alert);
    }

    /// Reads the directory anew, once this transaction is on disk.
    pub(super) fn directory_has_changed(&mut self) {
        self.directory_changed = true;
    }

    /// Writes the counters that were put off, so that what follows reads them as they are.
    pub(super) fn flush_bookings(&mut self) -> Result<(), StoreError> {
        let bookings = std::mem::take(&mut self.bookings);
        bookings.write(self)
    }

    fn forget(&mut self) {
        self.bookings = Bookings::default();
        self.receipts = Tally::default();
        self.directory_changed = false;
        self.fresh = None;
        self.events.clear();
        self.told.clear();
        self.closings.clear();
        self.progressed.clear();
        self.subscription_changes.clear();
        self.alerts.clear();
    }

    fn tell(&self, event: Committed) {
        let listener = self.listener.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener.as_ref() {
            listener(event);
        }
    }

    /// Folds the log into the database; `false` when a reader was in the way.
    fn checkpoint(&mut self) -> Result<bool, StoreError> {
        let pragma = format!("PRAGMA busy_timeout = {CHECKPOINT_PATIENCE_MS}");
        self.connection.batch_execute(&pragma).map_err(fault)?;
        let end = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)")
            .get_result::<Checkpoint>(&mut self.connection)
            .map_err(fault);
        let pragma = format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}");
        self.connection.batch_execute(&pragma).map_err(fault)?;
        Ok(end?.busy == 0)
    }
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

impl journal::Writer for SqliteWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.forget();
        self.connection.batch_execute("BEGIN IMMEDIATE").map_err(fault)
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.flush_bookings()?;
        std::mem::take(&mut self.receipts).write(&mut self.connection)?;
        self.write_subscription_counts()?;
        if self.directory_changed {
            // Before the commit: a directory that cannot be read afterwards would leave the earlier one in force.
            self.fresh = Some(fresh_directory(&mut self.connection)?);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.connection.batch_execute("COMMIT").map_err(fault)
    }

    fn rollback(&mut self) {
        self.forget();
        // It fails when SQLite has rolled back by itself, as it does when the disk is full.
        let _ = self.connection.batch_execute("ROLLBACK");
    }

    fn committed(&mut self) {
        for (channel, seq) in std::mem::take(&mut self.closings) {
            self.open_log.close(channel, seq);
        }
        if !self.progressed.is_empty() {
            self.progress.mark(self.progressed.drain(..));
        }
        std::mem::take(&mut self.alerts).iter().for_each(Alert::log);
        let changes = std::mem::take(&mut self.subscription_changes);
        self.subscriptions.fetch_add(changes.values().sum(), Ordering::Relaxed);
        if let Some(fresh) = self.fresh.take() {
            *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        }
        for event in std::mem::take(&mut self.events) {
            self.tell(event);
        }
    }

    fn rest(&mut self) {
        let size = std::fs::metadata(&self.wal).map(|file| file.len()).unwrap_or(0);
        if size < self.checkpoint_at {
            return;
        }
        let end = self.checkpoint();
        self.checkpoints.note(&end);
        self.checkpoint_at = match end {
            Ok(true) => CHECKPOINT_BYTES,
            // What is in the log is safe there: again when it has grown by a quarter more. A backup reads for minutes, and
            // each try costs the writer its patience.
            Ok(false) | Err(_) => size + size / 4,
        };
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        let probe =
            format!("REPLACE INTO meta (key, value) VALUES ('probe', zeroblob({PROBE_BYTES}))");
        self.connection.batch_execute(&probe).map_err(fault)
    }

    fn writable(&mut self, writable: bool) {
        if writable {
            // Its pages are free for what comes. If it cannot be deleted now, the next one is.
            let _ = self.connection.batch_execute("DELETE FROM meta WHERE key = 'probe'");
        }
        self.tell(Committed::Writable(writable));
    }
}

/// Settings of every connection: readers and the writer see the same database in the same way.
pub(super) fn configure(connection: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;"
    ))
}
