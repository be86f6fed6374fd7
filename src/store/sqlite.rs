//! The embedded store: SQLite in a file of its own directory, one writer (the Journal) and a few readers.
//!
//! A row that a unique key names is read by `get_result`, not by `first`: that one binds a LIMIT, and SQLite prepares a
//! cached statement anew whenever its LIMIT is bound, which takes far longer than the read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::directory::{Conflict, Directory, DirectoryChange};
use super::journal::{Journal, JournalSnapshot};
use super::lasting::Lasting;
use super::membership::{Leave, Replace, ReplaceReply, Subscribe, SubscribeReply};
use super::moving::{Import, Imported};
use super::progress::{Progress, Watch};
use super::publish::{Accept, AcceptReply};
use super::receipt::{Receipt, ReceiptReply};
use super::resend::DEFAULT_REQUEST;
use super::view::{
    ChannelView, FailureView, ListQuery, MemberView, NotificationView, SubscriptionView,
};
use super::work::{ChannelWork, Due, Page, PageQuery, Share, Totals};
use super::{Listener, Store, StoreError, StoreFuture};
use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, Seq, SubscriptionId, VapidKeyId};
use crate::model::{Backlog, Settled, Settlement, Stretch, Subscription};

mod accept;
mod audience;
mod audit;
mod bookings;
mod brake;
mod closing;
pub mod copying;
mod cursor;
mod directory;
mod entry;
pub mod export;
mod fault;
mod idempotency;
mod import;
mod leave;
mod open_log;
pub mod opening;
mod origins;
mod pages;
mod pause;
mod pruning;
mod quarantine;
mod reads;
mod receipts;
mod replace;
mod resend;
mod restore;
mod retention;
mod returning;
mod room;
mod rows;
mod schedule;
mod schema;
mod settle;
mod size;
mod subscribe;
mod upkeep;
mod views;
mod writer;

pub use accept::MAX_OPEN;
use directory::{Step, TornKeys, fresh_directory, read_directory};
use fault::fault;
use open_log::OpenLog;
use opening::{Configure, OpenError, connect, migrate, set_up};
use writer::SqliteWriter;

/// Readers at work at the same time: more would wait for the same two or four cores.
const READERS: u32 = 4;

/// Finished notifications are kept for so long when nobody says otherwise: a week's worth can be looked up.
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// There is a connection for each permit: whoever waits so long for one waits in vain.
const PATIENCE: Duration = Duration::from_secs(2);

type Readers = Pool<ConnectionManager<SqliteConnection>>;

/// The embedded store.
pub struct SqliteStore {
    journal: Arc<Journal<SqliteWriter>>,
    readers: Readers,
    permits: Arc<Semaphore>,
    open_log: Arc<OpenLog>,
    directory: Arc<RwLock<Arc<Directory>>>,
    listener: Arc<RwLock<Option<Listener>>>,
    subscriptions: Arc<AtomicI64>,
    progress: Progress,
    /// In milliseconds, as what follows.
    retention: Arc<AtomicU64>,
    request: AtomicU64,
    reads: Arc<Lasting>,
    file: PathBuf,
}

