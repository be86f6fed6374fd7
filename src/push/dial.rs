//! From an origin to a connection that is ready: name, address, TCP, TLS, and for HTTP/2 the peer's settings.

use std::cell::Cell;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_rustls::{DefaultServerNameResolver, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower_service::Service;

use crate::push::connection::{self, Connection, MAX_BODY};
use crate::push::egress::Egress;
use crate::push::meter::{Meter, Metered, MeteredConnector};
use crate::push::options::PushOptions;
use crate::push::resolver::{CheckedResolver, Lookup, Place, ResolveError};
use crate::push::{Cause, PushError};

/// A peer cannot make us hold more than this of answers that nobody has read yet, per connection.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Push services answer with a handful of short headers. Over HTTP/1.1 it is also what is read at once.
const MAX_HEADERS: u32 = 16 * 1024;

type Stream = MaybeHttpsStream<TokioIo<Metered>>;

/// A connection and the future that moves its bytes.
pub(super) struct Dialled {
    pub(super) connection: Connection,
    pub(super) wire: Wire,
    /// Held for as long as the connection is; what operators and browsers vouch for needs none.
    pub(super) place: Option<Place>,
}

/// What a driver polls.
#[expect(clippy::large_enum_variant, reason = "one for each connection, and it moves twice")]
pub(super) enum Wire {
    Http1(http1::Connection<Stream, Full<Bytes>>),
    Http2(h2::client::Connection<TokioIo<Stream>, Bytes>),
}

/// Dials for all origins of one arbiter.
pub(super) struct Dialer {
    pub(super) egress: Arc<Egress>,
    pub(super) options: PushOptions,
    tls: Arc<ClientConfig>,
    lookup: Lookup,
    places: Arc<Semaphore>,
    /// How many dials wait for a place.
    starving: Cell<usize>,
}

impl Dialer {
    pub(super) fn new(
        egress: Arc<Egress>,
        tls: Arc<ClientConfig>,
        lookup: Lookup,
        options: PushOptions,
    ) -> Self {
        let places = Arc::new(Semaphore::new(options.max_connections));
        Self { egress, options, tls, lookup, places, starving: Cell::new(0) }
    }

    /// Whether somebody waits for a place, so that an idle connection should give up its own.
    pub(super) fn is_starving(&self) -> bool {
        self.starving.get() > 0
    }

    /// A connection to `origin`. `make_room` is called when all places are taken.
    pub(super) async fn dial(
        &self,
        origin: &Uri,
        make_room: impl FnOnce(),
    ) -> Result<Dialled, PushError> {
        let deadline = self.options.dial_timeout;
        let place = match self.egress.vouches_for(origin) {
            true => None,
            false => {
                let place = timeout(deadline, self.place(make_room));
                Some(Arc::new(place.await.map_err(|_| PushError::Crowded)?))
            }
        };
        let (connection, wire) = timeout(deadline, self.connect(origin, place.clone()))
            .await
            .map_err(|_| PushError::DialTimeout)??;
        Ok(Dialled { connection, wire, place })
    }

    async fn place(&self, make_room: impl FnOnce()) -> OwnedSemaphorePermit {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return place;
        }
        let _starving = Starving::new(&self.starving);
        make_room();
        self.places.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    async fn connect(
        &self,
        origin: &Uri,
        place: Option<Place>,
    ) -> Result<(Connection, Wire), PushError> {
        // Here too, and not at the door alone: rules change, and the connector resolves no address literals.
        self.egress.check(origin)?;
        let meter = Arc::new(Meter::new());
        let mut connector = self.connector(origin, place, meter.clone());
        let stream = connector.call(origin.clone()).await.map_err(connect_failure)?;
        if stream.connected().is_negotiated_h2() {
            http2(stream, meter).await
        } else {
            http1(stream, meter).await
        }
    }

    fn connector(
        &self,
        origin: &Uri,
        place: Option<Place>,
        meter: Arc<Meter>,
    ) -> HttpsConnector<MeteredConnector> {
        let port = origin.port_u16().unwrap_or(443);
        let resolver = CheckedResolver::new(self.egress.clone(), self.lookup.clone(), port, place);
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        // Requests are small and complete: nothing is gained by waiting for more.
        tcp.set_nodelay(true);
        HttpsConnector::new(
            MeteredConnector { tcp, meter },
            self.tls.clone(),
            true,
            Arc::new(DefaultServerNameResolver::default()),
        )
    }
}

struct Starving<'a>(&'a Cell<usize>);

impl<'a> Starving<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Starving<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn http1(stream: Stream, meter: Arc<Meter>) -> Result<(Connection, Wire), PushError> {
    let (sender, wire) = http1::Builder::new()
        .max_buf_size(MAX_HEADERS as usize)
        .handshake(stream)
        .await
        .map_err(|error| PushError::Connect(error.to_string().into()))?;
    Ok((Connection::http1(sender, meter), Wire::Http1(wire)))
}

/// The handshake ends with the peer's first SETTINGS: before them nobody knows how many streams it takes, and a stream
/// too many is a request refused (RFC 9113 §5.1.2). They come with the last flight of TLS, so this costs no time.
async fn http2(stream: Stream, meter: Arc<Meter>) -> Result<(Connection, Wire), PushError> {
    let failure = |error: h2::Error| PushError::Connect(connection::http2::cause(&error));
    let (sender, mut wire) = h2::client::Builder::new()
        .enable_push(false)
        .initial_max_send_streams(0)
        .initial_window_size(MAX_BODY as u32)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failure)?;
    let limit = poll_fn(|cx| {
        let polled = Pin::new(&mut wire).poll(cx);
        match (wire.max_concurrent_send_streams(), polled) {
            (_, Poll::Ready(Err(error))) => Poll::Ready(Err(failure(error))),
            (_, Poll::Ready(Ok(()))) => {
                Poll::Ready(Err(PushError::Connect("closed by the push service".into())))
            }
            (0, Poll::Pending) => Poll::Pending,
            (limit, Poll::Pending) => Poll::Ready(Ok(limit)),
        }
    })
    .await?;
    Ok((Connection::http2(sender, limit, meter), Wire::Http2(wire)))
}

/// The connector's errors are boxed; where each comes from is in its type. TLS alone fails with an [`io::Error`] on top.
fn connect_failure(error: Box<dyn Error + Send + Sync>) -> PushError {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return PushError::Tls(error.to_string().into());
    }
    let mut deepest: &(dyn Error + 'static) = error.as_ref();
    loop {
        if let Some(error) = deepest.downcast_ref::<ResolveError>() {
            return match error {
                ResolveError::Refused(refused) => PushError::Refused(refused.clone()),
                ResolveError::Lookup(cause) => PushError::Dns(cause.clone()),
            };
        }
        match deepest.source() {
            Some(source) => deepest = source,
            None => return PushError::Connect(Cause::from(deepest.to_string())),
        }
    }
}
