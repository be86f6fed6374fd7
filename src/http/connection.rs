//! What is known of a connection before its first request: which listener took it, and who is at its other end.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::rt::net::TcpStream;
use ipnet::IpNet;

use super::connections::Connections;

/// Where a connection came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// The control socket in the data directory, which only its owner can open.
    Control,
    /// A network listener.
    Network {
        /// The address that was called.
        local: Option<SocketAddr>,
    },
}

impl Connection {
    /// Notes it where handlers find it, with its place among the others; where there is none, it ends here.
    pub fn admit(io: &dyn Any, extensions: &mut Extensions, connections: &Arc<Connections>) {
        extensions.insert(Self::of(io));
        let Some(stream) = io.downcast_ref::<TcpStream>() else { return };
        // Without a peer it has ended already.
        let Ok(peer) = stream.peer_addr() else { return };
        match connections.take(peer.ip()) {
            Ok(place) => _ = extensions.insert(place),
            Err(full) => connections.turn_away(stream, &full),
        }
    }

    fn of(io: &dyn Any) -> Self {
        #[cfg(unix)]
        if io.is::<actix_web::rt::net::UnixStream>() {
            return Self::Control;
        }
        let local = io.downcast_ref::<TcpStream>().and_then(|stream| stream.local_addr().ok());
        Self::Network { local }
    }

    /// The connection that brought `req`; an unknown one is a stranger's.
    pub fn behind(req: &HttpRequest) -> Self {
        req.conn_data::<Self>().copied().unwrap_or(Self::Network { local: None })
    }

    /// Whether it came in on loopback or on `observer` and no proxy says that it brings somebody else.
    pub fn is_local(self, headers: &HeaderMap, observer: Option<SocketAddr>) -> bool {
        match self {
            Self::Control => true,
            Self::Network { local: None } => false,
            Self::Network { local: Some(local) } => {
                Some(local) == observer || (local.ip().is_loopback() && !is_forwarded(headers))
            }
        }
    }
}

const FORWARDED_FOR: HeaderName = header::X_FORWARDED_FOR;

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED_FOR) || headers.contains_key(header::FORWARDED)
}

/// The address of whoever made the request: the peer, or, when that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is not one of them. What stands before it was written by anybody.
pub fn client_address(req: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut address = req.peer_addr()?.ip();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let lines: Vec<_> =
        req.headers().get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(address) {
            break;
        }
        match hop.trim().parse() {
            Ok(hop) => address = hop,
            Err(_) => break,
        }
    }
    Some(address)
}

/// What an address is counted under: one household has a whole /64 of IPv6.
pub fn bucket(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_from_the_right() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let cases = [
            ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ];
        for (peer, forwarded, client) in cases {
            let req = TestRequest::default()
                .peer_addr(SocketAddr::new(peer.parse().unwrap(), 9))
                .insert_header((FORWARDED_FOR, forwarded))
                .to_http_request();
            let found = client_address(&req, &trusted);
            assert_eq!(found, Some(client.parse().unwrap()), "{peer} {forwarded}");
        }
    }

    #[test]
    fn neighbours_in_ipv6_share_a_bucket() {
        let bucket_of = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(bucket_of("2001:db8:1:2::1"), bucket_of("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket_of("2001:db8:1:2::1"), bucket_of("2001:db8:1:3::1"));
        assert_eq!(bucket_of("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn loopback_is_local_unless_a_proxy_speaks_for_somebody() {
        let local = Connection::Network { local: Some("127.0.0.1:80".parse().unwrap()) };
        let public = Connection::Network { local: Some("192.0.2.1:80".parse().unwrap()) };
        let direct = HeaderMap::new();
        let mut proxied = HeaderMap::new();
        proxied.insert(FORWARDED_FOR, header::HeaderValue::from_static("198.51.100.7"));
        assert!(local.is_local(&direct, None));
        assert!(!local.is_local(&proxied, None));
        assert!(!public.is_local(&direct, None));
        assert!(public.is_local(&direct, Some("192.0.2.1:80".parse().unwrap())));
        assert!(!Connection::Network { local: None }.is_local(&direct, None));
    }
}
