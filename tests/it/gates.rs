//! The gates before the push services: a service that fails, asks for time or refuses our key is left alone, nobody is
//! deleted for it, nobody else waits for it, and all is delivered in order when it is well again.

#[path = "gates/page.rs"]
mod page;
#[path = "gates/pausing.rs"]
mod pausing;
#[path = "gates/vapid_key.rs"]
mod vapid_key;

use std::collections::HashMap;
use std::time::Duration;

use fanfare::tree::gates::GateSnapshot;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::{Answer, PushService};

const MEMBERS: usize = 300;

/// A gate, once it is as it should be.
async fn gate(
    house: &House,
    service: &PushService,
    what: &str,
    is_so: impl Fn(&GateSnapshot) -> bool,
) -> GateSnapshot {
    eventually(what, || async {
        let gates = house.tree.gates().into_iter();
        gates.filter(|gate| gate.origin == service.origin()).find(&is_so)
    })
    .await
}

async fn assert_all_accepted(house: &House, id: &str, count: usize) {
    let count = i64::try_from(count).unwrap();
    assert_eq!(house.outcomes(id).await, HashMap::from([("accepted", count)]));
}

/// The texts that an endpoint was sent and took, in order.
fn taken(service: &PushService, token: &str, browser: &Browser, from: usize) -> Vec<String> {
    let log = service.log_of(token).into_iter().filter(|request| request.index >= from);
    log.map(|request| String::from_utf8(browser.decrypt(&request.body)).unwrap()).collect()
}

#[actix_web::test]
async fn a_push_service_that_is_down_is_probed_and_then_caught_up_with_in_order() {
    let service = PushService::start();
    service.answer_all(Answer::status(503));
    let house = House::start(&service).await;
    let browsers = house.crowd(&service, "news", MEMBERS).await;
    let first = house.notify("news", "first").await;
    let shut = gate(&house, &service, "the gate is shut", |gate| gate.state == "shut").await;
    assert_eq!(shut.cause, Some("outage"));
    let second = house.notify("news", "second").await;
    gate(&house, &service, "a probe has failed", |gate| gate.limit == 1).await;

    let asked = usize::try_from(service.requests()).unwrap();
    service.answer_all(Answer::status(201));
    assert_all_accepted(&house, &first.id, MEMBERS).await;
    assert_all_accepted(&house, &second.id, MEMBERS).await;
    for (index, browser) in browsers.iter().enumerate() {
        // What was under way when it came up may have been refused and repeated.
        let mut texts = taken(&service, &index.to_string(), browser, asked);
        texts.dedup();
        assert_eq!(texts, ["first", "second"], "{index}");
    }
    let open = gate(&house, &service, "the gate is open", |gate| gate.state == "open").await;
    assert_eq!((open.in_flight, open.waiting), (0, 0));
    house.stop().await;
}

#[actix_web::test]
async fn while_one_push_service_is_shut_another_is_served() {
    let (dead, alive) = (PushService::start(), PushService::start());
    dead.answer_all(Answer::status(500));
    let house = House::with(&[&dead, &alive], |options| options.credits = 128).await;
    house.crowd(&dead, "news", MEMBERS).await;
    house.crowd(&alive, "news", MEMBERS).await;
    for text in ["one", "two", "three"] {
        let notification = house.notify("news", text).await;
        eventually("whoever can be reached has it", || async {
            let view = house.status(&notification.id).await;
            (view.outcomes.total() == MEMBERS as i64).then_some(())
        })
        .await;
    }
    gate(&house, &dead, "it is still shut", |gate| gate.state != "open").await;
    assert_eq!(alive.requests(), 3 * MEMBERS as u64, "each of them once");
    house.stop().await;
}

#[actix_web::test]
async fn a_406_of_a_throttled_origin_holds_all_of_it_for_as_long_as_it_asks() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 40).await;
    service.answer("7", [Answer::status(406).header("retry-after", "1")]);
    let before = now();
    house.notify("news", "first").await;
    let shut = gate(&house, &service, "the origin waits", |gate| gate.state == "shut").await;
    assert_eq!(shut.cause, Some("throttled"));
    assert!(shut.until.is_some_and(|until| until >= before + Duration::from_secs(1)));
    let asked = service.wait_for(40).await.len();
    let second = house.notify("news", "second").await;
    assert_all_accepted(&house, &second.id, 40).await;
    assert!(now() >= before + Duration::from_secs(1), "nobody was asked before");
    assert_eq!(service.requests() as usize, asked + 41, "and each of them once, but for the 7th");
    house.stop().await;
}

#[actix_web::test]
async fn one_endpoint_that_never_answers_shuts_no_gate() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 40).await;
    service.answer_with(|request| match request.token.as_str() {
        "7" => Answer::Reset,
        _ => Answer::status(201),
    });
    for text in ["one", "two", "three"] {
        let notification = house.notify("news", text).await;
        eventually("all others have it", || async {
            let view = house.status(&notification.id).await;
            (view.outcomes.total() >= 39).then_some(())
        })
        .await;
        let state = gate(&house, &service, "there is a gate", |_| true).await.state;
        assert_eq!(state, "open");
    }
    house.stop().await;
}

#[actix_web::test]
async fn endpoints_that_break_the_connections_of_their_push_service_do_not_keep_the_others_from_it()
{
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "bad", 100).await;
    let browser = Browser::new();
    house.subscribe(&browser, &service.endpoint("good"), &["good"]).await;
    service.answer_with(|request| match request.token.as_str() {
        "good" => Answer::status(201),
        _ => Answer::status(201).header("x-huge", &"x".repeat(1024 * 1024)),
    });
    house.notify("bad", "text").await;
    service.wait_for(50).await;
    for text in ["one", "two", "three"] {
        let sent = house.notify("good", text).await;
        assert_all_accepted(&house, &sent.id, 1).await;
    }
    // What was under way on a connection that another endpoint broke is repeated.
    let mut texts = taken(&service, "good", &browser, 0);
    texts.dedup();
    assert_eq!(texts, ["one", "two", "three"]);
    house.stop().await;
}
