//! The bounds of the listeners and of strangers, as values: what an operator may set, and what is set where nobody
//! does. The bounds of an app are its own settings ([`crate::store::limit`]).

use std::time::Duration;

/// What callers may take of the daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpLimits {
    /// Connections at once, over all network listeners.
    pub connections: u32,
    /// Connections at once from one address; a trusted proxy's are not counted.
    pub connections_per_address: u32,
    /// How long a client may take for the head of its first request. Of later ones actix-http 3.20 times none that has
    /// begun: what such connections may hold is `connections_per_address`.
    pub head_timeout: Duration,
    /// How long a client may take for a request's body.
    pub body_timeout: Duration,
    /// How long a connection is kept between two requests.
    pub idle_timeout: Duration,
    /// Registrations a minute from one address, by whoever has no API key.
    pub subscribe_per_address: u32,
    /// Registrations a minute with one subscriber token.
    pub subscribe_per_token: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A few kB each while they rest, so some 100 MB at most; the process must be allowed as many open files.
            connections: 10_000,
            // An office behind one address has room, and ten hosts are needed to take all there are.
            connections_per_address: 1_000,
            head_timeout: Duration::from_secs(10),
            // 1 MiB in it is 35 kB/s, a poor mobile connection.
            body_timeout: Duration::from_secs(30),
            // Longer than the minute after which load balancers give up theirs, so that it is they who close.
            idle_timeout: Duration::from_secs(75),
            // An office, or all users behind a proxy that nobody has named in `trusted_proxies`: many at once, then
            // ten a second, which no store notices.
            subscribe_per_address: 600,
            // One person's browser, and room for a token that a backend hands to several.
            subscribe_per_token: 100,
        }
    }
}
