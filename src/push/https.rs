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
use crate::push::options::PushOptions;
use crate::push::pool::{Admission, Pool, PoolSnapshot};
use crate::push::resolver::{self, Lookup};
use crate::push::{Permit, Push, PushError};
use crate::webpush::reply::Answer;

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
