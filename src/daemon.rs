//! The daemon in this process: for good (`serve`), or for the length of one command. Here the parts are wired:
//! this is the one place that knows the configuration, the store, the tree and the API at once.

pub mod backup;
pub mod draft;
pub mod export;
mod first_run;
mod instance;
mod limits;
mod logging;
mod open_files;
pub mod restore;
mod signals;
mod welcome;

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::retry::RetryPolicy;
use crate::http::streams::Streams;
use crate::http::{self, HttpOptions, Listeners, ServerOptions, State};
use crate::metrics::Metrics;
use crate::push::Push;
use crate::push::egress::Egress;
use crate::push::https::HttpsPush;
use crate::push::options::PushOptions;
use crate::push::tls;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::tree::{MakePush, Tree, TreeOptions, TreeParts};
use crate::webpush::encrypt;
use crate::webpush::vapid::VapidSigner;
use instance::Instance;
use signals::Signals;

/// Why the daemon could not do it.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The data directory is not ours to use.
    #[error(transparent)]
    Instance(#[from] instance::InstanceError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] crate::store::sqlite::opening::OpenError),
    /// There is no backup.
    #[error(transparent)]
    Backup(#[from] backup::BackupError),
    /// Nothing was restored.
    #[error(transparent)]
    Restore(#[from] restore::RestoreError),
    /// The export is not whole.
    #[error(transparent)]
    Export(#[from] export::ExportError),
    /// A file cannot be written.
    #[error(transparent)]
    Draft(#[from] draft::DraftError),
    /// The store does not answer.
    #[error(transparent)]
    StoreAnswer(#[from] crate::store::StoreError),
    /// What may be reached makes no sense.
    #[error(transparent)]
    Egress(#[from] crate::push::egress::BadRule),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// Waits that make no sense.
    #[error(transparent)]
    Retry(#[from] crate::delivery::retry::RetryPolicyError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}; is it in use? Choose another with --listen")]
    Listen {
        /// Which.
        address: String,
        /// Why.
        error: std::io::Error,
    },
    /// Something of the system's failed.
    #[error("{doing}: {error}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The first key cannot be made.
    #[error("a VAPID key cannot be made: {0}")]
    VapidKey(#[from] crate::webpush::vapid::VapidKeyError),
    /// The directory refused what a first start needs.
    #[error("the first start could not set itself up: {0}")]
    FirstRun(#[from] crate::store::directory::Conflict),
    /// The tree did not grow.
    #[error("the actors could not be started")]
    Tree,
}

fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> DaemonError {
    move |error| DaemonError::System { doing, error }
}

/// How the daemon ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitStatus {
    /// It was asked to.
    Stopped,
    /// It gave up, or its deadline cut something off.
    Failed,
}

/// Runs until it is told to stop.
pub fn serve(config: Config) -> Result<ExitStatus, DaemonError> {
    logging::start(&config.log);
    encrypt::install();
    let instance = Instance::take(&config.storage)?;
    open_files::raise(config.limits.connections);
    let listener = listen(config.listen.address)?;
    actix::System::new().block_on(run(config, instance, listener))
}

async fn run(
    config: Config,
    instance: Instance,
    listener: TcpListener,
) -> Result<ExitStatus, DaemonError> {
    let bound = listener.local_addr().map_err(system("asking for the listener's address"))?;
    let public_url = config.listen.public_url(bound).as_str().trim_end_matches('/').to_owned();
    let store = Arc::new(instance.open_store()?);
    store.keep_finished_for(config.storage.retention);
    let tell_key = |key: &_| welcome::tell_key(key, instance.directory());
    let news =
        first_run::prepare_to_serve(&*store, &config, bound, Clock::System, tell_key).await?;
    let observe = config.listen.observe.map(listen).transpose()?;
    let mut network = vec![listener];
    network.extend(observe);
    let wired = wire(&config, &store, public_url.clone()).await?;
    let (tree, streams) = (wired.tree.clone(), wired.streams.clone());
    let listeners = Listeners { network, control: Some(instance.control_socket()?) };
    let server = http::server(web::Data::new(wired), listeners, server_options(&config))
        .map_err(system("starting the HTTP server"))?;
    let handle = server.handle();
    actix::spawn(server);
    if config.vapid_subject.is_none() {
        tracing::warn!(
            "without a vapid_subject Apple refuses pushes: set --vapid-subject mailto:you@your-domain"
        );
    }
    welcome::say(&news, &public_url, instance.directory());
    let mut signals = Signals::new();
    let status = signals.wait(&tree).await;
    let status = tokio::select! {
        drained = stop(handle, &streams, &tree, config.drain_deadline) => if drained { status } else { ExitStatus::Failed },
        () = signals.end() => ExitStatus::Failed,
    };
    tree.stop().await;
    store.close();
    tracing::info!(?status, "stopped");
    Ok(status)
}

/// No new requests, then no new pushes; what is under way of either ends. `false` when the deadline cut it off.
async fn stop(handle: ServerHandle, streams: &Streams, tree: &Tree, deadline: Duration) -> bool {
    tracing::info!("stopping: no new requests, no new pushes");
    streams.end();
    let (stopped, drained) =
        tokio::join!(tokio::time::timeout(deadline, handle.stop(true)), tree.drain(deadline),);
    stopped.is_ok() && drained
}

fn listen(address: std::net::SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address)
        .map_err(|error| DaemonError::Listen { address: address.to_string(), error })
}

fn server_options(config: &Config) -> ServerOptions {
    ServerOptions { workers: 2, shutdown_timeout: config.drain_deadline }
}

/// Grows the tree and puts the API before it.
async fn wire(
    config: &Config,
    store: &Arc<SqliteStore>,
    public_url: String,
) -> Result<State, DaemonError> {
    let clock = Clock::System;
    let metrics = Arc::new(Metrics::new());
    let vapid_subject_known = config.vapid_subject.is_some();
    let egress = Arc::new(egress(config)?);
    let parts = TreeParts {
        store: Arc::clone(store) as Arc<dyn Store>,
        push: make_push(config, Arc::clone(&egress))?,
        signer: Arc::new(VapidSigner::new(config.vapid_subject.clone())),
        metrics: Arc::clone(&metrics),
        clock,
        options: tree_options(config)?,
    };
    let tree = Tree::start(parts).await.map_err(|_| DaemonError::Tree)?;
    let told = tree.clone();
    store.listen(Box::new(move |event| told.committed(event)));
    let options = HttpOptions {
        public_url,
        vapid_subject_known,
        trusted_proxies: config.listen.trusted_proxies.clone(),
        observe_listener: config.listen.observe,
        limits: limits::http(&config.limits),
    };
    Ok(State::new(Arc::clone(store) as Arc<dyn Store>, tree, metrics, egress, clock, options))
}

fn egress(config: &Config) -> Result<Egress, DaemonError> {
    let allow: Vec<_> = config.egress.allow.iter().map(ToString::to_string).collect();
    Ok(Egress::new(&allow, config.egress.known_only)?)
}

fn make_push(config: &Config, egress: Arc<Egress>) -> Result<MakePush, DaemonError> {
    let tls = tls::client_config(config.egress.ca_file.as_deref())?;
    let options = PushOptions { timeout: config.egress.timeout, ..PushOptions::default() };
    Ok(Arc::new(move || -> Rc<dyn Push> {
        Rc::new(HttpsPush::new(Arc::clone(&egress), Arc::clone(&tls), options.clone()))
    }))
}

fn tree_options(config: &Config) -> Result<TreeOptions, DaemonError> {
    let delivery = &config.delivery;
    let retry =
        RetryPolicy::try_new(delivery.retry_min, delivery.retry_max, delivery.max_attempts)?;
    Ok(TreeOptions {
        arbiters: delivery.workers,
        idle: delivery.idle,
        retry,
        ..TreeOptions::default()
    })
}

/// Brings the database up to date, or creates it.
pub fn migrate(config: &Config) -> Result<Vec<String>, DaemonError> {
    encrypt::install();
    let instance = Instance::take(&config.storage)?;
    Ok(instance.migrate()?)
}

/// A daemon that was started for a command: it has a control socket and listens nowhere else, and delivers nothing.
#[derive(Debug)]
pub struct Guard {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Guard {
    /// Ends it, and waits until everything is on disk.
    pub async fn stop(self) {
        let Self { stop, thread } = self;
        // It may have ended by itself; joining says so.
        let _ = stop.send(());
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the daemon of this command did not end as it should");
        }
    }
}

/// Starts a daemon that only this process reaches; its control socket is there when this answers.
pub async fn start_for_command(config: &Config) -> Result<Guard, DaemonError> {
    encrypt::install();
    let instance = Instance::take(&config.storage)?;
    let (stop, stopped) = oneshot::channel();
    let (ready, is_ready) = oneshot::channel();
    let config = config.clone();
    let thread = std::thread::Builder::new()
        .name("daemon".to_owned())
        .spawn(move || actix::System::new().block_on(run_bare(config, instance, ready, stopped)))
        .map_err(system("starting a thread"))?;
    is_ready.await.map_err(|_| DaemonError::Tree)??;
    Ok(Guard { stop, thread })
}

async fn run_bare(
    config: Config,
    instance: Instance,
    ready: oneshot::Sender<Result<(), DaemonError>>,
    stopped: oneshot::Receiver<()>,
) {
    let server = match bare(&config, &instance).await {
        Ok(server) => server,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let handle = server.handle();
    let server = actix::spawn(server);
    // Whoever started it may have given up meanwhile; then the other channel is closed as well.
    let _ = ready.send(Ok(()));
    let _ = stopped.await;
    handle.stop(true).await;
    server.await.ok();
}

async fn bare(config: &Config, instance: &Instance) -> Result<actix_web::dev::Server, DaemonError> {
    let store = Arc::new(instance.open_store()?);
    let address = config.listen.address;
    first_run::prepare(&*store, config, address, Clock::System).await?;
    let options = HttpOptions {
        public_url: config.listen.public_url(address).as_str().trim_end_matches('/').to_owned(),
        vapid_subject_known: config.vapid_subject.is_some(),
        trusted_proxies: Vec::new(),
        observe_listener: None,
        limits: limits::http(&config.limits),
    };
    let tree = Tree::bare(Arc::clone(&store) as Arc<dyn Store>);
    let metrics = Arc::new(Metrics::new());
    let egress = Arc::new(egress(config)?);
    let state = State::new(store, tree, metrics, egress, Clock::System, options);
    let listeners = Listeners { network: Vec::new(), control: Some(instance.control_socket()?) };
    http::server(web::Data::new(state), listeners, server_options(config))
        .map_err(system("starting the control socket"))
}
