//! Streams, connections and waits have their bounds.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::spawn_local;

use super::*;

#[actix_web::test]
async fn more_requests_than_streams_open_more_connections_and_the_rest_wait() {
    let service = PushService::builder().max_streams(5).start();
    service.answer_all(Answer::Hold);
    let client = Client::of(&service);
    let pushes: Vec<_> = endpoints(&service, 60)
        .into_iter()
        .map(|endpoint| {
            let client = Client(client.0.clone());
            spawn_local(async move { client.push(&endpoint).await })
        })
        .collect();
    // Eight connections of five streams.
    service.wait_for(40).await;
    let pool = &client.0.snapshot()[0];
    assert_eq!(pool.origin, service.authority());
    assert_eq!((pool.connections, pool.dialling, pool.streams), (8, 0, 40));
    assert_eq!((pool.in_flight, pool.waiting), (40, 20));
    assert_eq!(service.requests(), 40);

    // One goes, one follows.
    service.release(1);
    service.wait_for(41).await;
    assert_eq!(service.peak_streams(), 40);

    service.release_all();
    for reply in join_all(pushes).await {
        assert_eq!(reply.unwrap().unwrap().status, 201);
    }
    assert_eq!(service.requests(), 60);
    assert_eq!(service.peak_connections(), 8);
    assert_eq!(service.peak_streams_of_one_connection(), 5);
    let pool = &client.0.snapshot()[0];
    assert_eq!((pool.in_flight, pool.waiting), (0, 0));
}

#[actix_web::test]
async fn a_permit_that_is_dropped_goes_to_the_next_who_still_waits() {
    let service = PushService::builder().max_streams(1).start();
    let options = PushOptions { max_connections_per_origin: 1, ..PushOptions::default() };
    let client = Client::with(&service, options);
    let uri: Uri = service.endpoint("a").parse().unwrap();
    let first = client.0.admit(&uri).await.unwrap();
    let gave_up = client.0.admit(&uri);
    let second = client.0.admit(&uri);
    let mut third = client.0.admit(&uri);
    drop(gave_up);
    assert_eq!(client.0.snapshot()[0].waiting, 2);

    drop(first);
    let second = second.await.unwrap();
    assert!((&mut third).now_or_never().is_none(), "one stream was given twice");
    let late = client.0.admit(&uri);
    assert_eq!(client.0.send(second, post(&uri)).await.unwrap().status, 201);
    let third = third.await.unwrap();
    assert!(late.now_or_never().is_none(), "the late one overtook");
    drop(third);
}

#[actix_web::test]
async fn an_idle_connection_is_closed_and_the_next_request_dials_anew() {
    let service = PushService::start();
    let options = PushOptions { idle: SOON, heartbeat: SOON, ..PushOptions::default() };
    let client = Client::with(&service, options);
    client.push(&service.endpoint("a")).await.unwrap();
    service.wait_for_connections(0).await;
    client.push(&service.endpoint("b")).await.unwrap();
    assert_eq!(service.connections_ever(), 2);
}

#[actix_web::test]
async fn an_origin_has_one_pool_however_its_port_and_its_host_are_written() {
    let service = PushService::builder().max_streams(100).start();
    let client = Client::local(service.ca_file(), PushOptions::default());
    let port = service.port();
    for written in [
        format!("127.0.0.1:{port}"),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1:000000{port}"),
        format!("127.1:{port}"),
        format!("0x7f000001:{port}"),
    ] {
        let reply = client.push(&format!("https://{written}/push/a")).await.unwrap();
        assert_eq!(reply.status, 201, "{written}");
    }
    assert_eq!(service.connections_ever(), 1);
    let pools = client.0.snapshot();
    assert_eq!(pools.len(), 1);
    assert_eq!(pools[0].origin, service.authority());
}

#[actix_web::test]
async fn strangers_origins_share_a_bounded_number_of_connections() {
    let service = PushService::builder().host("a.example").host("b.example").start();
    let options = PushOptions { max_connections: 1, ..PushOptions::default() };
    // The network is allowed, the names are not: they are strangers' names.
    let egress = Egress::new(&["127.0.0.1"], false).unwrap();
    let client = Client::new(&service, egress, options, Some(everything_is_local()));
    for round in 0..3 {
        for name in ["a.example", "b.example"] {
            let endpoint = format!("https://{name}:{}/push/{round}", service.port());
            assert_eq!(client.push(&endpoint).await.unwrap().status, 201);
        }
    }
    assert_eq!(service.requests(), 6);
    assert_eq!(service.connections_ever(), 6, "each had to make room for the other");
}

#[actix_web::test]
async fn who_finds_all_connections_in_use_is_told_so_and_has_lost_no_attempt() {
    let service = PushService::builder().host("a.example").host("b.example").start();
    service.answer_all(Answer::Hold);
    let options = PushOptions { max_connections: 1, dial_timeout: SOON, ..PushOptions::default() };
    let egress = Egress::new(&["127.0.0.1"], false).unwrap();
    let client = Client::new(&service, egress, options, Some(everything_is_local()));
    let url = |name: &str| format!("https://{name}:{}/push/x", service.port());
    let held = url("a.example");
    let busy = client.push(&held);
    let crowded = async {
        service.wait_for(1).await;
        let error = client.push(&url("b.example")).await.unwrap_err();
        service.release_all();
        error
    };
    let (busy, crowded) = futures_util::join!(busy, crowded);
    assert_eq!(busy.unwrap().status, 201);
    assert_eq!(crowded.label(), "crowded", "{crowded}");
    assert!(!crowded.counts_as_attempt());
}

#[actix_web::test]
async fn a_lookup_that_outlives_its_dial_keeps_its_place() {
    let service = PushService::start();
    let lookup: Lookup = Arc::new(|_| std::future::pending().boxed());
    let options = PushOptions { max_connections: 1, dial_timeout: SOON, ..PushOptions::default() };
    let client = Client::new(&service, Egress::default(), options, Some(lookup));
    let first = client.push("https://a.example/x").await.unwrap_err();
    assert_eq!(first.label(), "dial_timeout", "{first}");
    let second = client.push("https://b.example/x").await.unwrap_err();
    assert_eq!(second.label(), "crowded", "{second}");
}

fn everything_is_local() -> Lookup {
    Arc::new(|_| -> BoxFuture<'static, _> {
        std::future::ready(Ok(vec!["127.0.0.1".parse().unwrap()])).boxed()
    })
}
