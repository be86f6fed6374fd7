//! Whoever is excluded, waits, comes or goes gets exactly what was for it.

use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use futures_util::future::{join_all, join3};

use super::{house, outcomes, texts, waits};
use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn whoever_is_excluded_time_and_again_gets_the_next_one_that_is_not_excluding_it() {
    let service = PushService::start();
    let house = House::with(&[&service], |options| options.idle = Duration::from_millis(10)).await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["news"]).await;
    house.subscribe(&Browser::new(), &service.endpoint("other"), &["news"]).await;
    // The other one is in the first for ever, so that all of them stay open.
    service.answer_with(|request| match request.token.as_str() {
        "other" => Answer::Hold,
        _ => Answer::status(201),
    });
    let exclude_it = async |house: &House| {
        for _ in 0..40 {
            let mut command = house.publish("news", "not for it");
            command.exclude = vec![id.clone()];
            house.accept(command).await;
        }
    };
    let gets = async |house: &House, text: &str| {
        house.notify("news", text).await;
        let look = || async {
            texts(&service, "it", &browser).last().is_some_and(|t| t == text).then_some(())
        };
        eventually(&format!("it gets {text:?}"), look).await;
    };
    gets(&house, "with a fresh worker").await;
    exclude_it(&house).await;
    gets(&house, "after forty").await;
    exclude_it(&house).await;
    let one_worker = || async { (house.alive().await == 1).then_some(()) };
    eventually("its worker was idle and has ended", one_worker).await;
    gets(&house, "after its worker was idle").await;
    exclude_it(&house).await;
    let house = house.restart(&service).await;
    gets(&house, "after a restart").await;
    let expected =
        ["with a fresh worker", "after forty", "after its worker was idle", "after a restart"];
    assert_eq!(texts(&service, "it", &browser), expected, "each once and nothing else");
    house.stop().await;
}

#[actix_web::test]
async fn whoever_waits_while_others_are_served_catches_up_on_all_it_missed_in_order_and_once() {
    // More than a worker loads at once, and more than it holds.
    const MISSED: usize = 70;
    let (service, house) = house().await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["news"]).await;
    let other = Browser::new();
    house.subscribe(&other, &service.endpoint("other"), &["news"]).await;
    service.answer("it", [Answer::status(429).header("retry-after", "2")]);
    let first = house.notify("news", "0").await;
    waits(&house, &id).await;
    let mut sent = vec![first];
    for index in 1..=MISSED {
        sent.push(house.notify("news", &index.to_string()).await);
    }
    let all: Vec<_> = (0..=MISSED).map(|index| index.to_string()).collect();
    eventually("the other has everything", || async {
        (texts(&service, "other", &other) == all).then_some(())
    })
    .await;
    for notification in &sent {
        assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 2)]));
    }
    let heard = texts(&service, "it", &browser);
    assert_eq!(heard[0], "0", "the one that was refused");
    assert_eq!(heard[1..], all);
    house.stop().await;
}

#[actix_web::test]
async fn joins_and_leaves_during_a_fan_out_keep_sums_exact_and_every_order() {
    const STAY: usize = 400;
    const LEAVE: usize = 100;
    const JOIN: usize = 100;
    const ROUNDS: usize = 20;
    let (service, house) = house().await;
    let mut browsers = house.crowd(&service, "news", STAY).await;
    browsers.extend((0..LEAVE + JOIN).map(|_| Browser::new()));
    let subscribe = async |index: usize| {
        let endpoint = service.endpoint(&index.to_string());
        house.subscribe(&browsers[index], &endpoint, &["news"]).await
    };
    let leavers = join_all((STAY..STAY + LEAVE).map(subscribe)).await;

    let publishing = async {
        let mut sent = Vec::new();
        for round in 0..ROUNDS {
            sent.push(house.notify("news", &round.to_string()).await);
        }
        sent
    };
    let leaving = async {
        for (index, id) in leavers.into_iter().enumerate() {
            let who = match index % 2 {
                0 => Leaver::Everywhere(id),
                _ => Leaver::Channel(id, "news".to_owned()),
            };
            house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
        }
    };
    let joining = async {
        for index in STAY + LEAVE..STAY + LEAVE + JOIN {
            subscribe(index).await;
        }
    };
    let (sent, (), ()) = join3(publishing, leaving, joining).await;
    let mut accepted = 0;
    for notification in &sent {
        let ended = house.outcomes(&notification.id).await;
        let known = |label: &&str| ["accepted", "unsubscribed"].contains(label);
        assert!(ended.keys().all(known), "{ended:?}");
        accepted += ended["accepted"];
    }
    // One request of each leaver may have been in flight, and is booked as unsubscribed.
    let requests = i64::try_from(service.requests()).unwrap();
    assert!((accepted..=accepted + LEAVE as i64).contains(&requests), "{accepted} {requests}");

    for (index, browser) in browsers.iter().enumerate() {
        let heard: Vec<usize> = texts(&service, &index.to_string(), browser)
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let expected: Vec<_> = match index {
            _ if index < STAY => (0..ROUNDS).collect(),
            _ if index < STAY + LEAVE => (0..heard.len()).collect(),
            _ => (ROUNDS - heard.len()..ROUNDS).collect(),
        };
        assert_eq!(heard, expected, "subscription {index}");
    }
    house.stop().await;
}
