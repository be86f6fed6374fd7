//! One HTTP request to a daemon, and its answer.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer in JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A request to be made.
pub(crate) struct Call {
    address: SocketAddr,
    control: PathBuf,
    request: http::request::Builder,
    body: Bytes,
}

impl Call {
    /// A request to the daemon at `address`, or by its control socket.
    pub(crate) fn new(address: SocketAddr, control: PathBuf, method: Method, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path);
        Self { address, control, request, body: Bytes::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    pub(crate) fn text(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }

    /// The same, to a daemon that may be killed meanwhile.
    pub(crate) async fn try_send(self) -> io::Result<Answer> {
        let stream = TcpStream::connect(self.address).await?;
        self.send_on(stream).await.map_err(io::Error::other)
    }

    pub(crate) async fn send_on_control(self) -> Answer {
        let stream = UnixStream::connect(&self.control).await.unwrap();
        self.send_on(stream).await.unwrap()
    }

    async fn send_on(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> hyper::Result<Answer> {
        let host = self.address.to_string();
        let request = self.request.header("host", host).body(Full::new(self.body)).unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = actix_web::rt::spawn(connection);
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        let _ended = connection.await;
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}
