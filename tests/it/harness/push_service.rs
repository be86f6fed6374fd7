//! A push service that is really a server: TLS, HTTP/2, its own thread. It records what it is sent, answers as it is told
//! (201 unless told otherwise), and ends when dropped. Each one is an origin of its own.

#[path = "push_service/bodies.rs"]
mod bodies;
#[path = "push_service/ca.rs"]
mod ca;
#[path = "push_service/persona.rs"]
pub(crate) mod persona;
#[path = "push_service/raw.rs"]
pub(crate) mod raw;
#[path = "push_service/script.rs"]
mod script;
#[path = "push_service/serve.rs"]
mod serve;
#[path = "push_service/state.rs"]
mod state;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

pub(crate) use self::script::{Answer, Recorded};

use self::ca::Ca;
use self::persona::{Persona, Role, Subscribed};
use self::serve::Behaviour;
use self::state::{Keep, State};

/// No test waits longer for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct PushService {
    authority: String,
    ca: Arc<Ca>,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How a service differs from the usual one.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    behaviour: Behaviour,
    http1_only: bool,
    keep: Keep,
    hosts: Vec<String>,
    persona: Option<Persona>,
}

impl Builder {
    /// Announces that it takes so many streams on a connection.
    pub(crate) fn max_streams(mut self, max: u32) -> Self {
        self.behaviour.max_streams = Some(max);
        self
    }

    /// Says GOAWAY on each connection that has brought so many requests, answers them, and closes it.
    pub(crate) fn goaway_after(mut self, requests: usize) -> Self {
        self.behaviour.goaway_after = Some(requests);
        self
    }

    /// Has a certificate for this name too.
    pub(crate) fn host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// Speaks HTTP/1.1 alone.
    pub(crate) fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// Answers 201, keeps no requests, counts them by token.
    pub(crate) fn counting(mut self) -> Self {
        self.keep = Keep::Counts;
        self
    }

    /// Plays a push service of renown: has its name, refuses what it refuses, answers as it does.
    pub(crate) fn playing(mut self, persona: Persona) -> Self {
        self.persona = Some(persona);
        self.host(persona.host())
    }

    pub(crate) fn start(self) -> PushService {
        let ca = Ca::shared();
        let mut hosts = self.hosts;
        hosts.extend(["127.0.0.1", "localhost"].map(str::to_owned));
        let alpn: &[&[u8]] = if self.http1_only { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
        let tls = ca.server_config(&hosts, alpn);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::new(self.keep, self.persona.map(Role::new)));
        if let Some(persona) = self.persona {
            state.script.rule(Arc::new(move |request| persona.accepts(request)));
        }
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(format!("push service {authority}"))
            .spawn({
                let state = state.clone();
                move || serve::run(listener, tls, self.behaviour, state, stopped)
            })
            .unwrap();
        PushService { authority, ca, state, stop: Some(stop), thread: Some(thread) }
    }
}

impl PushService {
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    /// One that plays a push service of renown.
    pub(crate) fn playing(persona: Persona) -> Self {
        Self::builder().playing(persona).start()
    }

    /// Whom it plays.
    pub(crate) fn persona(&self) -> Option<Persona> {
        self.state.role.as_ref().map(Role::persona)
    }

    /// Changes what it knows of the subscription behind `token`; only who plays a part knows any.
    pub(crate) fn remember(&self, token: &str, change: impl FnOnce(&mut Subscribed)) {
        self.state.role.as_ref().expect("a service that plays").remember(token, change);
    }

    /// `127.0.0.1:PORT`: what `egress.allow` must say for it to be reached.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn port(&self) -> u16 {
        self.authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap()
    }

    /// `https://127.0.0.1:PORT`, or that of whom it plays: the `aud` of its VAPID tokens.
    pub(crate) fn origin(&self) -> String {
        self.state.role.as_ref().map_or_else(|| format!("https://{}", self.authority), Role::origin)
    }

    pub(crate) fn endpoint(&self, token: &str) -> String {
        format!("{}{}{token}", self.origin(), self.state.prefix())
    }

    /// What `egress.ca_file` must name for it to be trusted.
    pub(crate) fn ca_file(&self) -> &Path {
        self.ca.file()
    }

    /// The next answers to `token`, before all others.
    pub(crate) fn answer(&self, token: &str, answers: impl IntoIterator<Item = Answer>) {
        self.state.script.queue(token, answers);
    }

    /// The answer to everything that has none of its own.
    pub(crate) fn answer_all(&self, answer: Answer) {
        self.answer_with(move |_| answer.clone());
    }

    /// The same, decided by request.
    pub(crate) fn answer_with(&self, rule: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) {
        self.state.script.rule(Arc::new(rule));
    }

    /// Lets so many of the held requests go, or as many to come.
    pub(crate) fn release(&self, requests: usize) {
        self.state.gate.add_permits(requests);
    }

    /// Lets all held requests go, and holds none any more.
    pub(crate) fn release_all(&self) {
        self.state.gate.close();
    }

    /// All requests, in order of arrival.
    pub(crate) fn log(&self) -> Vec<Arc<Recorded>> {
        self.state.log()
    }

    /// The requests to one token, in order of arrival.
    pub(crate) fn log_of(&self, token: &str) -> Vec<Arc<Recorded>> {
        self.log().into_iter().filter(|request| request.token == token).collect()
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> u64 {
        self.state.requests()
    }

    /// How often each token was asked, for a service that counts.
    pub(crate) fn counts(&self) -> HashMap<String, u64> {
        self.state.counts()
    }

    /// The most requests that were being answered at once.
    pub(crate) fn peak_streams(&self) -> usize {
        self.state.streams.peak()
    }

    /// The most requests that were being answered at once on one HTTP/2 connection.
    pub(crate) fn peak_streams_of_one_connection(&self) -> usize {
        self.state.streams_of_one.load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.now()
    }

    /// The most connections that were open at once.
    pub(crate) fn peak_connections(&self) -> usize {
        self.state.connections.peak()
    }

    /// Connections there ever were.
    pub(crate) fn connections_ever(&self) -> usize {
        self.state.connections_ever.load(Ordering::Relaxed)
    }

    /// How many bytes of endless bodies were taken.
    pub(crate) fn endless_bytes(&self) -> usize {
        self.state.endless.load(Ordering::Relaxed)
    }

    /// Waits until so many requests have come.
    pub(crate) async fn wait_for(&self, requests: usize) -> Vec<Arc<Recorded>> {
        self.wait_until(&format!("{requests} requests"), |log| log.len() >= requests).await
    }

    /// Waits until the log is as it should be; fails, saying `what`, when that takes too long.
    pub(crate) async fn wait_until(
        &self,
        what: &str,
        mut is_so: impl FnMut(&[Arc<Recorded>]) -> bool,
    ) -> Vec<Arc<Recorded>> {
        self.wait(what, || is_so(&self.state.log())).await;
        self.log()
    }

    /// Waits until no more than so many connections are open.
    pub(crate) async fn wait_for_connections(&self, at_most: usize) {
        self.wait(&format!("at most {at_most} connections"), || self.connections() <= at_most)
            .await;
    }

    /// By the wall clock, which a paused tokio clock does not move.
    async fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let started = Instant::now();
        loop {
            let mut changed = std::pin::pin!(self.state.changed.notified());
            changed.as_mut().enable();
            if is_so() {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "waited {PATIENCE:?} for {what}; {} requests came on {} connections",
                self.requests(),
                self.connections_ever(),
            );
            changed.await;
        }
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the push service's thread panicked");
            }
        }
    }
}
