//! A store and a tree that delivers, without the API before them: what a test of delivery needs.

#[path = "house/joining.rs"]
mod joining;
#[path = "house/way_out.rs"]
mod way_out;

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fanfare::clock::{Clock, Timestamp};
use fanfare::delivery::retry::RetryPolicy;
use fanfare::id::{AppId, PublicId, VapidKeyId};
use fanfare::metrics::{ActorKind, Metrics};
use fanfare::model::Outcome;
use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DEFAULT_APP, DirectoryChange, Secret};
use fanfare::store::publish::{Accept, AcceptReply, Accepted};
use fanfare::store::sqlite::SqliteStore;
use fanfare::store::view::NotificationView;
use fanfare::tree::observe::kin::Children;
use fanfare::tree::observe::row::Row;
use fanfare::tree::observe::selection::Query;
use fanfare::tree::{MakePush, Tree, TreeOptions, TreeParts};
use fanfare::webpush::encrypt;
use fanfare::webpush::message::Content;
use fanfare::webpush::request::Urgency;
use fanfare::webpush::vapid::{Subject, VapidKey, VapidSigner};
use tempfile::TempDir;

pub(crate) use self::way_out::way_out;
use super::browser::Browser;
use super::push_service::PushService;

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often a condition is looked at. Nothing depends on it: it only spares the machine.
const LOOK: Duration = Duration::from_millis(5);

/// A store and a tree.
pub(crate) struct House {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) tree: Tree,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) app: AppId,
    vapid_key: VapidKeyId,
    directory: Arc<TempDir>,
}

/// Retries that a test need not wait long for.
pub(crate) fn quick_retries() -> RetryPolicy {
    RetryPolicy::try_new(Duration::from_millis(10), Duration::from_millis(80), None).unwrap()
}

fn options() -> TreeOptions {
    TreeOptions {
        arbiters: NonZeroUsize::new(2).unwrap(),
        retry: quick_retries(),
        ..TreeOptions::default()
    }
}

impl House {
    /// A house whose pushes reach `service`.
    pub(crate) async fn start(service: &PushService) -> Self {
        Self::with(&[service], |_| ()).await
    }

    /// The same with several services and other numbers.
    pub(crate) async fn with(
        services: &[&PushService],
        change: impl FnOnce(&mut TreeOptions),
    ) -> Self {
        Self::with_push(way_out(services), change).await
    }

    /// Ends the tree and starts another on the same store.
    pub(crate) async fn restart(self, service: &PushService) -> Self {
        self.tree.stop().await;
        let directory = self.directory;
        self.store.close();
        Self::move_in(directory, way_out(&[service]), |_| ()).await
    }

