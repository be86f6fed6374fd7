//! How many connections there are, in all and from each address: one host cannot take all of them, and the control
//! socket needs none of them.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::ResponseError;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::sync::watch;

use super::connection::bucket;
use super::problem::{MEDIA_TYPE, Problem, ProblemKind};
use super::state::HttpOptions;

/// The connections that are open.
#[derive(Debug)]
pub struct Connections {
    options: watch::Receiver<Arc<HttpOptions>>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: u32,
    by_address: HashMap<String, u32>,
}

/// A connection's place. It is free again when this is dropped, with the connection.
#[derive(Debug)]
pub struct Place {
    of: Arc<Connections>,
    address: Option<String>,
}

impl Connections {
    /// None is open. Those of trusted proxies bring everybody, so they are counted in all alone.
    pub fn new(options: watch::Receiver<Arc<HttpOptions>>) -> Arc<Self> {
        Arc::new(Self { options, open: Mutex::default() })
    }

    /// A place for a connection from that address, or why there is none.
    pub fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Problem> {
        let options = Arc::clone(&self.options.borrow());
        let is_trusted =
            options.trusted_proxies.iter().any(|net| net.contains(&peer.to_canonical()));
        let address = (!is_trusted).then(|| bucket(peer));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= options.limits.connections {
            let detail = "the daemon has as many connections as limits.connections allows";
            return Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(1));
        }
        if let Some(address) = &address {
            let most = options.limits.connections_per_address;
            let count = open.by_address.entry(address.clone()).or_default();
            if *count >= most {
                let detail = format!(
                    "there are {most} connections from this address, and more are not allowed \
                     (limits.connections_per_address): use those again, or close some"
                );
                return Err(Problem::new(ProblemKind::TooManyRequests, detail).retry_after(1));
            }
            *count += 1;
        }
        open.all += 1;
        Ok(Place { of: Arc::clone(self), address })
    }

    /// How many are open.
    pub fn open(&self) -> u32 {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Says why, and ends the connection at once: one that had to wait for its end would be one more.
    pub fn turn_away(&self, stream: &TcpStream, why: &Problem) {
        let body = why.to_json(&self.options.borrow().public_url, "");
        let answer = format!(
            "HTTP/1.1 {}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\nretry-after: 1\r\n\
             connection: close\r\n\r\n{body}",
            why.status_code(),
            body.len()
        );
        let socket = SockRef::from(stream);
        // Whoever does not read it sees the end of the connection; there is nobody else to tell.
        let _ = socket.send(answer.as_bytes());
        let _ = socket.shutdown(Shutdown::Both);
        tracing::debug!(%why, "a connection was turned away");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let Some(address) = &self.address else { return };
        match open.by_address.get_mut(address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => _ = open.by_address.remove(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpLimits;

    fn connections(connections: u32, connections_per_address: u32) -> Arc<Connections> {
        let limits = HttpLimits { connections, connections_per_address, ..HttpLimits::default() };
        let options = HttpOptions {
            public_url: String::new(),
            vapid_subject_known: true,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            observe_listener: None,
            acting: false,
            limits,
        };
        Connections::new(watch::Sender::new(Arc::new(options)).subscribe())
    }

    fn kind(taken: &Result<Place, Problem>) -> Option<ProblemKind> {
        taken.as_ref().err().map(Problem::kind)
    }

    #[test]
    fn each_address_has_so_many_places_and_a_place_that_is_left_is_free() {
        let open = connections(100, 2);
        let take = |address: &str| open.take(address.parse().unwrap());
        let (first, second) = (take("192.0.2.1"), take("192.0.2.1"));
        assert_eq!((kind(&first), kind(&second)), (None, None));
        assert_eq!(kind(&take("192.0.2.1")), Some(ProblemKind::TooManyRequests));
        assert_eq!(kind(&take("192.0.2.2")), None);
        drop(first);
        assert_eq!(kind(&take("192.0.2.1")), None);
        drop(second);
        assert_eq!(open.open.lock().unwrap().by_address.len(), 0, "nothing is kept of the absent");
    }

    #[test]
    fn neighbours_in_ipv6_share_and_a_trusted_proxys_are_not_counted_by_address() {
        let open = connections(100, 1);
        let take = |address: &str| open.take(address.parse().unwrap());
        let held = take("2001:db8:1:2::1");
        assert_eq!(kind(&held), None);
        assert_eq!(kind(&take("2001:db8:1:2:ffff::9")), Some(ProblemKind::TooManyRequests));
        assert_eq!(kind(&take("2001:db8:1:3::1")), None);
        let proxied: Vec<_> = (0..5).map(|_| take("10.0.0.1")).collect();
        assert!(proxied.iter().all(Result::is_ok));
        assert!(take("::ffff:10.0.0.1").is_ok());
    }

    #[test]
    fn all_addresses_together_have_so_many_places() {
        let open = connections(2, 2);
        let take = |address: &str| open.take(address.parse().unwrap());
        let held = [take("192.0.2.1"), take("10.0.0.1")];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(kind(&take("192.0.2.3")), Some(ProblemKind::Unavailable));
        drop(held);
        assert_eq!(kind(&take("192.0.2.3")), None);
    }
}
