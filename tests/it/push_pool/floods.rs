//! What a push service sends unasked, or without an end. Deadlines are an hour here: only a bound on bytes can end it.

use futures_util::FutureExt;

use super::*;
use crate::harness::push_service::raw::{
    END_HEADERS, END_STREAM, RawService, Wire, frame, kind, status,
};

/// More than a connection may say and the system's buffers hold, and much less than the floods below.
const BOUND: usize = 16 * 1024 * 1024;
const FLOOD: usize = 64 * 1024 * 1024;

const KIB_64: usize = 64 * 1024;

fn patient() -> PushOptions {
    let hour = Duration::from_secs(3600);
    PushOptions { timeout: hour, ..PushOptions::default() }
}

/// Pushes to `service`, while one that behaves is served as ever; what came of it, after a look at what it cost.
async fn survive(service: &RawService, what: &str) -> Result<reply::Answer, PushError> {
    let good = PushService::start();
    let client = Client::local(service.ca_file(), patient());
    client.push(&good.endpoint("before")).await.unwrap();
    let endpoint = service.endpoint("hostile");
    let hostile = client.push(&endpoint);
    let neighbours = async {
        for number in 0..20 {
            let endpoint = good.endpoint(&number.to_string());
            assert_eq!(client.push(&endpoint).await.unwrap().status, 201, "{what}");
        }
    };
    let (result, ()) = futures_util::join!(hostile, neighbours);
    assert!(service.written() < BOUND, "{what}: {} bytes went out", service.written());
    assert_eq!(service.connections_ever(), 1, "{what}");
    for pool in client.0.snapshot() {
        assert_eq!((pool.in_flight, pool.waiting), (0, 0), "{what}");
    }
    if let Ok(answer) = &result {
        assert!(answer.body.len() <= KIB_64, "{what}");
    }
    result
}

/// Sends `beginning` and then `again` for ever, once there is a request on stream 1.
fn flooding(beginning: Vec<u8>, again: Vec<u8>) -> RawService {
    RawService::http2(move |mut wire: Wire| {
        let (beginning, again) = (beginning.clone(), again.clone());
        async move {
            wire.open(100).await?;
            wire.request().await?;
            wire.write(&beginning).await?;
            wire.flood(&again, FLOOD).await?;
            wire.fall_silent().await
        }
    })
}

#[actix_web::test]
async fn frames_that_carry_nothing_end_the_connection_that_brings_too_many() {
    let answer_begun = frame(kind::HEADERS, END_HEADERS, 1, &status("201"));
    for (what, beginning, again) in [
        ("PING", vec![], frame(kind::PING, 0, 0, &[0; 8])),
        ("PING answers", vec![], frame(kind::PING, 1, 0, &[7; 8])),
        ("SETTINGS", vec![], frame(kind::SETTINGS, 0, 0, &[])),
        ("SETTINGS limits", vec![], frame(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 1])),
        ("PRIORITY", vec![], frame(2, 0, 1, &[0, 0, 0, 0, 16])),
        ("an unknown type", vec![], frame(0xbe, 0, 0, &[0; 100])),
        ("1xx", vec![], frame(kind::HEADERS, END_HEADERS, 1, &status("103"))),
        ("100", vec![], frame(kind::HEADERS, END_HEADERS, 1, &status("100"))),
    ] {
        let error = survive(&flooding(beginning, again), what).await.unwrap_err();
        assert_eq!(
            (error.label(), error.counts_as_attempt()),
            ("protocol", true),
            "{what}: {error}"
        );
    }
    // With an answer begun, its status stands.
    for (what, again) in [
        ("empty DATA", frame(kind::DATA, 0, 1, &[])),
        ("padding", frame(kind::DATA, 8, 1, &[&[255][..], &[0; 255]].concat())),
        ("PING amid a body", frame(kind::PING, 0, 0, &[0; 8])),
    ] {
        let answer = survive(&flooding(answer_begun.clone(), again), what).await.unwrap();
        assert_eq!(answer.status, 201, "{what}");
    }
}

#[actix_web::test]
async fn headers_without_an_end_cost_what_headers_may() {
    // A literal header of 2 kB without compression.
    let header = [&[0, 1][..], b"x", &[0x7f, 0x81, 0x0f], &[b'v'; 2048]].concat();
    let begun = [frame(kind::HEADERS, 0, 1, &status("201"))].concat();
    let continued = frame(kind::CONTINUATION, 0, 1, &header);
    let error = survive(&flooding(begun, continued), "CONTINUATION").await.unwrap_err();
    assert_eq!(error.label(), "protocol", "{error}");

    // Empty ones, which no limit of a header list counts.
    let begun = frame(kind::HEADERS, 0, 1, &status("201"));
    let error =
        survive(&flooding(begun, frame(kind::CONTINUATION, 0, 1, &[])), "empty CONTINUATION").await;
    assert_eq!(error.unwrap_err().label(), "protocol");
}

#[actix_web::test]
async fn headers_of_a_megabyte_are_the_answers_fault_and_not_the_connections() {
    let service = PushService::start();
    let megabyte = "x".repeat(1024 * 1024);
    service.answer("huge", [Answer::status(201).header("x-huge", &megabyte)]);
    service.answer("some", [Answer::status(201).header("x-some", &megabyte[..8 * 1024])]);
    let client = Client::with(&service, patient());
    let error = client.push(&service.endpoint("huge")).await.unwrap_err();
    assert_eq!((error.label(), error.counts_as_attempt()), ("protocol", true), "{error}");
    let answer = client.push(&service.endpoint("some")).await.unwrap();
    assert_eq!(answer.headers["x-some"].len(), 8 * 1024);
}

