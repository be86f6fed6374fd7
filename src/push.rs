//! The way out: how one request reaches one push service. [`Push`] is what the tree sees; [`https::HttpsPush`]
//! is what it gets; tests bring their own.
//!
//! ```text
//! admit: egress (may it be reached?) → pool (a stream slot; dials when there is none) → Permit
//! send:  Permit → connection (HTTP/2 or HTTP/1.1) → Answer, under one deadline
//!        below TLS, a meter: what a connection may say is bounded by what it was asked
//! ```

mod connection;
mod dial;
mod drive;
mod meter;
mod pool;

pub mod address;
pub mod egress;
pub mod https;
pub mod options;
pub mod resolver;
pub mod tls;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{Request, Uri};
use thiserror::Error;

use crate::push::egress::Refused;
use crate::webpush::reply::Answer;

/// Sends requests to push services. It lives on one thread: every delivery arbiter has its own.
pub trait Push {
    /// Waits, first come first served, until a connection to the origin of `uri` has a stream to spare. There is
    /// no deadline on the wait for a stream, but one on every dial; a dial that fails ends all waits that hoped for it.
    fn admit(&self, uri: &Uri) -> LocalBoxFuture<'static, Result<Permit, PushError>>;

    /// Sends `request` (its URI absolute, as subscribed) on the stream that `permit` holds. The deadline starts now
    /// and covers all of the exchange. Any status is an answer, redirects included: they are never followed. So is one
    /// whose body was cut short, at 64 KiB, by the deadline or by a broken connection: the status is what counts.
    fn send(
        &self,
        permit: Permit,
        request: Request<Bytes>,
    ) -> LocalBoxFuture<'static, Result<Answer, PushError>>;
}

/// The right to one request to one origin, now. Dropped unused, it goes to whoever waits longest.
#[must_use = "a permit that is dropped goes to the next in line"]
pub struct Permit(Option<pool::Slot>);

impl Permit {
    /// A permit that holds nothing: for implementations of [`Push`] without a pool.
    pub fn unbound() -> Self {
        Self(None)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Permit(bound)" } else { "Permit(unbound)" })
    }
}

/// Why there is no answer. Shown, it names a cause and never a URL beyond its host.
#[derive(Clone, Debug, Error)]
pub enum PushError {
    /// The endpoint is one that Fanfare does not reach out to.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The host's name has no address.
    #[error("the push service's name does not resolve: {0}")]
    Dns(Cause),
    /// No TCP connection, or one that ended before it could be used.
    #[error("cannot connect to the push service: {0}")]
    Connect(Cause),
    /// The TLS handshake failed.
    #[error("no trusted TLS connection to the push service: {0}")]
    Tls(Cause),
    /// Connection, TLS and HTTP/2 settings took longer than a dial may take.
    #[error("the push service could not be reached in time")]
    DialTimeout,
    /// Every connection that this arbiter may hold is in use elsewhere.
    #[error("too many connections are open; another try will find a free one")]
    Crowded,
    /// No answer before the deadline.
    #[error("the push service did not answer in time")]
    Timeout,
    /// The push service has surely not looked at the request (RFC 9113 §8.7), or it was never written.
    #[error("the request was not processed: {0}")]
    NotProcessed(Cause),
    /// The connection broke after the request was sent: nobody knows what became of it.
    #[error("the connection broke before the answer: {0}")]
    Lost(Cause),
    /// The other side does not speak HTTP as it should.
    #[error("the push service broke the protocol: {0}")]
    Protocol(Cause),
}

/// A cause in words, cheap to hand to everyone who waits for the same dial.
pub type Cause = Arc<str>;

impl PushError {
    /// Whether this was a try at delivery. What surely never reached the push service's hands was none; the next try may
    /// follow at once, but not without an end: a broken service can say GOAWAY for ever.
    pub fn counts_as_attempt(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Crowded | Self::NotProcessed(_) => false,
            Self::Dns(_)
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::DialTimeout
            | Self::Timeout
            | Self::Lost(_)
            | Self::Protocol(_) => true,
        }
    }

    /// Whether trying again is pointless until the operator changes something.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Dns(_)
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::DialTimeout
            | Self::Crowded
            | Self::Timeout
            | Self::NotProcessed(_)
            | Self::Lost(_)
            | Self::Protocol(_) => false,
        }
    }

    /// The cause in one word, for metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::DialTimeout => "dial_timeout",
            Self::Crowded => "crowded",
            Self::Timeout => "timeout",
            Self::NotProcessed(_) => "not_processed",
            Self::Lost(_) => "lost",
            Self::Protocol(_) => "protocol",
        }
    }
}
