//! A client of the daemon's API: one connection, kept alive.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

pub(crate) struct Client {
    pub(crate) sender: SendRequest<Full<Bytes>>,
    authority: String,
    key: String,
}

/// An answer, and how long it took.
pub(crate) struct Answered {
    pub(crate) json: Value,
    pub(crate) took: Duration,
}

impl Client {
    pub(crate) async fn connect(authority: &str, key: &str) -> Self {
        let stream = TcpStream::connect(authority).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, authority: authority.to_owned(), key: key.to_owned() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.call(Method::GET, path, String::new(), StatusCode::OK).await
    }

    pub(crate) async fn post(&mut self, path: &str, json: String, expect: StatusCode) -> Answered {
        self.call(Method::POST, path, json, expect).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        json: String,
        expect: StatusCode,
    ) -> Answered {
        let request = self.request(method, path).header(CONTENT_TYPE, "application/json");
        let request = request.body(Full::from(json)).unwrap();
        let started = Instant::now();
        let answer = self.sender.send_request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let took = started.elapsed();
        assert_eq!(status, expect, "{path}: {}", String::from_utf8_lossy(&body));
        Answered { json: serde_json::from_slice(&body).unwrap(), took }
    }
}
