//! The real store, the tree without actors, the reference, and what happens to all three.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::clock::Timestamp;
use fanfare::delivery::retry::RetryPolicy;
use fanfare::id::{AppId, ChannelId, VapidKeyId};
use fanfare::store::directory::{AppSettings, DEFAULT_APP, DirectoryChange, Secret};
use fanfare::store::sqlite::SqliteStore;
use fanfare::store::{Committed, Store};
use fanfare::webpush::vapid::VapidKey;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::asked::Op;
use super::reference::Reference;
use super::tree::{Doing, Mail, Tree};
use crate::harness::browser::Browser;

mod changing;
mod quiet;
mod resending;
mod rows;
mod sweeping;
mod working;

/// The time at which everything begins.
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// How often each thing happened, over all cases.
pub(super) type Figures = BTreeMap<String, u64>;

pub(super) struct World {
    directory: TempDir,
    lives: usize,
    store: SqliteStore,
    look: SqliteConnection,
    /// SQLite's number of what it last showed.
    version: i64,
    heard: Arc<Mutex<Vec<Committed>>>,
    app: AppId,
    vapid_key: VapidKeyId,
    retry: RetryPolicy,
    rng: StdRng,
    tree: Tree,
    reference: Reference,
    pub(super) figures: Figures,
}

/// Memory, where there is a directory for it: the disk's patience is another test's matter.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = memory.is_dir().then(|| tempfile::tempdir_in(memory)).and_then(Result::ok);
    made.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

/// A database with an app and nothing else.
pub(super) async fn template() -> Vec<u8> {
    let directory = directory();
    let file = directory.path().join("fanfare.db");
    let store = SqliteStore::open(&file).unwrap();
    let change = DirectoryChange::CreateApp {
        name: DEFAULT_APP.to_owned(),
        settings: AppSettings::default(),
        token_secret: Secret(vec![7; 32]),
        vapid_key: VapidKey::generate().unwrap(),
        now: BEGIN,
    };
    store.change_directory(change).await.unwrap().unwrap();
    let mut connection = connect(&file);
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    std::fs::read(&file).unwrap()
}

fn connect(file: &Path) -> SqliteConnection {
    SqliteConnection::establish(&file.to_string_lossy()).unwrap()
}

/// Two browsers' keys.
fn keys(index: usize) -> &'static Browser {
    static BROWSERS: OnceLock<[Browser; 2]> = OnceLock::new();
    &BROWSERS.get_or_init(|| [Browser::new(), Browser::new()])[index]
}

/// Opens a store whose commits are heard.
fn open(file: &Path) -> (SqliteStore, Arc<Mutex<Vec<Committed>>>) {
    let store = SqliteStore::open(file).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&heard);
    // How long what has ended is kept is another test's matter.
    store.keep_finished_for(Duration::from_secs(10 * 365 * 24 * 3600));
    store.listen(Box::new(move |event| hear.lock().unwrap().push(event)));
    (store, heard)
}

impl World {
    pub(super) fn new(template: &[u8]) -> Self {
        let directory = directory();
        let file = directory.path().join("0.db");
        std::fs::write(&file, template).unwrap();
        let (store, heard) = open(&file);
        let found = store.directory();
        let app = found.apps[DEFAULT_APP].id;
        Self {
            look: connect(&file),
            version: 0,
            vapid_key: found.current_vapid_key(app).unwrap().id,
            app,
            directory,
            lives: 0,
            store,
            heard,
            retry: RetryPolicy::try_new(Duration::from_secs(1), Duration::from_secs(60), Some(6))
                .unwrap(),
            rng: StdRng::seed_from_u64(7),
            tree: Tree::default(),
            reference: Reference { now: BEGIN, ..Reference::default() },
            figures: Figures::new(),
        }
    }

    fn now(&self) -> Timestamp {
        self.reference.now
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.figures.entry(what.into()).or_default() += 1;
    }

    /// Something happens; then everything that the tables say is compared with what must be true.
    pub(super) async fn perform(&mut self, op: Op) {
        self.reference.now = self.reference.now + Duration::from_millis(1);
        match op {
            Op::Change(change) => self.change(change).await,
            Op::Together(changes) => self.together(changes).await,
            Op::WithResults(change) => self.with_results(change).await,
            Op::Resend { which } => self.resend(which).await,
            Op::Mail => self.mail(),
            Op::Sweep { channel, steps } => self.sweep(channel, steps).await,
            Op::Work { who, answer, steps, mail } => {
                if mail {
                    self.mail();
                }
                self.work(who, answer, steps).await;
            }
            Op::LookWhoIsDue => drop(self.look_who_is_due().await),
            Op::Wait(span) => {
                self.count("wait");
                self.reference.now = self.reference.now + span;
            }
            Op::EndIdle { who } => self.end_idle(who),
            Op::Panic { who } => self.panic(who),
            Op::Crash => self.crash(),
        }
        self.hear();
        if self.has_been_written() {
            self.check();
        }
    }

    fn has_been_written(&mut self) -> bool {
        let version = self.data_version();
        std::mem::replace(&mut self.version, version) != version
    }

    fn mail(&mut self) {
        let now = self.now();
        if self.tree.deliver(now) {
            self.count("mail");
        }
    }

    /// What was committed is on its way to whom it concerns.
    fn hear(&mut self) {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        for event in heard {
            match event {
                Committed::SubscriptionChanged(id) => self.tree.mail.push_back(Mail::Changed(id)),
                Committed::Accepted(_) => {}
                Committed::PausesChanged => self.tree.pauses_changed(self.paused()),
                Committed::Writable(_) => panic!("a commit failed"),
            }
        }
    }

    /// The channels that pause, as the store says.
    fn paused(&self) -> BTreeSet<ChannelId> {
        self.store.directory().pauses.channels.keys().copied().collect()
    }

    fn end_idle(&mut self, who: usize) {
        let now = self.now();
        let idle = self.tree.workers.iter();
        let idle =
            idle.filter(|(_, worker)| matches!(worker.doing, Doing::Resting | Doing::Waiting));
        let ids: Vec<_> = idle.map(|(id, _)| *id).collect();
        if !ids.is_empty() {
            self.count("end idle");
            self.tree.exit(ids[who % ids.len()], now);
        }
    }

    fn panic(&mut self, who: usize) {
        let busy = self.tree.workers.iter().filter(|(_, worker)| worker.is_busy());
        let ids: Vec<_> = busy.map(|(id, _)| *id).collect();
        if !ids.is_empty() {
            self.count("panic");
            let id = ids[who % ids.len()];
            self.reference.lose_results(self.reference.of_row(id.0));
            let now = self.now();
            self.tree.panic(id, now);
        }
    }

    /// What is in memory is gone; what is on disk is there, as it is at this very moment.
    fn crash(&mut self) {
        self.count("crash");
        self.reference.lose_results(None);
        self.tree = Tree::default();
        let path = |life: usize, what: &str| -> PathBuf {
            self.directory.path().join(format!("{life}.db{what}"))
        };
        let (before, after) = (self.lives, self.lives + 1);
        for what in ["", "-wal"] {
            if path(before, what).exists() {
                std::fs::copy(path(before, what), path(after, what)).unwrap();
            }
        }
        let file = path(after, "");
        (self.store, self.heard) = open(&file);
        self.look = connect(&file);
        self.version = 0;
        self.lives = after;
        self.tree.paused = self.paused();
    }
}
