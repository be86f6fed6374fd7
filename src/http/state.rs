//! What handlers work with: the store, the tree and a few values, built once where the program is wired.

use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::watch;

use super::connections::Connections;
use super::in_flight::InFlight;
use super::limits::HttpLimits;
use super::population::Population;
use super::rates::Rates;
use super::requests::Requests;
use super::streams::Streams;
use crate::clock::{Clock, Timestamp};
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::push::egress::Egress;
use crate::store::Store;
use crate::store::directory::{App, Directory};
use crate::tree::Tree;

/// How the API is reached and what it may tell.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How browsers reach the daemon, without a final slash.
    pub public_url: String,
    /// Whether pushes carry a contact, which Apple demands.
    pub vapid_subject_known: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// A listener of its own for metrics, which needs no credential.
    pub observe_listener: Option<SocketAddr>,
    /// Whether whoever observes may also act.
    pub acting: bool,
    /// What callers may take of the daemon.
    pub limits: HttpLimits,
}

/// What every handler gets.
pub struct State {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Who delivers.
    pub tree: Tree,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is known of the daemon as a whole.
    pub observer: Arc<Observer>,
    /// Which addresses may be called.
    pub egress: Arc<Egress>,
    /// What time it is.
    pub clock: Clock,
    options: watch::Sender<Arc<HttpOptions>>,
    /// How often callers may do what they do.
    pub(super) rates: Rates,
    /// Ends what would otherwise go on.
    pub streams: Streams,
    /// Which calls with an `Idempotency-Key` are being answered.
    pub(super) in_flight: InFlight,
    /// Counts the requests that are not answered yet.
    pub requests: Requests,
    /// How many subscriptions live at which push service.
    pub(super) population: Population,
    /// The connections that are open.
    pub(super) connections: Arc<Connections>,
}

impl State {
    /// Everything that handlers need.
    pub fn new(
        store: Arc<dyn Store>,
        tree: Tree,
        metrics: Arc<Metrics>,
        observer: Arc<Observer>,
        egress: Arc<Egress>,
        clock: Clock,
        options: HttpOptions,
    ) -> Self {
        let rates = Rates::new(&options.limits);
        let (streams, in_flight) = (Streams::default(), InFlight::default());
        let options = watch::Sender::new(Arc::new(options));
        let connections = Connections::new(options.subscribe());
        let requests = Requests::default();
        Self {
            store,
            tree,
            metrics,
            observer,
            egress,
            clock,
            options,
            rates,
            streams,
            in_flight,
            requests,
            population: Population::default(),
            connections,
        }
    }

    /// How the API is reached and what it may tell, all of one moment.
    pub fn options(&self) -> Arc<HttpOptions> {
        Arc::clone(&self.options.borrow())
    }

    /// Takes other options, for requests and connections from now on. What the listeners were made with stays.
    pub fn heed(&self, options: HttpOptions) {
        self.rates.heed(&options.limits);
        self.options.send_replace(Arc::new(options));
    }

    /// The apps and keys as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        self.store.directory()
    }

    /// Where a click leads by default: what the app says, or the demo.
    pub fn home(&self, app: &App) -> String {
        match app.settings.home.as_str() {
            "" => format!("{}/demo", self.options().public_url),
            home => home.to_owned(),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
