//! What commands do to a data directory that no daemon serves: they bring its database up to date, or start a daemon for
//! themselves.

use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::web;
use tokio::sync::oneshot;

use super::instance::Instance;
use super::{DaemonError, allowed, first_run, http_options, server_options, system};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::{self, HttpOptions, Listeners, ServerOptions, State};
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::push::egress::Egress;
use crate::store::Store;
use crate::tree::Tree;
use crate::webpush::encrypt;

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

/// Starts a daemon that only this process reaches; its control socket is there when this answers. It does so, too, where
/// [`serve`](super::serve) would refuse because of a VAPID key: a command may be what puts that right.
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
    let store = Arc::new(instance.open_store_to_mend()?);
    let address = config.listen.address;
    first_run::prepare(&*store, config, address, Clock::System).await?;
    let options = HttpOptions {
        trusted_proxies: Vec::new(),
        observe_listener: None,
        ..http_options(config, address)
    };
    let tree = Tree::bare(Arc::clone(&store) as Arc<dyn Store>);
    let metrics = Arc::new(Metrics::new());
    let egress = Arc::new(Egress::new(&allowed(config), config.egress.known_only)?);
    let observer = Arc::new(Observer::new(Clock::System.now()));
    let state = State::new(store, tree, metrics, observer, egress, Clock::System, options);
    let listeners = Listeners { network: Vec::new(), control: Some(instance.control_socket()?) };
    let options = ServerOptions { shutdown_timeout: config.drain_deadline, ..server_options() };
    http::server(web::Data::new(state), listeners, options)
        .map_err(system("starting the control socket"))
}