#[actix_web::test]
async fn a_header_that_unpacks_to_megabytes_is_not_unpacked() {
    // RFC 7541 §6.1: 4 kB put into the table once, and then 16,000 times one byte that stands for it.
    let put = [&[0x40, 1][..], b"x", &[0x7f, 0xa1, 0x1e], &[b'v'; 4000]].concat();
    let bomb = [status("201"), put, vec![0xbe; 12_000]].concat();
    let again = frame(kind::PING, 0, 0, &[0; 8]);
    let bomb = frame(kind::HEADERS, END_HEADERS | END_STREAM, 1, &bomb);
    let error = survive(&flooding(bomb, again), "HPACK").await.unwrap_err();
    assert_eq!(error.label(), "protocol", "{error}");
}

/// Over HTTP/1.1: `beginning` after the first request, then `again` for ever.
fn flooding1(beginning: &'static [u8], again: &'static [u8]) -> RawService {
    RawService::http1(move |mut wire: Wire| async move {
        wire.request1().await?;
        wire.write(beginning).await?;
        wire.flood(again, FLOOD).await?;
        wire.fall_silent().await
    })
}

#[actix_web::test]
async fn an_http_1_answer_without_an_end_is_cut_off() {
    for (what, beginning, again) in [
        ("a status line", &b"HTTP/1.1 201 "[..], &b"aaaa"[..]),
        ("a header's line", b"HTTP/1.1 201 Created\r\nx: ", b"aaaa"),
        ("headers", b"HTTP/1.1 201 Created\r\n", b"x: y\r\n"),
        ("100 Continue", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("103 Early Hints", b"", b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
        ("garbage", b"", b"\x00\xff\xfe\x01"),
        ("blank lines", b"", b"\r\n"),
    ] {
        let error = survive(&flooding1(beginning, again), what).await.unwrap_err();
        assert_eq!(
            (error.label(), error.counts_as_attempt()),
            ("protocol", true),
            "{what}: {error}"
        );
    }
    // Once there is a status, it is the answer.
    const CHUNKED: &[u8] = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n";
    for (what, beginning, again) in [
        ("a body", &b"HTTP/1.1 201 Created\r\n\r\n"[..], &b"aaaa"[..]),
        ("a length", b"HTTP/1.1 201 Created\r\ncontent-length: 9223372036854775807\r\n\r\n", b"a"),
        ("chunks", CHUNKED, b"4\r\naaaa\r\n"),
        ("chunks of one byte", CHUNKED, b"1\r\na\r\n"),
        (
            "a chunk's extension",
            b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n1;x=",
            b"y",
        ),
        (
            "extensions",
            CHUNKED,
            b"1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\na\r\n",
        ),
        (
            "trailers",
            b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            b"x: y\r\n",
        ),
    ] {
        let answer = survive(&flooding1(beginning, again), what).await.unwrap();
        assert_eq!(answer.status, 201, "{what}");
    }
}

#[actix_web::test]
async fn what_follows_an_http_1_answer_is_nobodys_answer() {
    // A second answer, sent along with the first to be taken for the next request's.
    let service = RawService::http1(|mut wire: Wire| async move {
        loop {
            wire.request1().await?;
            wire.write(
                b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n\
                  HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            )
            .await?;
        }
    });
    let client = Client::local(service.ca_file(), patient());
    for number in 0..20 {
        let reply = client.deliver(&service.endpoint(&number.to_string())).await;
        // Its connection may be found broken, but nobody is told what the other was told.
        assert!(reply.as_ref().map_or(true, |reply| reply.status == 201), "{number}: {reply:?}");
    }
}

#[actix_web::test]
async fn an_upgrade_that_nobody_asked_for_is_an_answer_or_an_error_and_ends_its_connection() {
    let service = RawService::http1(|mut wire: Wire| async move {
        wire.request1().await?;
        wire.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        )
        .await?;
        wire.fall_silent().await
    });
    let client = Client::local(service.ca_file(), patient());
    for number in 0..3 {
        let reply = client.push(&service.endpoint(&number.to_string())).await;
        assert!(reply.map_or(true, |reply| reply.status == 101));
        assert_eq!(client.0.snapshot()[0].in_flight, 0);
    }
    assert_eq!(service.connections_ever(), 3);
}

#[actix_web::test]
async fn a_flood_before_the_first_request_is_a_failed_dial_or_a_closed_connection() {
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.flood(&frame(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 0]), FLOOD).await?;
        wire.fall_silent().await
    });
    let hour = Duration::from_secs(3600);
    let client = Client::local(service.ca_file(), PushOptions { dial_timeout: hour, ..patient() });
    let error = client.push(&service.endpoint("a")).await.unwrap_err();
    assert_eq!(error.label(), "connect", "{error}");
    assert!(service.written() < BOUND, "{} bytes went out", service.written());
    // One that has been idle for a while is cut off in the same way.
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.open(10).await?;
        let stream = wire.request().await?;
        wire.answer(stream).await?;
        wire.flood(&frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]), FLOOD).await?;
        wire.fall_silent().await
    });
    let client = Client::local(service.ca_file(), patient());
    client.push(&service.endpoint("a")).await.unwrap();
    crate::harness::house::eventually("it is cut off", || async {
        (client.0.snapshot()[0].connections == 0).then_some(())
    })
    .await;
    assert!(service.written() < BOUND, "{} bytes went out", service.written());
    assert!(client.push(&service.endpoint("b")).now_or_never().is_none());
}
