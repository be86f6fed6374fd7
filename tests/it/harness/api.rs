//! The HTTP API over a real store and real sockets, without a tree that delivers.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web;
use fanfare::clock::{Clock, Timestamp};
use fanfare::http::auth::api_key;
use fanfare::http::{HttpLimits, HttpOptions, Listeners, ServerOptions, State, server};
use fanfare::id::{AppId, IdKind, PublicId};
use fanfare::metrics::Metrics;
use fanfare::observe::Observer;
use fanfare::push::egress::Egress;
use fanfare::store::Store;
use fanfare::store::directory::{ApiKey, AppSettings, DEFAULT_APP, DirectoryChange, Scope, Secret};
use fanfare::store::sqlite::SqliteStore;
use fanfare::tree::Tree;
use fanfare::webpush::vapid::VapidKey;
use http::Method;
use tempfile::TempDir;

use super::call::Call;

/// A key with every scope of the app `default`.
pub(crate) const KEY: &str = "fk_integration-tests-0123456789abcdef";

/// What the apps' subscriber tokens are signed with.
pub(crate) const TOKEN_SECRET: &[u8] = b"the subscriber secret of the tests";

/// A running API.
pub(crate) struct Api {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) state: web::Data<State>,
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    directory: TempDir,
}

impl Api {
    /// An API whose app `default` has the public channel `demo`, and whose clock is the system's.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// The same, with other limits.
    pub(crate) async fn limited(change: impl FnOnce(&mut HttpLimits)) -> Self {
        let mut limits = HttpLimits::default();
        change(&mut limits);
        Self::set_up(|_| (), limits).await
    }

    /// The same, with other settings of the app.
    pub(crate) async fn with(change: impl FnOnce(&mut AppSettings)) -> Self {
        Self::set_up(change, HttpLimits::default()).await
    }

    async fn set_up(change: impl FnOnce(&mut AppSettings), limits: HttpLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&directory.path().join("fanfare.db")).unwrap());
        let mut settings =
            AppSettings { public_channels: vec!["demo".into()], ..AppSettings::default() };
        change(&mut settings);
        create_app(&store, DEFAULT_APP, settings).await;
        let app = store.directory().apps[DEFAULT_APP].id;
        create_key(&store, app, KEY, &Scope::ALL).await;

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let options = HttpOptions {
            public_url: format!("http://{address}"),
            vapid_subject_known: false,
            trusted_proxies: Vec::new(),
            observe_listener: None,
            acting: false,
            limits,
        };
        let state = web::Data::new(State::new(
            Arc::clone(&store) as Arc<dyn Store>,
            Tree::bare(Arc::clone(&store) as Arc<dyn Store>),
            Arc::new(Metrics::new()),
            Arc::new(Observer::new(Clock::System.now())),
            Arc::new(Egress::default()),
            Clock::System,
            options,
        ));
        let control = UnixListener::bind(directory.path().join("control")).unwrap();
        let listeners = Listeners { network: vec![listener], control: Some(control) };
        let options = ServerOptions { workers: 1, shutdown_timeout: Duration::from_secs(1) };
        let server = server(state.clone(), listeners, options).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { store, state, address, handle, directory }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.address, self.directory.path().join("control"), method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Makes another app, through the store.
    pub(crate) async fn create_app(&self, name: &str) -> AppId {
        create_app(&self.store, name, AppSettings::default()).await;
        self.store.directory().apps[name].id
    }

    /// Changes the settings of the app `default`, through the store.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut AppSettings)) {
        let mut settings = self.store.directory().apps[DEFAULT_APP].settings.clone();
        change(&mut settings);
        let change = DirectoryChange::UpdateApp { name: DEFAULT_APP.to_owned(), settings };
        self.store.change_directory(change).await.unwrap().unwrap();
    }

    /// Makes a key, through the store.
    pub(crate) async fn create_key(&self, app: AppId, key: &str, scopes: &[Scope]) {
        create_key(&self.store, app, key, scopes).await;
    }

    /// The database, for a test that takes the place of an operator.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.directory.path().join("fanfare.db")
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(true).await;
    }
}

async fn create_app(store: &SqliteStore, name: &str, settings: AppSettings) {
    let change = DirectoryChange::CreateApp {
        name: name.to_owned(),
        settings,
        token_secret: Secret(TOKEN_SECRET.to_vec()),
        vapid_key: VapidKey::generate().unwrap(),
        now: Timestamp::default(),
    };
    store.change_directory(change).await.unwrap().unwrap();
}

async fn create_key(store: &SqliteStore, app: AppId, key: &str, scopes: &[Scope]) {
    let stored = ApiKey {
        id: PublicId::random(IdKind::ApiKey, &mut rand::rng()),
        app,
        title: "a test".into(),
        scopes: scopes.to_vec(),
        created: Timestamp::default(),
    };
    let change = DirectoryChange::CreateApiKey { hash: api_key::hash(key), key: stored };
    store.change_directory(change).await.unwrap().unwrap();
}
