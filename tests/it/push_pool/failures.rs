//! A push service that misbehaves costs the request that met it, and no more.

use std::sync::Mutex;
use std::sync::mpsc;

use super::*;

const KIB_64: usize = 64 * 1024;

#[actix_web::test]
async fn an_endless_body_costs_64_kib_and_not_the_connection() {
    let service = PushService::start();
    service.answer("endless", [Answer::EndlessBody]);
    let client = Client::of(&service);
    let reply = client.push(&service.endpoint("endless")).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (201, KIB_64));
    assert_eq!(service.endless_bytes(), KIB_64, "the window was opened further");
    // More of them than the connection's window holds: what is not read must not stay booked.
    for round in 0..40 {
        service.answer("endless", [Answer::EndlessBody]);
        let reply = client.push(&service.endpoint("endless")).await.unwrap();
        assert_eq!(reply.body.len(), KIB_64, "round {round}");
    }
    client.push(&service.endpoint("next")).await.unwrap();
    assert_eq!(service.connections_ever(), 1);
}

#[actix_web::test]
async fn an_endless_body_over_http_1_costs_64_kib_and_its_connection() {
    let service = PushService::builder().http1_only().start();
    service.answer("endless", [Answer::EndlessBody]);
    let client = Client::of(&service);
    let reply = client.push(&service.endpoint("endless")).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (201, KIB_64));
    client.push(&service.endpoint("next")).await.unwrap();
    assert_eq!(service.connections_ever(), 2);
}

#[actix_web::test]
async fn an_endpoint_that_never_answers_times_out_and_its_neighbours_go_on() {
    for service in [PushService::start(), PushService::builder().http1_only().start()] {
        service.answer("never", [Answer::Never]);
        let client =
            Client::with(&service, PushOptions { timeout: SOON, ..PushOptions::default() });
        let error = client.push(&service.endpoint("never")).await.unwrap_err();
        assert_eq!(error.label(), "timeout", "{error}");
        assert!(error.counts_as_attempt());
        assert_eq!(client.push(&service.endpoint("next")).await.unwrap().status, 201);
        assert_eq!(client.0.snapshot()[0].in_flight, 0);
    }
}

#[actix_web::test]
async fn a_body_that_only_drips_is_cut_at_the_deadline_and_the_status_stands() {
    let service = PushService::start();
    service.answer_all(Answer::Drip);
    let client = Client::with(&service, PushOptions { timeout: SOON, ..PushOptions::default() });
    let reply = client.push(&service.endpoint("a")).await.unwrap();
    assert_eq!(reply.status, 201);
    assert!(!reply.body.is_empty());
}

#[actix_web::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (service, elsewhere) = (PushService::start(), PushService::start());
    let client = Client::local(service.ca_file(), PushOptions::default());
    for status in [300, 301, 302, 303, 305, 307, 308] {
        // Elsewhere, back to where it came from, and to where nothing may go.
        let back = service.endpoint("again");
        for location in [&elsewhere.endpoint("a"), &back, "http://169.254.169.254/", "/push/again"]
        {
            service.answer_all(Answer::status(status).header("location", location));
            let reply = client.push(&service.endpoint("a")).await.unwrap();
            assert_eq!(reply.status, status, "{location}");
        }
    }
    assert_eq!((service.requests(), service.connections_ever()), (7 * 4, 1));
    assert_eq!(elsewhere.connections_ever(), 0);
}

#[actix_web::test]
async fn what_becomes_of_a_broken_exchange_is_told_apart() {
    for (answer, label, counts) in [
        (Answer::Refuse, "not_processed", false),
        (Answer::Reset, "protocol", true),
        (Answer::Cut, "lost", true),
    ] {
        let service = PushService::start();
        service.answer("broken", [answer]);
        let client = Client::of(&service);
        let error = client.push(&service.endpoint("broken")).await.unwrap_err();
        assert_eq!((error.label(), error.counts_as_attempt()), (label, counts), "{error}");
        assert_eq!(client.deliver(&service.endpoint("next")).await.unwrap().status, 201, "{label}");
    }
}

#[actix_web::test]
async fn a_connection_that_gives_no_sign_of_life_is_dropped_before_the_deadline() {
    let service = PushService::start();
    let (wake, asleep) = mpsc::channel::<()>();
    let asleep = Mutex::new(asleep);
    service.answer_with(move |_| {
        // The service's only thread stands still: nobody answers a ping.
        let _ = asleep.lock().unwrap().recv();
        Answer::status(201)
    });
    let options = PushOptions {
        heartbeat: SOON / 4,
        timeout: Duration::from_secs(3600),
        ..PushOptions::default()
    };
    let error = Client::with(&service, options).push(&service.endpoint("a")).await.unwrap_err();
    drop(wake);
    assert_eq!(error.label(), "lost", "{error}");
}
