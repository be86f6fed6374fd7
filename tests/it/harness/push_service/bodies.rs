//! Bodies of responses: whole ones, and those that no client should read to their end.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

pub(crate) fn whole(body: Bytes) -> Body {
    Full::new(body).boxed_unsync()
}

pub(crate) fn streamed(chunks: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

/// Sixteen kilobytes, for ever.
pub(crate) fn endless() -> impl Stream<Item = Bytes> + Send {
    stream::repeat(Bytes::from_static(&[b'x'; 16 * 1024]))
}

/// A byte at a time, for ever.
pub(crate) fn drip() -> impl Stream<Item = Bytes> + Send {
    let ticks = tokio::time::interval(Duration::from_millis(20));
    stream::unfold(ticks, |mut ticks| async move {
        ticks.tick().await;
        Some((Bytes::from_static(b"."), ticks))
    })
}