    /// The same with another way out.
    pub(crate) async fn with_push(push: MakePush, change: impl FnOnce(&mut TreeOptions)) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        Self::move_in(directory, push, change).await
    }

    async fn move_in(
        directory: Arc<TempDir>,
        push: MakePush,
        change: impl FnOnce(&mut TreeOptions),
    ) -> Self {
        encrypt::install();
        let mut options = options();
        change(&mut options);
        let store = Arc::new(SqliteStore::open(&database(directory.path())).unwrap());
        ensure_app(&store).await;
        let metrics = Arc::new(Metrics::new());
        let parts = TreeParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            push,
            signer: Arc::new(VapidSigner::new(Some(
                Subject::parse("mailto:ops@example.org").unwrap(),
            ))),
            metrics: Arc::clone(&metrics),
            clock: Clock::System,
            options,
        };
        let tree = Tree::start(parts).await.unwrap();
        let told = tree.clone();
        store.listen(Box::new(move |event| told.committed(event)));
        let found = store.directory();
        let app = found.apps[DEFAULT_APP].id;
        let vapid_key = found.current_vapid_key(app).unwrap().id;
        Self { store, tree, metrics, app, vapid_key, directory }
    }

    /// Publishes a text for a day.
    pub(crate) async fn notify(&self, channel: &str, text: &str) -> Accepted {
        self.notify_for(channel, text, Duration::from_secs(86_400)).await
    }

    /// Publishes a text with a TTL.
    pub(crate) async fn notify_for(&self, channel: &str, text: &str, ttl: Duration) -> Accepted {
        let command = Accept { ttl, ..self.publish(channel, text) };
        self.accept(command).await.remove(0)
    }

    /// A publish of a text, to be changed before it is made.
    pub(crate) fn publish(&self, channel: &str, text: &str) -> Accept {
        Accept {
            app: self.app,
            channels: vec![channel.to_owned()],
            content: Content::Raw(text.to_owned().into()),
            send_at: None,
            ttl: Duration::from_secs(86_400),
            urgency: Urgency::Normal,
            topic: None,
            exclude: Vec::new(),
            idempotency: None,
            now: now(),
        }
    }

    /// Makes a publish.
    pub(crate) async fn accept(&self, command: Accept) -> Vec<Accepted> {
        match self.store.accept(command).await.unwrap() {
            AcceptReply::Accepted { items, .. } => items,
            refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => {
                panic!("not accepted: {refused:?}")
            }
        }
    }

    /// A notification as it stands.
    pub(crate) async fn status(&self, id: &str) -> NotificationView {
        let id = PublicId::from_store(id.to_owned());
        let view = self.store.notification(self.app, id).await.unwrap();
        view.expect("a notification that was accepted")
    }

    /// A notification when every delivery has its outcome.
    pub(crate) async fn finished(&self, id: &str) -> NotificationView {
        let look = || async {
            let view = self.status(id).await;
            let is_finished = view.recipients.is_some() && view.pending() == 0;
            is_finished.then_some(view)
        };
        eventually(&format!("{id} has an outcome for every delivery"), look).await
    }

    /// The outcomes of a finished notification that are not zero; they sum to its recipients.
    pub(crate) async fn outcomes(&self, id: &str) -> HashMap<&'static str, i64> {
        let view = self.finished(id).await;
        assert_eq!(Some(view.outcomes.total()), view.recipients, "{view:?}");
        let counts = Outcome::ALL.map(|outcome| (outcome.label(), view.outcomes.get(outcome)));
        counts.into_iter().filter(|(_, count)| *count != 0).collect()
    }

    /// Whether a subscription is known and not gone.
    pub(crate) async fn knows(&self, id: &PublicId) -> bool {
        let view = self.store.subscription(self.app, id.clone(), now()).await.unwrap();
        view.is_some_and(|view| view.gone.is_none())
    }

    /// The SubscriptionWorkers alive.
    pub(crate) async fn subscription_workers(&self) -> Vec<Row> {
        self.workers(ActorKind::SubscriptionWorker).await
    }

    /// The workers of a kind that are alive.
    pub(crate) async fn workers(&self, kind: ActorKind) -> Vec<Row> {
        let query = Query { kind: Some(kind), ..Query::busiest(usize::MAX) };
        self.tree.actors(query).await.rows
    }

    /// How many SubscriptionWorkers are alive, by the supervisors' own count.
    pub(crate) async fn alive(&self) -> u64 {
        self.children(ActorKind::SubscriptionSupervisor).await.alive
    }

    /// Whom all supervisors of a kind supervise.
    pub(crate) async fn children(&self, kind: ActorKind) -> Children {
        let mut sum = Children::default();
        for row in self.workers(kind).await {
            sum += row.children.expect("a supervisor");
        }
        sum
    }

    /// The database, for a test that takes the place of an operator.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        database(self.directory.path())
    }

    /// Ends the tree; what was not settled is in the store.
    pub(crate) async fn stop(self) {
        self.tree.stop().await;
        self.store.close();
        drop(self.directory);
    }
}

fn database(directory: &Path) -> std::path::PathBuf {
    directory.join("fanfare.db")
}

async fn ensure_app(store: &SqliteStore) {
    if store.directory().apps.contains_key(DEFAULT_APP) {
        return;
    }
    let change = DirectoryChange::CreateApp {
        name: DEFAULT_APP.to_owned(),
        settings: AppSettings::default(),
        token_secret: Secret(vec![7; 32]),
        vapid_key: VapidKey::generate().unwrap(),
        now: now(),
    };
    store.change_directory(change).await.unwrap().unwrap();
}

/// A house with one subscription in `news`, whose endpoint is `it`.
pub(crate) async fn one() -> (PushService, House, PublicId) {
    let service = PushService::start();
    let house = House::start(&service).await;
    let id = house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    (service, house, id)
}

/// Outcomes of which there is one.
pub(crate) fn outcome(label: &'static str) -> HashMap<&'static str, i64> {
    HashMap::from([(label, 1)])
}

/// What time it is.
pub(crate) fn now() -> Timestamp {
    Clock::System.now()
}

/// Waits for a condition, and says which it was when it does not come true.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    look: impl Fn() -> F,
) -> T {
    let mut ticks = tokio::time::interval(LOOK);
    let found = async {
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    found.unwrap_or_else(|_| panic!("in vain for {PATIENCE:?}: {what}"))
}
