//! When clocks start and what they cover. Hours pass here without anybody waiting for them.

use std::sync::Mutex;
use std::sync::mpsc;

use tokio::task::{spawn_local, yield_now};

use super::*;
use crate::harness::house::eventually;
use crate::harness::push_service::raw::{END_HEADERS, RawService, Wire, kind, status};

const HOUR: Duration = Duration::from_secs(3600);

/// An hour passes, between two looks at the sockets.
async fn an_hour_later() {
    tokio::time::pause();
    tokio::time::advance(HOUR).await;
    tokio::time::resume();
}

fn one_connection() -> PushOptions {
    // So that nothing but what is tested ends a connection.
    PushOptions {
        max_connections_per_origin: 1,
        heartbeat: HOUR * 10,
        idle: HOUR * 10,
        ..PushOptions::default()
    }
}

#[actix_web::test]
async fn no_deadline_runs_while_a_request_waits_for_its_permit_or_before_it_is_sent() {
    let service = PushService::builder().max_streams(1).start();
    let client = Client::with(&service, one_connection());
    let uri: Uri = service.endpoint("first").parse().unwrap();
    let permit = client.0.admit(&uri).await.unwrap();
    let waiting = spawn_local({
        let (client, endpoint) = (Client(client.0.clone()), service.endpoint("second"));
        async move { client.push(&endpoint).await }
    });
    while client.0.snapshot()[0].waiting == 0 {
        yield_now().await;
    }
    an_hour_later().await;
    assert_eq!(client.0.send(permit, post(&uri)).await.unwrap().status, 201);
    assert_eq!(waiting.await.unwrap().unwrap().status, 201);
    assert_eq!(service.connections_ever(), 1);
}

#[actix_web::test]
async fn the_deadline_covers_the_wait_for_an_answer() {
    let service = PushService::start();
    service.answer_all(Answer::Never);
    let client = Client::with(&service, one_connection());
    let pushed = spawn_local({
        let (client, endpoint) = (Client(client.0.clone()), service.endpoint("a"));
        async move { client.push(&endpoint).await }
    });
    service.wait_for(1).await;
    assert!(!pushed.is_finished());
    an_hour_later().await;
    assert_eq!(pushed.await.unwrap().unwrap_err().label(), "timeout");
    assert_eq!(client.0.snapshot()[0].in_flight, 0);
}

#[actix_web::test]
async fn the_deadline_covers_the_body_and_leaves_the_status() {
    let (told, heard) = mpsc::channel();
    let service = RawService::http2(move |mut wire: Wire| {
        let told = told.clone();
        async move {
            wire.open(10).await?;
            let stream = wire.request().await?;
            wire.frame(kind::HEADERS, END_HEADERS, stream, &status("201")).await?;
            wire.frame(kind::DATA, 0, stream, b".").await?;
            wire.frame(kind::PING, 0, 0, &[0; 8]).await?;
            // Its answer says that all before it has been read.
            while !matches!(wire.next_frame().await?, (kind::PING, 1, ..)) {}
            told.send(()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
            wire.fall_silent().await
        }
    });
    let client = Client::local(service.ca_file(), one_connection());
    let pushed = spawn_local({
        let (client, endpoint) = (Client(client.0.clone()), service.endpoint("a"));
        async move { client.push(&endpoint).await }
    });
    eventually("the answer's beginning has come", || async { heard.try_recv().ok() }).await;
    assert!(!pushed.is_finished());
    an_hour_later().await;
    let answer = pushed.await.unwrap().unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (201, &b"."[..]));
    assert_eq!(client.0.snapshot()[0].in_flight, 0);
}

#[actix_web::test]
async fn what_never_ends_holds_one_stream_and_the_others_are_served_by_the_rest() {
    for answer in [Answer::Never, Answer::Drip] {
        let service = PushService::builder().max_streams(2).start();
        service.answer("hostile", [answer]);
        let client = Client::with(&service, PushOptions { timeout: HOUR, ..one_connection() });
        let hostile = spawn_local({
            let (client, endpoint) = (Client(client.0.clone()), service.endpoint("hostile"));
            async move { client.push(&endpoint).await }
        });
        service.wait_for(1).await;
        let others = endpoints(&service, 50);
        let replies =
            try_join_all(others.iter().map(|endpoint| client.push(endpoint))).await.unwrap();
        assert!(replies.iter().all(|reply| reply.status == 201));
        let pool = &client.0.snapshot()[0];
        assert_eq!((pool.in_flight, pool.waiting, pool.connections), (1, 0, 1));
        assert_eq!(service.peak_streams_of_one_connection(), 2);
        hostile.abort();
        assert!(hostile.await.unwrap_err().is_cancelled());
        assert_eq!(client.0.snapshot()[0].in_flight, 0, "who gives up gives its stream back");
    }
}

#[actix_web::test]
async fn a_standstill_of_ours_is_not_taken_for_the_death_of_the_other_side() {
    let (told, heard) = mpsc::channel();
    let (go, going) = mpsc::channel::<()>();
    let going = Arc::new(Mutex::new(going));
    let service = RawService::http2(move |mut wire: Wire| {
        let (told, going) = (told.clone(), going.clone());
        async move {
            wire.open(10).await?;
            let stream = wire.request().await?;
            loop {
                let (kind, flags, _, payload) = wire.next_frame().await?;
                if (kind, flags) == (kind::PING, 0) {
                    break answer_ping(&mut wire, &payload, &told, &going).await?;
                }
            }
            wire.answer(stream).await?;
            wire.behave().await
        }
    });
    let options = PushOptions { heartbeat: HOUR, timeout: HOUR * 10, ..PushOptions::default() };
    let client = Client::local(service.ca_file(), options);
    let pushed = spawn_local({
        let (client, endpoint) = (Client(client.0.clone()), service.endpoint("a"));
        async move { client.push(&endpoint).await }
    });
    eventually("it is on its way", || async {
        client.0.snapshot().iter().any(|pool| pool.in_flight == 1).then_some(())
    })
    .await;
    an_hour_later().await;
    eventually("a sign of life is asked for", || async { heard.try_recv().ok() }).await;
    // It is given while we stand still, and so is the next tick: both are there when we go on.
    go.send(()).unwrap();
    heard.recv().unwrap();
    an_hour_later().await;
    go.send(()).unwrap();
    assert_eq!(pushed.await.unwrap().unwrap().status, 201);
    assert_eq!(service.connections_ever(), 1);
}

/// Says that it was heard, answers when it may, says so, and waits once more.
async fn answer_ping(
    wire: &mut Wire,
    payload: &[u8],
    told: &mpsc::Sender<()>,
    going: &Mutex<mpsc::Receiver<()>>,
) -> std::io::Result<()> {
    let gone = |_| std::io::ErrorKind::BrokenPipe;
    told.send(()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
    // The service's only thread may stand still: it has nothing else to do.
    going.lock().unwrap().recv().map_err(gone)?;
    wire.frame(kind::PING, 1, 0, payload).await?;
    told.send(()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
    going.lock().unwrap().recv().map_err(gone)?;
    Ok(())
}
