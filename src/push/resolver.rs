//! Names to addresses, with the egress policy in between: the connector dials exactly what was judged here, so a
//! name that changes its answer (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;
use tower_service::Service;

use crate::push::egress::{Egress, Refused};

/// Looks a name up. The system's resolver, or a test's.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's resolver.
pub fn system() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            // The port is the connector's; the lookup needs one to be whole.
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    })
}

/// Why a name led to no address.
#[derive(Clone, Debug, Error)]
pub(super) enum ResolveError {
    /// It led to one that is not reached.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The lookup failed.
    #[error("{0}")]
    Lookup(Arc<str>),
}

/// A place among the connections that strangers' origins may hold.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// The connector's resolver for one dial of one origin.
#[derive(Clone)]
pub(super) struct CheckedResolver {
    egress: Arc<Egress>,
    lookup: Lookup,
    port: u16,
    place: Option<Place>,
}

impl CheckedResolver {
    /// A resolver whose answers `egress` has admitted on `port`, for a dial that holds `place`.
    pub(super) fn new(
        egress: Arc<Egress>,
        lookup: Lookup,
        port: u16,
        place: Option<Place>,
    ) -> Self {
        Self { egress, lookup, port, place }
    }

    async fn resolve(self, host: String) -> Result<vec::IntoIter<SocketAddr>, ResolveError> {
        let addresses = self
            .look_up(host.clone())
            .await
            .map_err(|error| ResolveError::Lookup(error.to_string().into()))?;
        if addresses.is_empty() {
            return Err(ResolveError::Lookup("the name has no address".into()));
        }
        self.egress.check_addresses(&host, self.port, &addresses)?;
        let dialled: Vec<_> =
            addresses.into_iter().map(|address| SocketAddr::new(address, self.port)).collect();
        Ok(dialled.into_iter())
    }

    /// The system's resolver holds a thread, and cannot be told to stop when the dial has. So its place is taken until it
    /// ends: a stranger's slow names must not use up the threads that the next lookup of a push service needs.
    async fn look_up(&self, host: String) -> io::Result<Vec<IpAddr>> {
        let lookup = (self.lookup)(host);
        let place = self.place.clone();
        let held = tokio::spawn(async move {
            let _place = place;
            lookup.await
        });
        held.await.map_err(io::Error::other)?
    }
}

impl Service<Name> for CheckedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = BoxFuture<'static, Result<Self::Response, ResolveError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().resolve(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn answers(rounds: &'static [&'static [&'static str]]) -> Lookup {
        let asked = AtomicUsize::new(0);
        Arc::new(move |_| {
            let round = rounds[asked.fetch_add(1, Ordering::Relaxed)];
            let addresses = round.iter().map(|address| address.parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        })
    }

    #[tokio::test]
    async fn a_name_that_turns_to_loopback_is_refused_the_second_time() {
        let lookup = answers(&[&["93.184.215.14"], &["127.0.0.1"]]);
        let resolver = CheckedResolver::new(Arc::default(), lookup, 443, None);
        let first: Vec<_> = resolver.clone().resolve("a.example".into()).await.unwrap().collect();
        assert_eq!(first, ["93.184.215.14:443".parse().unwrap()]);
        let second = resolver.resolve("a.example".into()).await;
        assert!(
            matches!(second, Err(ResolveError::Refused(Refused::Address { .. }))),
            "{second:?}"
        );
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_a_failed_lookup() {
        let resolver = CheckedResolver::new(Arc::default(), answers(&[&[]]), 443, None);
        assert!(matches!(resolver.resolve("a.example".into()).await, Err(ResolveError::Lookup(_))));
    }
}
