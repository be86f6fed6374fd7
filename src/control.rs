//! The control socket, seen from a command: the HTTP API over a Unix socket in the data directory. Whoever may
//! open the socket is the instance's admin, so no credential is sent.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

/// Which app a call is about.
pub const APP_HEADER: HeaderName = HeaderName::from_static("fanfare-app");

/// Long enough for an app with a million subscriptions to be deleted; a daemon that is stuck is noticed.
const DEADLINE: Duration = Duration::from_secs(60);

/// A page of any list is far below; more is not an answer of ours.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// One call of the API, whichever way it goes.
#[derive(Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Value>,
}

impl Call {
    /// A call without a body. `path` is absolute and already percent-encoded.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None }
    }

    /// With a JSON body.
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The request, to `base` (scheme and host, or nothing for a connection that is open) and `host`.
    pub fn into_request(self, base: &str, host: &str) -> Result<Request<Full<Bytes>>, ApiError> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("{base}{}", self.path))
            .header(HOST, host)
            .header(ACCEPT, "application/json");
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let body = match self.body {
            Some(value) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(value.to_string())
            }
            None => Bytes::new(),
        };
        request.body(Full::new(body)).map_err(|error| ApiError::Unsendable(error.to_string()))
    }
}

/// Why a call did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The socket is there and cannot be used.
    #[error("the control socket {} cannot be used; run this as the user that runs the daemon", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server was not reached, or went away.
    #[error("the connection to {peer} failed")]
    Connection {
        /// Who.
        peer: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("no answer came from {peer} within {} s; try again, or look at its log", DEADLINE.as_secs())]
    TimedOut {
        /// Who.
        peer: String,
    },
    /// The call cannot be written as HTTP.
    #[error("the call cannot be sent: {0}")]
    Unsendable(String),
    /// The answer is not one of ours.
    #[error("{peer} did not answer as Fanfare does ({status}); check that it is one")]
    NotOurs {
        /// Who.
        peer: String,
        /// What it said.
        status: StatusCode,
    },
    /// The API says no, and why.
    #[error("{0}")]
    Refused(Problem),
}

/// An error of the API (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Problem {
    /// What kind.
    pub title: String,
    /// Which field, which limit, what to do.
    #[serde(default)]
    pub detail: String,
    /// The fields that are wrong.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
}

/// One field that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct FieldProblem {
    /// Where it is: a JSON pointer.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for error in &self.errors {
            write!(f, "\n  {}: {}", error.pointer, error.detail)?;
        }
        Ok(())
    }
}

/// A connection to the daemon of a data directory.
pub struct ControlClient {
    sender: http1::SendRequest<Full<Bytes>>,
    app: Option<HeaderValue>,
}

impl fmt::Debug for ControlClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlClient").field("app", &self.app).finish_non_exhaustive()
    }
}

impl ControlClient {
    /// Connects to the daemon behind `socket`; `None` when none is running.
    pub async fn connect(
        socket: &Path,
        app: Option<HeaderValue>,
    ) -> Result<Option<Self>, ApiError> {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            // A daemon that was killed leaves its socket behind, and the kernel refuses for it.
            Err(error) if is_nobody(error.kind()) => return Ok(None),
            Err(source) => return Err(ApiError::Socket { path: socket.to_owned(), source }),
        };
        Ok(Some(Self { sender: handshake(stream, "the daemon").await?, app }))
    }

    /// Makes one call; an answer without a body is `null`.
    pub async fn call(&mut self, call: Call) -> Result<Value, ApiError> {
        let call = match &self.app {
            Some(app) => call.header(APP_HEADER, app.clone()),
            None => call,
        };
        let request = call.into_request("", "localhost")?;
        let sent = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        answer("the daemon", sent).await
    }
}

fn is_nobody(kind: io::ErrorKind) -> bool {
    kind == io::ErrorKind::NotFound || kind == io::ErrorKind::ConnectionRefused
}

/// Speaks HTTP/1.1 over a connection that is open. The connection ends with its sender.
pub async fn handshake<T>(
    stream: T,
    peer: &str,
) -> Result<http1::SendRequest<Full<Bytes>>, ApiError>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken
        .map_err(|source| ApiError::Connection { peer: peer.to_owned(), source: source.into() })?;
    // What goes wrong on the connection reaches the caller through its request.
    tokio::spawn(connection);
    Ok(sender)
}

/// Waits for the response and reads it: JSON, nothing, or a problem.
pub async fn answer<E>(
    peer: &str,
    sent: impl Future<Output = Result<Response<Incoming>, E>>,
) -> Result<Value, ApiError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let broken = |source| ApiError::Connection { peer: peer.to_owned(), source };
    let exchange = async {
        let response = sent.await.map_err(|error| broken(error.into()))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await.map_err(broken)?;
        read_answer(peer, parts.status, &body.to_bytes())
    };
    let timed_out = |_| ApiError::TimedOut { peer: peer.to_owned() };
    tokio::time::timeout(DEADLINE, exchange).await.map_err(timed_out)?
}

fn read_answer(peer: &str, status: StatusCode, body: &[u8]) -> Result<Value, ApiError> {
    let not_ours = |_| ApiError::NotOurs { peer: peer.to_owned(), status };
    match (status.is_success(), body) {
        (true, []) => Ok(Value::Null),
        (true, body) => serde_json::from_slice(body).map_err(not_ours),
        (false, body) => {
            let problem = serde_json::from_slice(body).map_err(not_ours)?;
            Err(ApiError::Refused(problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_a_sentence_with_each_field_below() {
        let body = br##"{"type":"about:blank","title":"Unprocessable","status":422,"detail":"the body is wrong",
            "errors":[{"pointer":"#/ttl","detail":"at most 2419200"},{"pointer":"#/x","detail":"unknown"}]}"##;
        let refused = read_answer("the daemon", StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(
            refused.expect_err("422 is no success").to_string(),
            "Unprocessable: the body is wrong\n  #/ttl: at most 2419200\n  #/x: unknown"
        );
    }

    #[test]
    fn an_answer_is_json_or_nothing_and_all_else_is_somebody_elses() {
        let rows: [(u16, &[u8], Option<Value>); 4] = [
            (200, b"{\"a\":1}", Some(serde_json::json!({"a": 1}))),
            (204, b"", Some(Value::Null)),
            (200, b"<html>", None),
            (502, b"<html>", None),
        ];
        for (status, body, expected) in rows {
            let status = StatusCode::from_u16(status).unwrap();
            match read_answer("proxy.test", status, body) {
                Ok(value) => assert_eq!(Some(value), expected),
                Err(error) => {
                    assert_eq!(expected, None, "{error}");
                    let words = format!("proxy.test did not answer as Fanfare does ({status})");
                    assert!(error.to_string().starts_with(&words), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_socket_that_is_absent_or_left_behind_means_that_no_daemon_runs() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("absent.sock");
        assert!(ControlClient::connect(&absent, None).await.unwrap().is_none());
        let stale = directory.path().join("stale.sock");
        drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
        assert!(stale.exists());
        assert!(ControlClient::connect(&stale, None).await.unwrap().is_none());
    }
}
