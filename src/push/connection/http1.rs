//! An exchange over HTTP/1.1, for push services that have nothing better: one request at a time on a connection.

use std::error::Error;
use std::io;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::{Instant, timeout_at};

use super::Beginning;
use crate::push::PushError;
use crate::webpush::reply::Answer;

pub(in crate::push) type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

/// Sends the request and waits for the answer. Whether the connection can be used again comes with it.
pub(super) async fn exchange(
    sender: &mut Sender,
    request: Request<Bytes>,
    deadline: Instant,
) -> Result<(Answer, bool), PushError> {
    let response = timeout_at(deadline, sender.try_send_request(origin_form(request)))
        .await
        .map_err(|_| PushError::Timeout)?
        .map_err(failure)?;
    let (head, body) = response.into_parts();
    let (body, whole) = read(body, deadline).await;
    let reusable = whole && matches!(timeout_at(deadline, sender.ready()).await, Ok(Ok(())));
    Ok((Answer { status: head.status, headers: head.headers, body }, reusable))
}

/// RFC 9112 §3.2.1: the path and query as they are, and the host in its header.
fn origin_form(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let mut request = request.map(Full::new);
    if let Some(host) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(host.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
    request
}

/// What there is before the deadline, and whether that is all.
async fn read(mut body: Incoming, deadline: Instant) -> (Bytes, bool) {
    let mut beginning = Beginning::default();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            if frame.data_ref().is_some_and(|chunk| !beginning.take(chunk)) {
                return false;
            }
        }
        true
    };
    let whole = timeout_at(deadline, reading).await.unwrap_or(false);
    (beginning.into_bytes(), whole)
}

fn failure<B>(error: TrySendError<B>) -> PushError {
    let unsent = error.message().is_some();
    let error = error.into_error();
    let cause = error.to_string().into();
    if unsent {
        PushError::NotProcessed(cause)
    } else if error.is_parse() || is_invalid(&error) {
        PushError::Protocol(cause)
    } else {
        PushError::Lost(cause)
    }
}

/// Whether what was read made no sense, or was too much of it.
fn is_invalid(error: &hyper::Error) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
}
