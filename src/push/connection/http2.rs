//! An exchange over HTTP/2, on `h2` itself. hyper's client would put a channel and a task between the request and the
//! stream, and its driver is not the future that reads the peer's SETTINGS, so it learns of them too late.

use std::io::ErrorKind;
use std::task::{Context, Waker};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream};
use http::Request;
use http::header::CONTENT_LENGTH;
use tokio::time::{Instant, timeout_at};

use super::Beginning;
use crate::push::{Cause, PushError};
use crate::webpush::reply::Answer;

pub(in crate::push) type Sender = h2::client::SendRequest<Bytes>;

/// Whether the connection takes further requests: no GOAWAY, no error, stream numbers left.
pub(super) fn is_open(sender: &mut Sender) -> bool {
    !matches!(
        sender.poll_ready(&mut Context::from_waker(Waker::noop())),
        std::task::Poll::Ready(Err(_))
    )
}

/// Hands the request to the connection, whole.
pub(super) fn start(
    sender: &mut Sender,
    request: Request<Bytes>,
) -> Result<ResponseFuture, PushError> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    // Where the peer lowered its limit, the last request may still be queued on this handle; a fresh one queues behind it.
    if sender.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending() {
        *sender = sender.clone();
    }
    let (response, mut stream) = sender
        .send_request(Request::from_parts(parts, ()), body.is_empty())
        .map_err(|error| PushError::NotProcessed(cause(&error)))?;
    if !body.is_empty() {
        stream.send_data(body, true).map_err(failure)?;
    }
    Ok(response)
}

/// Waits for the answer. Dropped, or at the deadline, the stream is reset.
pub(super) async fn answer(
    response: ResponseFuture,
    deadline: Instant,
) -> Result<Answer, PushError> {
    let response =
        timeout_at(deadline, response).await.map_err(|_| PushError::Timeout)?.map_err(failure)?;
    let (head, body) = response.into_parts();
    let body = read(body, deadline).await;
    Ok(Answer { status: head.status, headers: head.headers, body })
}

/// Reads what there is before the deadline. Capacity is never given back: the stream's window is as large as what is
/// read at most, so that no peer can send more.
async fn read(mut body: RecvStream, deadline: Instant) -> Bytes {
    let mut beginning = Beginning::default();
    if !body.is_end_stream() {
        let reading = async {
            while let Some(Ok(chunk)) = body.data().await {
                if !beginning.take(&chunk) {
                    break;
                }
            }
        };
        // Cut short, it is an answer all the same.
        let _ = timeout_at(deadline, reading).await;
    }
    beginning.into_bytes()
}

/// RFC 9113 §8.7: after GOAWAY (for streams beyond its last) and REFUSED_STREAM, the request was surely not processed.
fn failure(error: h2::Error) -> PushError {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    if error.is_remote() && (error.is_go_away() || refused) {
        PushError::NotProcessed(cause(&error))
    } else if error.get_io().is_some_and(|io| io.kind() != ErrorKind::InvalidData) {
        PushError::Lost(cause(&error))
    } else {
        PushError::Protocol(cause(&error))
    }
}

/// The reason alone: an error's own words may quote what the peer sent along with its GOAWAY.
pub(in crate::push) fn cause(error: &h2::Error) -> Cause {
    match (error.reason(), error.get_io()) {
        (Some(reason), _) => reason.description().into(),
        (None, Some(io)) => io.to_string().into(),
        (None, None) => "HTTP/2 error".into(),
    }
}
