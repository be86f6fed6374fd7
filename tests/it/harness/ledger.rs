//! A store without a tree: settlements of any kind, at any time, as a worker would make them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use fanfare::clock::Timestamp;
use fanfare::id::{AppId, PublicId, SubscriptionId};
use fanfare::model::{Backlog, EndpointState, Failure, Outcome, Settled, Settlement};
use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DEFAULT_APP, DirectoryChange, Secret};
use fanfare::store::membership::{Authority, Subscribe, SubscribeReply};
use fanfare::store::publish::{Accept, AcceptReply, Accepted};
use fanfare::store::sqlite::SqliteStore;
use fanfare::webpush::message::Content;
use fanfare::webpush::request::Urgency;
use fanfare::webpush::subscription::PushSubscription;
use fanfare::webpush::vapid::VapidKey;
use tempfile::TempDir;

use super::browser::Browser;

/// When it begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// So long after the beginning.
pub(crate) fn after(time: Duration) -> Timestamp {
    START + time
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store and its app.
pub(crate) struct Ledger {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) app: AppId,
    directory: Option<TempDir>,
    browser: Browser,
}

impl Ledger {
    pub(crate) async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&file(&directory)).unwrap());
        create_app(&store, DEFAULT_APP).await;
        Self { directory: Some(directory), ..Self::of(store) }
    }

    /// The same over a store that somebody else has opened.
    pub(crate) fn of(store: Arc<SqliteStore>) -> Self {
        let app = store.directory().apps[DEFAULT_APP].id;
        Self { store, app, directory: None, browser: Browser::new() }
    }

    /// What a process that ends and starts again finds.
    pub(crate) fn reopen(self) -> Self {
        let Self { store, app, directory, browser } = self;
        store.close();
        drop(store);
        let directory = directory.expect("a store of its own");
        let store = Arc::new(SqliteStore::open(&file(&directory)).unwrap());
        Self { store, app, directory: Some(directory), browser }
    }

    /// The database itself, to look at it or to break it.
    pub(crate) fn database(&self) -> SqliteConnection {
        let directory = self.directory.as_ref().expect("a store of its own");
        SqliteConnection::establish(&file(directory).to_string_lossy()).unwrap()
    }

    /// The file that holds what is not in the database's own yet.
    pub(crate) fn write_ahead_log(&self) -> PathBuf {
        let directory = self.directory.as_ref().expect("a store of its own");
        directory.path().join("fanfare.db-wal")
    }

    /// Another app in the same store.
    pub(crate) async fn other_app(&self, name: &str) -> AppId {
        create_app(&self.store, name).await
    }

    /// A browser of an app in `news`, at `https://push.example.net/NUMBER`.
    pub(crate) async fn join(&self, app: AppId, number: usize) -> PublicId {
        match self.store.subscribe(self.joining(app, number)).await.unwrap() {
            SubscribeReply::Subscribed { id, .. } => id,
            refused @ (SubscribeReply::EndpointInUse
            | SubscribeReply::Exclusive(_)
            | SubscribeReply::Full(_)) => panic!("{refused:?}"),
        }
    }

    /// The same, to be changed before it is made.
    pub(crate) fn joining(&self, app: AppId, number: usize) -> Subscribe {
        let endpoint = format!("https://push.example.net/{number}");
        let json = self.browser.subscription_json(&endpoint);
        let parsed = PushSubscription::parse(&json, START).unwrap();
        let vapid_key = self.store.directory().current_vapid_key(app).unwrap().id;
        Subscribe {
            app,
            channels: vec!["news".to_owned()],
            endpoint: parsed.endpoint,
            keys: parsed.keys,
            expires: None,
            vapid_key,
            authority: Authority::ApiKey,
            now: START,
        }
    }

    pub(crate) async fn crowd(&self, app: AppId, count: usize) -> Vec<PublicId> {
        let joins = (0..count).map(|number| self.join(app, number));
        futures_util::future::join_all(joins).await
    }

    /// A publish to `news` that lasts for 28 days.
    pub(crate) async fn publish(&self, app: AppId, now: Timestamp) -> Accepted {
        match self.store.accept(self.publishing(app, now)).await.unwrap() {
            AcceptReply::Accepted { mut items, .. } => items.remove(0),
            refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => {
                panic!("{refused:?}")
            }
        }
    }

    /// The same, to be changed before it is made.
    pub(crate) fn publishing(&self, app: AppId, now: Timestamp) -> Accept {
        Accept {
            app,
            channels: vec!["news".to_owned()],
            content: Content::Raw("text".to_owned().into()),
            send_at: None,
            ttl: 28 * DAY,
            urgency: Urgency::Normal,
            topic: None,
            exclude: Vec::new(),
            idempotency: None,
            now,
        }
    }

    /// What a worker would load.
    pub(crate) async fn load(&self, app: AppId, id: &PublicId, now: Timestamp) -> Backlog {
        let row = self.store.subscription_row(app, id.clone()).await.unwrap().unwrap();
        self.store.load(row.id, now).await.unwrap().unwrap()
    }

    /// The next delivery of a subscription as a settlement, to be changed before it is made.
    pub(crate) async fn settlement(&self, app: AppId, id: &PublicId, now: Timestamp) -> Settlement {
        let backlog = self.load(app, id, now).await;
        let next = &backlog.stretches[0].open[0];
        Settlement {
            subscription: backlog.subscription.id,
            generation: backlog.subscription.generation,
            channel: next.channel,
            seq: next.seq,
            outcome: None,
            endpoint: EndpointState::Untroubled,
            failure: Some(Failure { status: Some(599), reason: "said so".to_owned(), attempts: 1 }),
            now,
        }
    }

    /// The push service says that these are gone.
    pub(crate) async fn go(&self, app: AppId, ids: &[PublicId], now: Timestamp) {
        for id in ids {
            let settlement = self.settlement(app, id, now).await;
            self.settle(Settlement { outcome: Some(Outcome::Gone), ..settlement }).await;
        }
    }

    pub(crate) async fn settle(&self, settlement: Settlement) -> SubscriptionId {
        let id = settlement.subscription;
        assert_eq!(self.store.settle(settlement).await.unwrap(), Settled::Recorded);
        id
    }

    /// Upkeep until there is nothing left to do.
    pub(crate) async fn upkeep(&self, now: Timestamp) {
        while self.store.upkeep(now, 200).await.unwrap() == 200 {}
    }

    /// How many are in `news`.
    pub(crate) async fn members(&self, app: AppId) -> i64 {
        let news = self.store.channel(app, "news".to_owned()).await.unwrap();
        news.map_or(0, |channel| channel.subscribers)
    }
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("fanfare.db")
}

async fn create_app(store: &SqliteStore, name: &str) -> AppId {
    let change = DirectoryChange::CreateApp {
        name: name.to_owned(),
        settings: AppSettings::default(),
        token_secret: Secret(vec![7; 32]),
        vapid_key: VapidKey::generate().unwrap(),
        now: START,
    };
    store.change_directory(change).await.unwrap().unwrap();
    store.directory().apps[name].id
}
