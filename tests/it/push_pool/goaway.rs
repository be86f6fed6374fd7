//! What a connection's end means for the requests that were on it: told apart by stream, as RFC 9113 §8.7 has it.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::harness::house::eventually;
use crate::harness::push_service::raw::{RawService, Wire, code};

/// Three streams open, then GOAWAY with the first as its last, and what `end` does with the first; every later
/// connection behaves.
fn goes_away_from_three<F: Future<Output = io::Result<()>> + 'static>(
    reason: u32,
    end: impl Fn(Wire, u32) -> F + Send + Sync + Clone + 'static,
) -> (RawService, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = requests.clone();
    let service = RawService::http2(move |mut wire: Wire| {
        let (seen, end) = (seen.clone(), end.clone());
        async move {
            wire.open(100).await?;
            if wire.number > 0 {
                loop {
                    let stream = wire.request().await?;
                    seen.fetch_add(1, Ordering::Relaxed);
                    wire.answer(stream).await?;
                }
            }
            let first = wire.request().await?;
            wire.request().await?;
            wire.request().await?;
            seen.fetch_add(3, Ordering::Relaxed);
            wire.goaway(first, reason).await?;
            end(wire, first).await
        }
    });
    (service, requests)
}

async fn push_three(client: &Client, service: &RawService) -> Vec<Result<u16, &'static str>> {
    let endpoints = ["a", "b", "c"].map(|token| service.endpoint(token));
    let replies = join_all(endpoints.iter().map(|endpoint| client.push(endpoint))).await;
    let told = replies.into_iter().map(|reply| match reply {
        Ok(answer) => Ok(answer.status.as_u16()),
        Err(error) => {
            assert_eq!(error.counts_as_attempt(), error.label() != "not_processed", "{error}");
            Err(error.label())
        }
    });
    told.collect()
}

#[actix_web::test]
async fn goaway_below_open_streams_gives_those_back_and_lets_the_others_end() {
    for reason in [code::NO_ERROR, code::ENHANCE_YOUR_CALM] {
        let (service, requests) = goes_away_from_three(reason, |mut wire, first| async move {
            wire.answer(first).await?;
            wire.fall_silent().await
        });
        let client = Client::local(service.ca_file(), PushOptions::default());
        let told = push_three(&client, &service).await;
        assert_eq!(told, [Ok(201), Err("not_processed"), Err("not_processed")], "{reason}");

        // The two go again, on a connection of their own, and nothing went twice but them.
        let again = ["b", "c"].map(|token| service.endpoint(token));
        let replies = try_join_all(again.iter().map(|endpoint| client.push(endpoint))).await;
        assert!(replies.unwrap().iter().all(|reply| reply.status == 201));
        assert_eq!(requests.load(Ordering::Relaxed), 5);
        assert_eq!(service.connections_ever(), 2);
    }
}

#[actix_web::test]
async fn goaway_and_a_closed_connection_lose_the_stream_that_was_kept_and_no_other() {
    let (service, _) =
        goes_away_from_three(code::NO_ERROR, |mut wire, _| async move { wire.hang_up().await });
    let client = Client::local(service.ca_file(), PushOptions::default());
    let told = push_three(&client, &service).await;
    assert_eq!(told, [Err("lost"), Err("not_processed"), Err("not_processed")]);
    let pool = &client.0.snapshot()[0];
    assert_eq!(pool.origin, service.authority());
    assert_eq!((pool.in_flight, pool.waiting), (0, 0));
}

#[actix_web::test]
async fn a_delivery_survives_goaway_on_connection_after_connection_without_an_attempt() {
    // Three connections give the request back, the fourth answers it.
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.open(100).await?;
        if wire.number < 3 {
            wire.request().await?;
            wire.goaway(0, code::NO_ERROR).await?;
            return wire.fall_silent().await;
        }
        wire.behave().await
    });
    let client = Client::local(service.ca_file(), PushOptions::default());
    for _ in 0..3 {
        let error = client.push(&service.endpoint("a")).await.unwrap_err();
        assert_eq!((error.label(), error.counts_as_attempt()), ("not_processed", false), "{error}");
    }
    assert_eq!(client.push(&service.endpoint("a")).await.unwrap().status, 201);
    assert_eq!(service.connections_ever(), 4);
}

#[actix_web::test]
async fn a_reset_says_by_its_code_whether_it_counts() {
    // RFC 9113 §7, all of them: only REFUSED_STREAM promises that nothing was done.
    for reason in 0..=13 {
        let service = RawService::http2(move |mut wire: Wire| async move {
            wire.open(100).await?;
            let stream = wire.request().await?;
            wire.reset(stream, reason).await?;
            wire.behave().await
        });
        let client = Client::local(service.ca_file(), PushOptions::default());
        let error = client.push(&service.endpoint("a")).await.unwrap_err();
        let refused = reason == 7;
        let expected = if refused { "not_processed" } else { "protocol" };
        assert_eq!((error.label(), error.counts_as_attempt()), (expected, !refused), "{reason}");
        assert_eq!(client.push(&service.endpoint("b")).await.unwrap().status, 201, "{reason}");
        assert_eq!(
            service.connections_ever(),
            1,
            "{reason}: a stream's end is not its connection's"
        );
    }
}

#[actix_web::test]
async fn an_answer_that_is_followed_by_a_reset_is_an_answer() {
    // RFC 9113 §8.1: a server that has heard enough answers, and resets with NO_ERROR.
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.open(100).await?;
        let stream = wire.request().await?;
        wire.answer(stream).await?;
        wire.reset(stream, code::NO_ERROR).await?;
        wire.behave().await
    });
    let client = Client::local(service.ca_file(), PushOptions::default());
    for token in ["a", "b"] {
        assert_eq!(client.push(&service.endpoint(token)).await.unwrap().status, 201);
    }
    assert_eq!(service.connections_ever(), 1);
}

#[actix_web::test]
async fn a_connection_that_was_closed_while_idle_costs_no_attempt() {
    let service = RawService::http2(|mut wire: Wire| async move {
        wire.open(100).await?;
        let stream = wire.request().await?;
        wire.answer(stream).await?;
        wire.hang_up().await
    });
    let client = Client::local(service.ca_file(), PushOptions::default());
    for round in 1..=5 {
        assert_eq!(client.push(&service.endpoint("a")).await.unwrap().status, 201, "{round}");
        eventually("the pool has heard that it was closed", || async {
            (client.0.snapshot()[0].connections == 0).then_some(())
        })
        .await;
    }
    assert_eq!(service.connections_ever(), 5);
}
