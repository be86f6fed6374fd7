//! The way out, over real sockets: what a push service sees of us, and what it costs us when it misbehaves.

mod bounds;
mod deadlines;
mod failures;
mod floods;
mod goaway;
mod limits;
mod refusals;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare::push::egress::Egress;
use fanfare::push::https::HttpsPush;
use fanfare::push::options::PushOptions;
use fanfare::push::resolver::Lookup;
use fanfare::push::{Push, PushError, tls};
use fanfare::webpush::reply;
use futures_util::future::{join_all, try_join_all};
use http::{Method, Request, Uri, Version};

use crate::harness::push_service::{Answer, PushService};

/// What a delivery arbiter holds, without the arbiter.
struct Client(Rc<HttpsPush>);

impl Client {
    /// One that may reach `service` and trusts it.
    fn of(service: &PushService) -> Self {
        Self::with(service, PushOptions::default())
    }

    fn with(service: &PushService, options: PushOptions) -> Self {
        let egress = Egress::new(&[service.authority()], false).unwrap();
        Self::new(service, egress, options, None)
    }

    fn new(
        service: &PushService,
        egress: Egress,
        options: PushOptions,
        lookup: Option<Lookup>,
    ) -> Self {
        let tls = tls::client_config(Some(service.ca_file())).unwrap();
        let lookup = lookup.unwrap_or_else(fanfare::push::resolver::system);
        Self(Rc::new(HttpsPush::with_lookup(Arc::new(egress), tls, options, lookup)))
    }

    /// One that may reach all of 127.0.0.0/8 and trusts the tests' authority.
    fn local(ca_file: &Path, options: PushOptions) -> Self {
        let egress = Arc::new(Egress::new(&["127.0.0.0/8"], false).unwrap());
        let tls = tls::client_config(Some(ca_file)).unwrap();
        Self(Rc::new(HttpsPush::new(egress, tls, options)))
    }

    async fn push(&self, endpoint: &str) -> Result<reply::Answer, PushError> {
        let uri: Uri = endpoint.parse().unwrap();
        let permit = self.0.admit(&uri).await?;
        self.0.send(permit, post(&uri)).await
    }

    /// As a worker does: what is no attempt is tried again.
    async fn deliver(&self, endpoint: &str) -> Result<reply::Answer, PushError> {
        loop {
            match self.push(endpoint).await {
                Err(error) if !error.counts_as_attempt() && !error.is_permanent() => {}
                result => return result,
            }
        }
    }
}

fn post(uri: &Uri) -> Request<Bytes> {
    Request::post(uri.clone()).header("ttl", "60").body(Bytes::from_static(b"payload")).unwrap()
}

/// Endpoints of `service`, each with a token of its own.
fn endpoints(service: &PushService, count: usize) -> Vec<String> {
    (0..count).map(|number| service.endpoint(&format!("token-{number}"))).collect()
}

#[actix_web::test]
async fn a_request_arrives_as_it_was_made() {
    let service = PushService::start();
    let reply = Client::of(&service).push(&service.endpoint("a%2bb/c?d=%2F")).await.unwrap();
    assert_eq!(reply.status, 201);

    let request = &service.log()[0];
    assert_eq!((request.index, request.connection), (0, 0));
    assert_eq!(request.method, Method::POST);
    assert_eq!(request.version, Version::HTTP_2);
    assert_eq!(request.token, "a%2bb/c?d=%2F");
    assert_eq!(request.header("ttl"), "60");
    assert_eq!(request.header("content-length"), "7");
    assert_eq!(request.body, "payload");
}

#[actix_web::test]
async fn an_answer_comes_back_whole() {
    let service = PushService::start();
    service.answer_all(Answer::status(429).header("retry-after", "120").body("slow down"));
    let reply = Client::of(&service).push(&service.endpoint("a")).await.unwrap();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers["retry-after"], "120");
    assert_eq!(reply.body, "slow down");
}

#[actix_web::test]
async fn all_requests_to_an_origin_share_a_connection_that_has_room() {
    let service = PushService::builder().max_streams(100).start();
    let client = Client::of(&service);
    let pushes = endpoints(&service, 80);
    try_join_all(pushes.iter().map(|endpoint| client.push(endpoint))).await.unwrap();
    assert_eq!(service.connections_ever(), 1);
}

#[actix_web::test]
async fn a_service_that_speaks_http_1_alone_is_served_on_several_connections() {
    let service = PushService::builder().http1_only().start();
    let client = Client::of(&service);
    let pushes = endpoints(&service, 40);
    let replies = try_join_all(pushes.iter().map(|endpoint| client.push(endpoint))).await.unwrap();
    assert!(replies.iter().all(|reply| reply.status == 201));
    assert!(service.log().iter().all(|request| request.version == Version::HTTP_11));
    assert!(service.connections_ever() <= 8, "{} connections", service.connections_ever());

    let request = &service.log_of("token-7")[0];
    assert_eq!(request.header("host"), service.authority());
    assert_eq!(request.header("content-length"), "7");
}

#[actix_web::test]
async fn a_service_that_only_counts_knows_how_often_each_token_was_asked() {
    let service = PushService::builder().counting().start();
    let client = Client::of(&service);
    for token in ["a", "b", "b"] {
        client.push(&format!("{}/push/{token}", service.origin())).await.unwrap();
    }
    assert_eq!(service.counts(), [("a".to_owned(), 1), ("b".to_owned(), 2)].into());
    assert!(service.log().is_empty());
}

#[actix_web::test]
async fn goaway_in_the_midst_costs_no_attempt_and_repeats_nothing() {
    let service = PushService::builder().max_streams(20).goaway_after(30).start();
    let client = Client::of(&service);
    let pushes = endpoints(&service, 500);
    let replies =
        try_join_all(pushes.iter().map(|endpoint| client.deliver(endpoint))).await.unwrap();
    assert!(replies.iter().all(|reply| reply.status == 201));
    assert_eq!(service.requests(), 500);
    for connection in 0..service.connections_ever() {
        let log = service.log();
        let carried = log.iter().filter(|request| request.connection == connection).count();
        // Those already on their way when it was said are still answered.
        assert!(carried <= 30 + 20, "connection {connection} carried {carried}");
    }
    assert!(service.connections_ever() >= 10, "{} connections", service.connections_ever());
}

#[actix_web::test]
async fn a_failed_dial_ends_all_waits_at_once() {
    let service = PushService::start();
    let client = Client::of(&service);
    let endpoint = service.endpoint("a");
    drop(service);
    let results = join_all((0..50).map(|_| client.push(&endpoint))).await;
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.label(), "connect", "{error}");
        assert!(error.counts_as_attempt());
    }
}

/// Short enough for a test, long enough for a busy machine.
const SOON: Duration = Duration::from_millis(500);