impl SqliteStore {
    /// Opens the database `file`, makes it if there is none, and starts the Journal.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, TornKeys::Refuse)
    }

    /// As [`SqliteStore::open`], without the VAPID keys that cannot be used: so that they can be put right.
    pub fn open_to_mend(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, TornKeys::LeaveOut)
    }

    fn open_with(path: &Path, torn: TornKeys) -> Result<Self, OpenError> {
        migrate(path)?;
        let mut connection = connect(path)?;
        let fresh = read_directory(&mut connection, torn).map_err(|error| set_up(&error))?;
        let directory = Arc::new(RwLock::new(Arc::new(fresh)));
        let open_log = Arc::new(OpenLog::default());
        let subscriptions = reads::count_subscriptions(&mut connection);
        let subscriptions =
            Arc::new(AtomicI64::new(subscriptions.map_err(|error| set_up(&error))?));
        let listener = Arc::new(RwLock::new(None));
        let progress = Progress::default();
        let file = path.to_string_lossy().into_owned();
        let writer = SqliteWriter::new(
            connection,
            Arc::clone(&open_log),
            Arc::clone(&directory),
            Arc::clone(&listener),
            Arc::clone(&subscriptions),
            progress.clone(),
            format!("{file}-wal").into(),
        );
        let readers = Pool::builder()
            .max_size(READERS)
            // All are opened at the start and kept: a file that cannot be opened later is in nobody's way.
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(PATIENCE)
            .connection_customizer(Box::new(Configure))
            .build(ConnectionManager::new(file))
            .map_err(|error| set_up(&error))?;
        Ok(Self {
            journal: Arc::new(Journal::start(writer).map_err(|error| set_up(&error))?),
            readers,
            permits: Arc::new(Semaphore::new(READERS as usize)),
            open_log,
            directory,
            listener,
            subscriptions,
            progress,
            retention: Arc::new(AtomicU64::new(in_millis(DEFAULT_RETENTION))),
            request: AtomicU64::new(in_millis(DEFAULT_REQUEST)),
            reads: Arc::new(Lasting::new(
                "the store cannot be read: what needs it is answered with 503, and nothing new is handed out",
                "the store can be read again",
            )),
            file: path.to_owned(),
        })
    }

    /// Has `listener` told of each commit from now on, in place of whoever was told before.
    pub fn listen(&self, listener: Listener) {
        *self.listener.write().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    /// How many notifications are watched.
    pub fn watched(&self) -> usize {
        self.progress.watched()
    }

    /// The one crossing from async to sync: a permit first, then a thread, then a connection.
    fn read<R, F>(&self, function: F) -> StoreFuture<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Result<R, StoreError> + Send + 'static,
    {
        let (readers, permits) = (self.readers.clone(), Arc::clone(&self.permits));
        let reads = Arc::clone(&self.reads);
        async move {
            let _permit = permits.acquire().await.map_err(|_| StoreError::Closed)?;
            tokio::task::spawn_blocking(move || {
                let connection =
                    readers.get().map_err(|error| StoreError::Unavailable(error.to_string()));
                let end = connection.and_then(|mut connection| function(&mut connection));
                reads.note(&end);
                end
            })
            .await
            .map_err(|_| StoreError::Closed)?
        }
        .boxed()
    }
}

fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Store for SqliteStore {
    fn accept(&self, command: Accept) -> StoreFuture<AcceptReply> {
        self.journal.change(move |writer| accept::accept(writer, &command))
    }

    fn subscribe(&self, command: Subscribe) -> StoreFuture<SubscribeReply> {
        self.journal.change(move |writer| subscribe::subscribe(writer, &command))
    }

    fn replace(&self, command: Replace) -> StoreFuture<ReplaceReply> {
        self.journal.change(move |writer| replace::replace(writer, &command))
    }

    fn import(&self, command: Import) -> StoreFuture<Vec<Imported>> {
        if command.dry_run {
            let directory = self.directory();
            return self.read(move |connection| import::foresee(connection, &directory, &command));
        }
        self.journal.change(move |writer| import::import(writer, &command))
    }

    fn leave(&self, command: Leave) -> StoreFuture<u64> {
        let journal = Arc::clone(&self.journal);
        async move {
            let mut all = 0;
            loop {
                let command = command.clone();
                let left = journal.change(move |writer| leave::leave(writer, &command)).await?;
                all += left;
                if left < leave::SHARED_LIMIT {
                    return Ok(all);
                }
            }
        }
        .boxed()
    }

    fn cancel(
        &self,
        app: AppId,
        id: PublicId,
        now: Timestamp,
    ) -> StoreFuture<Option<NotificationView>> {
        self.journal.change(move |writer| closing::cancel(writer, app, &id, now))
    }

    fn receipt(&self, command: Receipt) -> StoreFuture<ReceiptReply> {
        self.journal.report(move |writer| receipts::count(writer, &command))
    }

    fn delete_channel(&self, app: AppId, name: String, now: Timestamp) -> StoreFuture<bool> {
        self.journal.change(move |writer| closing::delete_channel(writer, app, &name, now))
    }

    fn upkeep(&self, now: Timestamp, limit: i64) -> StoreFuture<usize> {
        let retention = Duration::from_millis(self.retention.load(Ordering::Relaxed));
        self.journal.change(move |writer| upkeep::upkeep(writer, now, retention, limit))
    }

    fn change_directory(&self, change: DirectoryChange) -> StoreFuture<Result<(), Conflict>> {
        let journal = Arc::clone(&self.journal);
        let change = Arc::new(change);
        let step = move || {
            let change = Arc::clone(&change);
            journal.change(move |writer| directory::change(writer, &change))
        };
        let mut done = step();
        async move {
            loop {
                match done.await? {
                    Step::Done(end) => return Ok(end),
                    Step::More => done = step(),
                }
            }
        }
        .boxed()
    }

    fn settle(&self, settlement: Settlement) -> StoreFuture<Settled> {
        self.journal.settlement(move |writer| settle::settle(writer, &settlement))
    }

    fn stop_waiting(&self, id: SubscriptionId, generation: Generation) -> StoreFuture<()> {
        self.journal
            .settlement(move |writer| settle::stop_waiting(&mut writer.connection, id, generation))
    }

    fn hold_back(&self, id: SubscriptionId, until: Timestamp) -> StoreFuture<()> {
        self.journal.settlement(move |writer| settle::hold_back(&mut writer.connection, id, until))
    }

    fn load(&self, id: SubscriptionId, now: Timestamp) -> StoreFuture<Option<Backlog>> {
        let log = Arc::clone(&self.open_log);
        self.journal.settlement(move |writer| reads::load(&mut writer.connection, &log, id, now))
    }

    fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn stretch(&self, channel: ChannelId, from: Seq, limit: i64) -> StoreFuture<Option<Stretch>> {
        let log = Arc::clone(&self.open_log);
        self.read(move |connection| reads::stretch(connection, &log, channel, from, limit))
    }

    fn page(&self, query: PageQuery) -> StoreFuture<Page> {
        self.read(move |connection| reads::page(connection, &query))
    }

    fn channels_with_work(&self, after: ChannelId, limit: i64) -> StoreFuture<Vec<ChannelWork>> {
        self.read(move |connection| reads::channels_with_work(connection, after, limit))
    }

    fn due(&self, share: Share, after: Option<Due>, limit: i64) -> StoreFuture<Vec<Due>> {
        self.read(move |connection| reads::due(connection, share, after, limit))
    }

    fn totals(&self) -> StoreFuture<Totals> {
        let subscriptions = Arc::clone(&self.subscriptions);
        self.read(move |connection| {
            let pending = reads::pending(connection)?;
            Ok(Totals { subscriptions: subscriptions.load(Ordering::Relaxed), pending })
        })
    }

    fn notification(&self, app: AppId, id: PublicId) -> StoreFuture<Option<NotificationView>> {
        self.read(move |connection| closing::notification_view(connection, app, &id))
    }

    fn watch(&self, id: PublicId) -> Watch {
        self.progress.watch(id)
    }

    fn failures(
        &self,
        app: AppId,
        id: PublicId,
        limit: i64,
    ) -> StoreFuture<Option<Vec<FailureView>>> {
        self.read(move |connection| views::failures(connection, app, &id, limit))
    }

    fn subscription(
        &self,
        app: AppId,
        id: PublicId,
        now: Timestamp,
    ) -> StoreFuture<Option<SubscriptionView>> {
        self.read(move |connection| views::remembered(connection, app, &id, now))
    }

    fn subscription_row(&self, app: AppId, id: PublicId) -> StoreFuture<Option<Arc<Subscription>>> {
        self.read(move |connection| reads::subscription(connection, app, &id))
    }

    fn vapid_key_uses(&self, app: AppId) -> StoreFuture<Vec<(VapidKeyId, i64)>> {
        self.read(move |connection| views::vapid_key_uses(connection, app))
    }

    fn members(&self, query: ListQuery) -> StoreFuture<Vec<MemberView>> {
        self.read(move |connection| views::members(connection, &query))
    }

    fn channels(&self, query: ListQuery) -> StoreFuture<Vec<ChannelView>> {
        self.read(move |connection| views::channels(connection, &query))
    }

    fn channel(&self, app: AppId, name: String) -> StoreFuture<Option<ChannelView>> {
        self.read(move |connection| views::channel_view(connection, app, &name))
    }

    fn channel_log(&self, query: ListQuery) -> StoreFuture<Vec<NotificationView>> {
        self.read(move |connection| views::channel_log(connection, &query))
    }

    fn scheduled(&self, query: ListQuery) -> StoreFuture<Vec<NotificationView>> {
        self.read(move |connection| schedule::list(connection, &query))
    }

    fn close(&self) {
        *self.listener.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.journal.close();
    }

    fn is_writable(&self) -> bool {
        self.journal.is_writable()
    }

    fn journal(&self) -> JournalSnapshot {
        self.journal.snapshot()
    }
}
