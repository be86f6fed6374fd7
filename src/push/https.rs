//! [`Push`] over HTTPS: one per delivery arbiter, with connections of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{FutureExt, LocalBoxFuture, ready};
use http::{Request, Uri};
use rustls::ClientConfig;
use tokio::time::Instant;

use crate::push::dial::Dialer;
use crate::push::egress::Egress;
use crate::push::pool::{Admission, Pool, PoolSnapshot};
use crate::push::resolver::{self, Lookup};
use crate::push::{Permit, Push, PushError};
use crate::webpush::reply::Answer;

/// The bounds of one arbiter's connections.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// From the request's first byte to the response's last.
    pub timeout: Duration,
    /// From the name to a connection that is ready.
    pub dial_timeout: Duration,
    /// A connection that nobody used for so long is closed.
    pub idle: Duration,
    /// How often a connection looks after itself. While requests are out it asks for a sign of life each time, and one
    /// that gave none since the last time is dead.
    pub heartbeat: Duration,
    /// Connections to one origin.
    pub max_connections_per_origin: usize,
    /// Connections to all origins that strangers brought; known and allowed push services do not count.
    pub max_connections: usize,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            dial_timeout: Duration::from_secs(10),
            // Long enough for the next notification of a busy channel, short enough to find a dead peer by dialling.
            idle: Duration::from_secs(60),
            // A dead connection is noticed by the time its first requests run into their deadline.
            heartbeat: Duration::from_secs(5),
            // The browsers' services allow 100 streams and more on each.
            max_connections_per_origin: 8,
            // With the usual limit of 1024 files, two arbiters leave half of them for everything else.
            max_connections: 256,
        }
    }
}

/// The way out to push services over HTTPS.
pub struct HttpsPush {
    pool: Pool,
    timeout: Duration,
}

impl HttpsPush {
    /// Reaches what `egress` admits and trusts what `tls` trusts. For use on one thread, inside a `LocalSet` (an arbiter
    /// is one).
    pub fn new(egress: Arc<Egress>, tls: Arc<ClientConfig>, options: PushOptions) -> Self {
        Self::with_lookup(egress, tls, options, resolver::system())
    }

    /// The same, with names looked up by `lookup`.
    pub fn with_lookup(
        egress: Arc<Egress>,
        tls: Arc<ClientConfig>,
        options: PushOptions,
        lookup: Lookup,
    ) -> Self {
        let timeout = options.timeout;
        Self { pool: Pool::new(Dialer::new(egress, tls, lookup, options)), timeout }
    }

    /// What the pool holds, by origin.
    pub fn snapshot(&self) -> Vec<PoolSnapshot> {
        self.pool.snapshot()
    }
}

impl Push for HttpsPush {
    fn admit(&self, uri: &Uri) -> LocalBoxFuture<'static, Result<Permit, PushError>> {
        match self.pool.admit(uri) {
            Ok(Admission::Now(slot)) => ready(Ok(Permit(Some(slot)))).boxed_local(),
            Ok(Admission::Later(slot)) => async move {
                // The pool went away, and with it the line to wait in.
                let closed = |_| PushError::NotProcessed("the pool was closed".into());
                Ok(Permit(Some(slot.await.map_err(closed)??)))
            }
            .boxed_local(),
            Err(error) => ready(Err(error)).boxed_local(),
        }
    }

    fn send(
        &self,
        permit: Permit,
        request: Request<Bytes>,
    ) -> LocalBoxFuture<'static, Result<Answer, PushError>> {
        let deadline = Instant::now() + self.timeout;
        match permit.0 {
            Some(slot) => slot.exchange(request, deadline).boxed_local(),
            None => ready(Err(PushError::NotProcessed("the permit is not of this pool".into())))
                .boxed_local(),
        }
    }
}
