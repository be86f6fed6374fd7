//! How much a push service may say on one connection: what it was asked for, and no more. Counted below TLS, so that
//! every kind of flood has the same end, frames that carry nothing (PING, SETTINGS, 1xx, empty DATA) included.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::push::resolver::CheckedResolver;

/// What a connection may say unasked: its handshake (a long chain of certificates has 10 kB), its settings and pings, and
/// what is still under way of answers that nobody waits for any more. More would cost the others: it is as much as five
/// thousand of the smallest frames.
const UNASKED: u64 = 64 * 1024;

/// What one exchange may bring: 64 KiB of body, 16 KiB of headers, and their framing.
const EXCHANGE: u64 = 96 * 1024;

/// What is left of one connection's allowance, in bytes on the wire.
#[derive(Debug)]
pub(super) struct Meter(AtomicU64);

impl Meter {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(UNASKED))
    }

    /// A request goes out: its answer may come.
    pub(super) fn grant(&self) {
        self.0.fetch_add(EXCHANGE, Ordering::Relaxed);
    }

    /// An exchange has ended, and `in_flight` are left: nothing is saved up for later.
    pub(super) fn settle(&self, in_flight: usize) {
        self.0.fetch_min(UNASKED + EXCHANGE * in_flight as u64, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let take = |left: u64| left.checked_sub(bytes as u64);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, FLOOD)),
        }
    }
}

const FLOOD: &str = "the push service sent far more than it was asked for";

/// A TCP stream whose reads are metered.
pub(super) struct Metered {
    tcp: TcpStream,
    meter: Arc<Meter>,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        Poll::Ready(self.meter.take(buf.filled().len() - before))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}

impl Connection for Metered {
    fn connected(&self) -> Connected {
        self.tcp.connected()
    }
}

/// Makes TCP connections that `meter` counts, for one dial.
#[derive(Clone)]
pub(super) struct MeteredConnector {
    pub(super) tcp: HttpConnector<CheckedResolver>,
    pub(super) meter: Arc<Meter>,
}

impl Service<Uri> for MeteredConnector {
    type Response = TokioIo<Metered>;
    type Error = <HttpConnector<CheckedResolver> as Service<Uri>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx)
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        let meter = self.meter.clone();
        let metered = |tcp: TokioIo<TcpStream>| Metered { tcp: tcp.into_inner(), meter };
        self.tcp.call(origin).map_ok(|tcp| TokioIo::new(metered(tcp))).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_ends_the_connection() {
        let meter = Meter::new();
        meter.take(UNASKED as usize).unwrap();
        let error = meter.take(1).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::InvalidData, FLOOD));
        meter.grant();
        meter.take(EXCHANGE as usize).unwrap();
        meter.take(1).unwrap_err();
    }

    #[test]
    fn a_long_life_of_short_answers_saves_nothing_up() {
        let meter = Meter::new();
        for _ in 0..10_000 {
            meter.grant();
            meter.grant();
            meter.take(300).unwrap();
            meter.settle(1);
            meter.settle(0);
        }
        meter.take(UNASKED as usize).unwrap();
        meter.take(1).unwrap_err();
    }
}
