//! The daemon in this process: for good (`serve`), or for the length of one command. Here the parts are wired:
//! this is the one place that knows the configuration, the store, the tree and the API at once.

pub mod backup;
mod command;
pub mod draft;
mod ending;
pub mod export;
mod first_run;
mod instance;
mod limits;
mod logging;
mod open_files;
mod reload;
pub mod restore;
mod service_manager;
mod signals;
pub mod watchdog;
mod welcome;

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::sources::Invocation;
use crate::delivery::retry::RetryPolicy;
use crate::http::streams::Streams;
use crate::http::{self, HttpOptions, Listeners, ServerOptions, State};
use crate::metrics::Metrics;
use crate::observe::log::Log;
use crate::observe::sampler::Sampler;
use crate::observe::{Observer, exposition};
use crate::push::Push;
use crate::push::egress::Egress;
use crate::push::https::HttpsPush;
use crate::push::options::PushOptions;
use crate::push::tls;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::tree::{MakePush, Patience, Tree, TreeOptions, TreeParts};
use crate::webpush::encrypt;
use crate::webpush::vapid::VapidSigner;
use ending::Ending;
use instance::Instance;
use reload::{Live, Parts};
use service_manager::ServiceManager;
use signals::Signals;
use watchdog::Pulse;

pub use command::{Guard, migrate, start_for_command};

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

/// What a start has at hand.
struct Start {
    invocation: Invocation,
    config: Config,
    log: Log,
    manager: ServiceManager,
    instance: Instance,
    listener: TcpListener,
}

/// Runs until it is told to stop. `invocation` is what `config` was read from, and will be again.
pub fn serve(invocation: Invocation, config: Config) -> Result<ExitStatus, DaemonError> {
    let log = logging::start(&config.log);
    encrypt::install();
    let manager = ServiceManager::from_environment();
    let instance = Instance::take(&config.storage)?;
    instance.examine()?;
    open_files::raise(config.limits.connections);
    let listener = listen(config.listen.address)?;
    let start = Start { invocation, config, log, manager, instance, listener };
    actix::System::new().block_on(run(start))
}

async fn run(start: Start) -> Result<ExitStatus, DaemonError> {
    let Start { invocation, config, log, manager, instance, listener } = start;
    let mut signals = Signals::new();
    let bound = listener.local_addr().map_err(system("asking for the listener's address"))?;
    let (instance, store) = tokio::select! {
        opened = manager.extend_while(open_store(instance)) => opened?,
        () = signals.end() => {
            // Whatever it was doing to the database, the next start finds it done or not begun.
            tracing::info!("told to end before the start was done");
            return Ok(ExitStatus::Stopped);
        }
    };
    store.keep_finished_for(config.storage.retention);
    store.requests_take_at_most(config.egress.timeout);
    let tell_key = |key: &_| welcome::tell_key(key, instance.directory());
    let news =
        first_run::prepare_to_serve(&*store, &config, bound, Clock::System, tell_key).await?;
    let observe = config.listen.observe.map(listen).transpose()?;
    let mut network = vec![listener];
    network.extend(observe);
    let parts = wire(&config, log, store, bound).await?;
    let listeners = Listeners { network, control: Some(instance.control_socket()?) };
    let server = http::server(parts.state.clone(), listeners, server_options())
        .map_err(system("starting the HTTP server"))?;
    let handle = server.handle();
    actix::spawn(server);
    warn_of_missing_subject(&config);
    let manager = Rc::new(manager);
    if let Some(patience) = manager.watchdog() {
        let pulse = Pulse::new(parts.state.tree.clone(), parts.state.store.clone());
        actix::spawn(watchdog::watch(Rc::clone(&manager), patience, pulse));
    }
    let status_line = format!("listens on {}", parts.state.options().public_url);
    manager.ready(&status_line);
    welcome::say(&news, &parts.state.options().public_url, instance.directory());
    let mut live = Live { invocation, config, bound, parts };
    let status = live.run(&mut signals, &manager).await;
    let ending = Ending { handle, parts: live.parts, deadline: live.config.drain_deadline };
    let status = ending.end(status, &mut signals, &manager).await;
    tracing::info!(?status, "stopped");
    Ok(status)
}

/// On a thread of its own: bringing a large database up to date may take long, and nobody waits for it who ends the process.
async fn open_store(instance: Instance) -> Result<(Instance, Arc<SqliteStore>), DaemonError> {
    let (opened, opening) = oneshot::channel();
    let open = move || {
        let store = instance.open_store();
        // Whoever waited for it has been told to end.
        let _ = opened.send(store.map(|store| (instance, Arc::new(store))));
    };
    std::thread::Builder::new()
        .name("opening".to_owned())
        .spawn(open)
        .map_err(system("starting a thread"))?;
    opening.await.map_err(|_| DaemonError::Tree)?
}

