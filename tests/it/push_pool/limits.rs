//! How many streams a peer takes may change at any time, be nothing, or never be said.

use std::io;
use std::sync::Mutex;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;

use super::*;
use crate::harness::house::eventually;
use crate::harness::push_service::raw::{Heard, RawService, Wire};

/// What a test tells the service to do next.
enum Order {
    /// Say how many streams there may be.
    Settings(u32),
    /// Answer the oldest of the open ones.
    Answer,
}

/// A service that does as it is told, and how many streams it had open at each request's arrival, that one included.
struct Ordered {
    service: RawService,
    orders: UnboundedSender<Order>,
    open: Arc<Mutex<Vec<usize>>>,
}

impl Ordered {
    fn start(max_streams: u32) -> Self {
        let (orders, told) = unbounded_channel();
        let told = Arc::new(tokio::sync::Mutex::new(told));
        let open = Arc::new(Mutex::new(Vec::new()));
        let arrivals = open.clone();
        let service = RawService::http2(move |mut wire: Wire| {
            let (told, arrivals) = (told.clone(), arrivals.clone());
            async move {
                wire.open(max_streams).await?;
                // One connection at a time is told anything.
                let mut told = told.lock().await;
                let mut streams = std::collections::VecDeque::new();
                loop {
                    let order = tokio::select! {
                        biased;
                        order = told.recv() => order,
                        heard = wire.hear() => {
                            if let Heard::Request(stream) = heard? {
                                streams.push_back(stream);
                                arrivals.lock().unwrap().push(streams.len());
                            }
                            continue;
                        }
                    };
                    match order {
                        Some(Order::Settings(max)) => wire.settings(max).await?,
                        Some(Order::Answer) => {
                            let oldest = streams.pop_front().ok_or(io::ErrorKind::NotFound)?;
                            wire.answer(oldest).await?;
                        }
                        None => return Ok(()),
                    }
                }
            }
        });
        Self { service, orders, open }
    }

    fn client(&self) -> Client {
        let options = PushOptions { max_connections_per_origin: 1, ..PushOptions::default() };
        Client::local(self.service.ca_file(), options)
    }

    fn order(&self, order: Order) {
        self.orders.send(order).ok().unwrap();
    }

    async fn until_open(&self, arrivals: usize) {
        eventually(&format!("{arrivals} requests"), || async {
            (self.open.lock().unwrap().len() >= arrivals).then_some(())
        })
        .await;
    }
}

async fn until_streams(client: &Client, streams: usize) {
    eventually(&format!("{streams} streams"), || async {
        client.0.snapshot().iter().any(|pool| pool.streams == streams).then_some(())
    })
    .await;
}

fn push_many(
    client: &Client,
    service: &RawService,
    count: usize,
) -> Vec<tokio::task::JoinHandle<Result<reply::Answer, PushError>>> {
    let push = |number: usize| {
        let (client, endpoint) = (Client(client.0.clone()), service.endpoint(&number.to_string()));
        spawn_local(async move { client.push(&endpoint).await })
    };
    (0..count).map(push).collect()
}

#[actix_web::test]
async fn a_limit_that_is_lowered_to_one_is_kept_from_then_on() {
    let ordered = Ordered::start(5);
    let client = ordered.client();
    let pushes = push_many(&client, &ordered.service, 12);
    ordered.until_open(5).await;
    ordered.order(Order::Settings(1));
    until_streams(&client, 1).await;

    for answered in 1..=12 {
        ordered.order(Order::Answer);
        // The five that were open go first; then one at a time.
        let arrived = if answered < 5 { 5 } else { (answered + 1).min(12) };
        ordered.until_open(arrived).await;
    }
    for push in pushes {
        assert_eq!(push.await.unwrap().unwrap().status, 201);
    }
    let open = ordered.open.lock().unwrap().clone();
    assert_eq!(open, [1, 2, 3, 4, 5, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(ordered.service.connections_ever(), 1);
}

#[actix_web::test]
async fn a_limit_of_nothing_holds_everybody_until_it_is_raised() {
    let ordered = Ordered::start(2);
    let client = ordered.client();
    let first = push_many(&client, &ordered.service, 1);
    ordered.until_open(1).await;
    ordered.order(Order::Settings(0));
    until_streams(&client, 0).await;
    ordered.order(Order::Answer);
    for push in first {
        assert_eq!(push.await.unwrap().unwrap().status, 201);
    }

    let held = push_many(&client, &ordered.service, 3);
    eventually("all wait", || async { (client.0.snapshot()[0].waiting == 3).then_some(()) }).await;
    assert_eq!(ordered.open.lock().unwrap().len(), 1);

    ordered.order(Order::Settings(3));
    ordered.until_open(4).await;
    for _ in 0..3 {
        ordered.order(Order::Answer);
    }
    for push in held {
        assert_eq!(push.await.unwrap().unwrap().status, 201);
    }
    assert_eq!(*ordered.open.lock().unwrap(), [1, 1, 2, 3]);
}

#[actix_web::test]
async fn a_permit_that_a_lowered_limit_has_overtaken_is_given_back_before_its_deadline_starts() {
    let ordered = Ordered::start(3);
    let client = ordered.client();
    let uri: Uri = ordered.service.endpoint("a").parse().unwrap();
    let mut permits = Vec::new();
    for _ in 0..3 {
        permits.push(client.0.admit(&uri).await.unwrap());
    }
    ordered.order(Order::Settings(1));
    until_streams(&client, 1).await;

    let last = permits.pop().unwrap();
    for permit in permits {
        let error = client.0.send(permit, post(&uri)).await.unwrap_err();
        assert_eq!((error.label(), error.counts_as_attempt()), ("not_processed", false), "{error}");
    }
    let answering = async {
        ordered.until_open(1).await;
        ordered.order(Order::Answer);
    };
    let (answer, ()) = futures_util::join!(client.0.send(last, post(&uri)), answering);
    assert_eq!(answer.unwrap().status, 201);
    assert_eq!(ordered.service.connections_ever(), 1);
}

#[actix_web::test]
async fn a_peer_that_never_says_what_it_takes_is_an_outage_after_the_dials_deadline() {
    let mute = RawService::http2(|mut wire: Wire| async move { wire.fall_silent().await });
    let takes_nothing = RawService::http2(|mut wire: Wire| async move {
        wire.open(0).await?;
        wire.fall_silent().await
    });
    for service in [mute, takes_nothing] {
        let options = PushOptions { dial_timeout: SOON, ..PushOptions::default() };
        let client = Client::local(service.ca_file(), options);
        let pushes = push_many(&client, &service, 20);
        for push in pushes {
            let error = push.await.unwrap().unwrap_err();
            assert_eq!(
                (error.label(), error.counts_as_attempt()),
                ("dial_timeout", true),
                "{error}"
            );
        }
        assert_eq!(service.connections_ever(), 1, "one dial speaks for all who wait for it");
    }
}

#[actix_web::test]
async fn a_peer_that_takes_nothing_at_first_is_used_when_it_takes_something() {
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.open(0).await?;
        while wire.hear().await? != Heard::SettingsAck {}
        wire.settings(4).await?;
        wire.behave().await
    });
    let client = Client::local(service.ca_file(), PushOptions::default());
    assert_eq!(client.push(&service.endpoint("a")).await.unwrap().status, 201);
    assert_eq!(client.0.snapshot()[0].streams, 4);
}
