//! The push services: servers on a thread of their own, which take what is pushed, decrypt it, answer mostly 201, and
//! write a line about each request. They know nothing of the daemon but its pushes.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;

use crate::ca::Ca;
use crate::log::{Clock, Log};
use crate::plan::{Nature, Service, Subscriber};

/// As many streams as the browsers' services allow on a connection.
const MAX_STREAMS: u32 = 100;

/// What everything that is asked shares.
struct Shared {
    seed: u64,
    subscribers: Arc<Vec<Subscriber>>,
    by_name: HashMap<String, usize>,
    /// How often each was asked.
    asked: Mutex<Vec<u32>>,
    clock: Arc<Clock>,
    log: Log,
    requests: watch::Sender<u64>,
    connections: watch::Sender<u64>,
}

pub(crate) struct Recorder {
    /// `127.0.0.1:PORT`, over HTTP/2 and over HTTP/1.1.
    pub(crate) authorities: [String; 2],
    pub(crate) ca: Arc<Ca>,
    /// How many requests have come.
    pub(crate) requests: watch::Receiver<u64>,
    /// How many connections are open.
    pub(crate) connections: watch::Receiver<u64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Recorder {
    pub(crate) fn start(
        seed: u64,
        subscribers: Arc<Vec<Subscriber>>,
        clock: Arc<Clock>,
        log: Log,
    ) -> Self {
        let names = subscribers.iter().enumerate();
        let shared = Arc::new(Shared {
            seed,
            by_name: names.map(|(index, who)| (who.name.clone(), index)).collect(),
            asked: Mutex::new(vec![0; subscribers.len()]),
            subscribers,
            clock,
            log,
            requests: watch::channel(0).0,
            connections: watch::channel(0).0,
        });
        let ca = Ca::shared();
        let [http2, http1] = [bind(), bind()];
        let authorities = [&http2, &http1].map(|at| at.local_addr().unwrap().to_string());
        let tls = |protocol| ca.server_config(&["127.0.0.1".to_owned()], &[protocol]);
        let (http2, http1) = ((http2, tls(b"h2")), (http1, tls(b"http/1.1")));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let serving = Arc::clone(&shared);
        let serve = async move {
            tokio::select! {
                () = accept(http2, Service::Http2, &serving) => {}
                () = accept(http1, Service::Http1, &serving) => {}
                _ = stopped => {}
            }
        };
        let thread = std::thread::spawn(move || runtime.block_on(serve));
        Self {
            authorities,
            ca,
            requests: shared.requests.subscribe(),
            connections: shared.connections.subscribe(),
            stop: Some(stop),
            thread: Some(thread),
            shared,
        }
    }

    pub(crate) fn endpoint(&self, who: &Subscriber) -> String {
        let [http2, http1] = &self.authorities;
        let authority = match who.service {
            Service::Http2 => http2,
            Service::Http1 => http1,
        };
        format!("https://{authority}/push/{}", who.name)
    }

    /// Ends; everything is in the log then.
    pub(crate) fn stop(mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
        self.shared.log.flush();
    }
}

fn bind() -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

async fn accept(
    (listener, tls): (std::net::TcpListener, Arc<rustls::ServerConfig>),
    service: Service,
    shared: &Arc<Shared>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    let acceptor = TlsAcceptor::from(tls);
    let mut number = 0;
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        number += 1;
        let name = format!("{service:?} {number}");
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(shared));
        shared.connections.send_modify(|open| *open += 1);
        tokio::spawn(async move {
            // A connection that breaks is what a kill does.
            let _ = connection(tcp, acceptor, service, name, &shared).await;
            shared.connections.send_modify(|open| *open -= 1);
        });
    }
}