fn warn_of_missing_subject(config: &Config) {
    if config.vapid_subject.is_none() {
        tracing::warn!(
            "without a vapid_subject Apple refuses pushes: set --vapid-subject mailto:you@your-domain"
        );
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address)
        .map_err(|error| DaemonError::Listen { address: address.to_string(), error })
}

/// [`Ending`] has the deadline, which may be another by then, and counts what it cuts off. A deadline of the server's own,
/// which knows the one of its start and in whole seconds, would drop requests before that, and uncounted.
fn server_options() -> ServerOptions {
    ServerOptions { workers: 2, shutdown_timeout: Duration::MAX }
}

/// Grows the tree and puts the API before it.
async fn wire(
    config: &Config,
    log: Log,
    store: Arc<SqliteStore>,
    bound: SocketAddr,
) -> Result<Parts, DaemonError> {
    let clock = Clock::System;
    let observer = Arc::new(Observer::new(clock.now()).with_log(log));
    let http_store = Arc::clone(&store) as Arc<dyn Store>;
    let beside = exposition::collectors(Arc::clone(&http_store), Arc::clone(&observer));
    let metrics = Arc::new(Metrics::beside(beside));
    let egress = Arc::new(Egress::new(&allowed(config), config.egress.known_only)?);
    let signer = Arc::new(VapidSigner::new(config.vapid_subject.clone()));
    let parts = TreeParts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        push: make_push(config, Arc::clone(&egress))?,
        signer: Arc::clone(&signer),
        metrics: Arc::clone(&metrics),
        clock,
        options: tree_options(config)?,
    };
    let tree = Tree::start(parts).await.map_err(|_| DaemonError::Tree)?;
    let told = tree.clone();
    store.listen(Box::new(move |event| told.committed(event)));
    let options = http_options(config, bound);
    let sampler = Sampler {
        metrics: Arc::clone(&metrics),
        store: Arc::clone(&http_store),
        tree: tree.clone(),
        clock,
    };
    let observed = Arc::clone(&observer);
    let state =
        State::new(http_store, tree, metrics, observer, Arc::clone(&egress), clock, options);
    sample(sampler, observed, state.streams.clone());
    Ok(Parts { store, state: web::Data::new(state), signer, egress })
}

/// Samples until the daemon begins to end: then nobody looks any more, and what is sampled is to be let go. This thread's
/// system has little else to do, so no second is missed.
fn sample(sampler: Sampler, observer: Arc<Observer>, streams: Streams) {
    actix::spawn(async move {
        tokio::select! {
            () = sampler.run(&observer.figures) => {}
            () = streams.ended() => {}
        }
    });
}

fn http_options(config: &Config, bound: SocketAddr) -> HttpOptions {
    HttpOptions {
        public_url: config.listen.public_url(bound).as_str().trim_end_matches('/').to_owned(),
        vapid_subject_known: config.vapid_subject.is_some(),
        trusted_proxies: config.listen.trusted_proxies.clone(),
        observe_listener: config.listen.observe,
        acting: config.observe_acting,
        limits: limits::http(&config.limits),
    }
}

fn allowed(config: &Config) -> Vec<String> {
    config.egress.allow.iter().map(ToString::to_string).collect()
}

fn make_push(config: &Config, egress: Arc<Egress>) -> Result<MakePush, DaemonError> {
    let tls = tls::client_config(config.egress.ca_file.as_deref())?;
    let options = PushOptions { timeout: config.egress.timeout, ..PushOptions::default() };
    Ok(Arc::new(move || -> Rc<dyn Push> {
        Rc::new(HttpsPush::new(Arc::clone(&egress), Arc::clone(&tls), options.clone()))
    }))
}

fn patience(config: &Config) -> Result<Patience, DaemonError> {
    let delivery = &config.delivery;
    let retry =
        RetryPolicy::try_new(delivery.retry_min, delivery.retry_max, delivery.max_attempts)?;
    Ok(Patience { retry, idle: delivery.idle })
}

fn tree_options(config: &Config) -> Result<TreeOptions, DaemonError> {
    let Patience { retry, idle } = patience(config)?;
    let arbiters = config.delivery.workers;
    Ok(TreeOptions { arbiters, idle, retry, ..TreeOptions::default() })
}
