//! How many connections, and how long each may take over what it sends.

use std::time::Duration;

use fanfare::http::HttpLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::api::{Api, KEY};
use crate::harness::house::eventually;

/// Short, for a time that must pass; the times that must not pass are the defaults.
const SOON: Duration = Duration::from_millis(50);

/// The least that a connection's own times may be.
const LEAST: Duration = Duration::from_secs(1);

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 ";

/// A connection by hand.
pub(super) struct Raw(TcpStream);

impl Raw {
    pub(super) async fn connect(api: &Api) -> Self {
        Self(TcpStream::connect(api.address).await.unwrap())
    }

    /// Sends as much as the other end takes: it may have closed already, and then its answer says why.
    pub(super) async fn send(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// The head of the next answer, behind what was left of the one before.
    pub(super) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// What comes up to that text, or to the end.
    async fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            match self.0.read_u8().await {
                Ok(byte) => text.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(text).unwrap()
    }

    /// Everything until the other end closes.
    pub(super) async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        // A reset after the answer is an end as well.
        let _ = self.0.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }
}

async fn limited(change: impl FnOnce(&mut HttpLimits)) -> Api {
    Api::limited(change).await
}

#[actix_web::test]
async fn an_address_has_so_many_connections_and_one_more_is_told_so_and_closed() {
    let api = limited(|limits| limits.connections_per_address = 2).await;
    let mut held = [Raw::connect(&api).await, Raw::connect(&api).await];
    for raw in &mut held {
        raw.send(GET).await;
        assert!(raw.head().await.starts_with(OK));
    }
    let mut third = Raw::connect(&api).await;
    let answer = third.rest().await;
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("2 connections from this address"), "{answer}");

    // The control socket is no address, and is not in anybody's way.
    assert_eq!(api.get("/v1/apps").send_on_control().await.status, 200);
    drop(held);
    let free = || async {
        let mut raw = Raw::connect(&api).await;
        raw.send(GET).await;
        raw.head().await.starts_with(OK).then_some(())
    };
    eventually("the places of those who left are free", free).await;
    api.stop().await;
}

#[actix_web::test]
async fn all_together_have_so_many_connections_and_the_control_socket_needs_none() {
    let api = limited(|limits| limits.connections = 1).await;
    let mut held = Raw::connect(&api).await;
    held.send(GET).await;
    assert!(held.head().await.starts_with(OK));
    let answer = Raw::connect(&api).await.rest().await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("limits.connections"), "{answer}");
    assert_eq!(api.get("/v1/apps").send_on_control().await.status, 200);
    held.send(GET).await;
    assert!(held.head().await.contains(OK), "whoever is in stays in");
    api.stop().await;
}

#[actix_web::test]
async fn a_head_that_does_not_end_is_408_and_so_is_one_that_never_begins() {
    let api = limited(|limits| limits.head_timeout = LEAST).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost:"] {
        let mut raw = Raw::connect(&api).await;
        raw.send(begun).await;
        let answer = raw.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{begun:?}: {answer}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn a_connection_without_a_next_request_is_closed() {
    let api = limited(|limits| limits.idle_timeout = LEAST).await;
    let mut raw = Raw::connect(&api).await;
    raw.send(GET).await;
    assert!(raw.head().await.starts_with(OK));
    let rest = raw.rest().await;
    assert!(!rest.contains("HTTP/1.1 "), "{rest}");
    api.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_end_is_408_with_the_limit_that_it_met() {
    let api = limited(|limits| limits.body_timeout = SOON).await;
    let mut raw = Raw::connect(&api).await;
    let head = format!(
        "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    raw.send(&head).await;
    let answer = raw.until("}").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("#request-timeout"), "{answer}");
    assert!(answer.contains("within 50ms (limits.body_timeout)"), "{answer}");
    api.stop().await;
}

#[actix_web::test]
async fn what_comes_in_time_is_served_whole_and_the_connection_is_kept() {
    let api = limited(|_| ()).await;
    let mut raw = Raw::connect(&api).await;
    for part in GET.as_bytes().chunks(7) {
        raw.send(std::str::from_utf8(part).unwrap()).await;
    }
    assert!(raw.head().await.starts_with(OK));
    raw.send(GET).await;
    assert!(raw.head().await.contains(OK));
    api.stop().await;
}
