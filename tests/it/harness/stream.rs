//! Somebody who watches a page: server-sent events, as a `fetch` reads them.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A stream that is being read.
pub(crate) struct Stream {
    response: Response<Incoming>,
    text: String,
}

impl Stream {
    /// Opens a page as a stream.
    pub(crate) async fn open(address: SocketAddr, path: &str, key: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        actix_web::rt::spawn(connection);
        let request = Request::get(path)
            .header("host", address.to_string())
            .header("origin", format!("http://{address}"))
            .header("accept", "text/event-stream")
            .header("authorization", format!("Bearer {key}"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// A field of the answer's head.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// The next event's name and data; a comment has no data. `None`: it has ended as it should.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = match event.split_once("\ndata: ") {
                    Some((name, data)) => (
                        name.trim_start_matches("event: ").to_owned(),
                        serde_json::from_str(data).unwrap(),
                    ),
                    None => (event.to_owned(), Value::Null),
                };
                self.text = rest.to_owned();
                return Some(event);
            }
            let Some(frame) = self.response.frame().await else {
                assert_eq!(self.text, "", "cut off in the middle of an event");
                return None;
            };
            let data = frame.expect("an answer that ends as it should").into_data().unwrap();
            self.text += std::str::from_utf8(&data).unwrap();
        }
    }
}