async fn connection(
    tcp: tokio::net::TcpStream,
    acceptor: TlsAcceptor,
    service: Service,
    name: String,
    shared: &Arc<Shared>,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let stream = TokioIo::new(acceptor.accept(tcp).await?);
    let shared = Arc::clone(shared);
    let exchange = service_fn(move |request| exchange(request, name.clone(), Arc::clone(&shared)));
    match service {
        Service::Http2 => hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(MAX_STREAMS)
            .serve_connection(stream, exchange)
            .await
            .map_err(io::Error::other),
        Service::Http1 => hyper::server::conn::http1::Builder::new()
            .serve_connection(stream, exchange)
            .await
            .map_err(io::Error::other),
    }
}

/// Without an answer: over HTTP/2 the stream is reset, over HTTP/1.1 the connection is cut.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("it does not answer this one")]
    OnPurpose,
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

async fn exchange(
    request: Request<Incoming>,
    connection: String,
    shared: Arc<Shared>,
) -> Result<Response<Empty<Bytes>>, Unanswered> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let name = head.uri.path().trim_start_matches("/push/").to_owned();
    let index = *shared.by_name.get(&name).expect("an endpoint that somebody has");
    let decision = shared.decide(index);
    let mut entry = Entry::new(&shared, index, connection, &body, decision.status);
    shared.requests.send_modify(|requests| *requests += 1);
    tokio::time::sleep(decision.delay).await;
    let Some(status) = decision.status else { return Err(Unanswered::OnPurpose) };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    entry.line["answered"] = true.into();
    Ok(response)
}

/// What becomes of a request.
struct Decision {
    delay: Duration,
    /// `None`: it is not answered.
    status: Option<StatusCode>,
}

impl Shared {
    fn decide(&self, index: usize) -> Decision {
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            asked[index] += 1;
            asked[index]
        };
        let who = u64::try_from(index).unwrap() << 32 | u64::from(asked);
        let mut rng = StdRng::seed_from_u64(self.seed ^ who.rotate_left(7));
        let delay = match rng.random_range(0..100) {
            0..80 => rng.random_range(0..5),
            80..97 => rng.random_range(5..30),
            _ => rng.random_range(30..150),
        };
        let status = match (self.subscribers[index].nature, rng.random_range(0..1000)) {
            (Nature::Ends(after), _) if asked > after => Some(StatusCode::GONE),
            // Far from what shuts a gate: most of what comes is well.
            (_, 0..10) => Some(StatusCode::SERVICE_UNAVAILABLE),
            (_, 10) => Some(StatusCode::TOO_MANY_REQUESTS),
            (_, 11..17) => None,
            (Nature::Small, _) => Some(StatusCode::PAYLOAD_TOO_LARGE),
            (Nature::Picky, 17..200) => Some(StatusCode::BAD_REQUEST),
            (Nature::Well | Nature::Picky | Nature::Ends(_), _) => Some(StatusCode::CREATED),
        };
        Decision { delay: Duration::from_millis(delay), status }
    }
}

/// A request's line, written when it has ended, however it did: who is killed breaks the connection, and the exchange
/// is dropped.
struct Entry {
    shared: Arc<Shared>,
    line: Value,
}

impl Entry {
    fn new(
        shared: &Arc<Shared>,
        index: usize,
        connection: String,
        body: &[u8],
        status: Option<StatusCode>,
    ) -> Self {
        let who = &shared.subscribers[index];
        let text = who.browser.try_decrypt(body).unwrap_or_default();
        let payload: Value = serde_json::from_slice(&text).unwrap_or_default();
        let notification = &payload["notification"];
        let ours = &notification["data"]["fanfare"];
        let line = json!({
            "subscription": who.name,
            "began": shared.clock.now(),
            "connection": connection,
            "status": status.map(|status| status.as_u16()),
            "answered": false,
            "id": ours["id"],
            "channel": ours["channel"],
            "seq": ours["seq"],
            "number": notification["body"],
        });
        Self { shared: Arc::clone(shared), line }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.line["ended"] = self.shared.clock.now().into();
        self.shared.log.line(&self.line);
    }
}
