//! How deliveries end: what each answer of a push service means for the notification and for the subscription.

use std::collections::HashMap;
use std::time::Duration;

use fanfare::id::PublicId;
use fanfare::model::Outcome;
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now, one, outcome};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn a_gone_endpoint_is_forgotten_and_never_called_again_while_its_siblings_deliver() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let gone = house.subscribe(&Browser::new(), &service.endpoint("gone"), &["news"]).await;
    let stays = house.subscribe(&Browser::new(), &service.endpoint("stays"), &["news"]).await;
    service.answer("gone", [Answer::status(410)]);
    let first = house.notify("news", "first").await;
    let expected = HashMap::from([("accepted", 1), ("gone", 1)]);
    assert_eq!(house.outcomes(&first.id).await, expected);
    assert!(!house.knows(&gone).await && house.knows(&stays).await);

    let second = house.notify("news", "second").await;
    assert_eq!(second.recipients, Some(1));
    assert_eq!(house.outcomes(&second.id).await, outcome("accepted"));
    assert_eq!(service.log_of("gone").len(), 1, "it was called once, and then no more");
    let one_worker = || async { (house.alive().await == 1).then_some(()) };
    eventually("the gone subscription's actor has ended", one_worker).await;
    house.stop().await;
}

#[actix_web::test]
async fn what_is_open_for_a_subscription_that_goes_is_booked_as_gone() {
    let (service, house, id) = one().await;
    service.answer("it", [Answer::Hold, Answer::status(404)]);
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        sent.push(house.notify("news", text).await);
    }
    service.wait_for(1).await;
    service.release_all();
    assert_eq!(house.outcomes(&sent[0].id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&sent[1].id).await, outcome("gone"));
    assert_eq!(house.outcomes(&sent[2].id).await, outcome("gone"));
    assert_eq!(service.log_of("it").len(), 2, "the third was never sent");
    assert!(!house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn an_outage_of_two_answers_ends_accepted_after_two_waits() {
    let (service, house, _) = one().await;
    service.answer("it", [Answer::status(503), Answer::status(503)]);
    let notification = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("accepted"));
    assert_eq!(service.log_of("it").len(), 3);
    assert!(house.metrics.encode().contains("fanfare_retries_total 2\n"));
    house.stop().await;
}

#[actix_web::test]
async fn an_endless_outage_ends_expired_at_the_ttl_and_keeps_the_subscription() {
    let (service, house, id) = one().await;
    service.answer_all(Answer::status(503));
    let notification = house.notify_for("news", "text", Duration::from_secs(1)).await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("expired"));
    assert!(service.log_of("it").len() > 1, "it was tried again meanwhile");
    assert!(house.knows(&id).await);

    service.answer_all(Answer::status(201));
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, outcome("accepted"), "the subscription goes on");
    house.stop().await;
}

#[actix_web::test]
async fn a_message_that_is_refused_ends_without_retry_and_keeps_the_subscription() {
    let (service, house, id) = one().await;
    for (status, label) in [(413, "too_large"), (400, "rejected"), (302, "rejected")] {
        service.answer("it", [Answer::status(status).body("because of the test")]);
        let before = service.log_of("it").len();
        let notification = house.notify("news", "text").await;
        assert_eq!(house.outcomes(&notification.id).await, outcome(label), "{status}");
        assert_eq!(service.log_of("it").len(), before + 1, "{status}: one attempt");
        let name = PublicId::from_store(notification.id);
        let failures = house.store.failures(house.app, name, 10).await.unwrap().unwrap();
        assert_eq!((failures.len(), failures[0].status), (1, Some(status)));
        assert_eq!((&failures[0].subscription, failures[0].attempts), (&id, 1));
        assert!(house.knows(&id).await, "{status}");
    }
    house.stop().await;
}

#[actix_web::test]
async fn a_429_waits_for_as_long_as_the_push_service_asks() {
    let (service, house, id) = one().await;
    service.answer("it", [Answer::status(429).header("retry-after", "2")]);
    let before = now();
    let notification = house.notify("news", "text").await;
    let waiting = || async {
        let view = house.store.subscription(house.app, id.clone(), now()).await.unwrap();
        view.and_then(|view| view.not_before)
    };
    let not_before = eventually("the subscription waits", waiting).await;
    assert!(not_before >= before + Duration::from_secs(2), "{before:?} {not_before:?}");
    assert_eq!(house.outcomes(&notification.id).await, outcome("accepted"));
    assert!(now() >= before + Duration::from_secs(2), "the second request came after the wait");
    assert_eq!(service.log_of("it").len(), 2);
    house.stop().await;
}

#[actix_web::test]
async fn a_403_never_deletes_and_the_delivery_waits_in_its_place() {
    let (service, house, id) = one().await;
    service.answer("it", [Answer::status(403), Answer::status(401), Answer::status(403)]);
    let first = house.notify("news", "first").await;
    let second = house.notify("news", "second").await;
    assert_eq!(house.outcomes(&first.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&second.id).await, outcome("accepted"));
    assert_eq!(service.log_of("it").len(), 5);
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn now_or_never_is_one_attempt_with_a_ttl_of_zero() {
    let (service, house, _) = one().await;
    service.answer("it", [Answer::status(503)]);
    let notification = house.notify_for("news", "text", Duration::ZERO).await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("expired"));
    let log = service.log_of("it");
    assert_eq!((log.len(), log[0].header("ttl")), (1, "0"));
    house.stop().await;
}

#[actix_web::test]
async fn a_newer_notification_of_the_same_topic_takes_the_place_of_one_that_waits() {
    let (service, house, _) = one().await;
    service.answer("it", [Answer::Hold]);
    let under_way = house.notify("news", "under way").await;
    service.wait_for(1).await;
    let mut sent = Vec::new();
    for text in ["old score", "new score"] {
        let mut publish = house.publish("news", text);
        publish.topic = Some("score".to_owned());
        sent.extend(house.accept(publish).await);
    }
    service.release_all();
    assert_eq!(house.outcomes(&under_way.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&sent[0].id).await, outcome("superseded"));
    assert_eq!(house.outcomes(&sent[1].id).await, outcome("accepted"));
    let log = service.log_of("it");
    assert_eq!(log.len(), 2, "the old score was not sent");
    assert_eq!(log[1].header("topic").len(), 32);
    house.stop().await;
}

#[actix_web::test]
async fn cancelling_stops_what_was_not_sent_and_what_is_in_flight_settles() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.subscribe(&Browser::new(), &service.endpoint("in-flight"), &["news"]).await;
    let busy =
        house.subscribe(&Browser::new(), &service.endpoint("busy"), &["other", "news"]).await;
    service.answer_all(Answer::Hold);
    house.notify("other", "keeps it busy").await;
    service.wait_for(1).await;
    let notification = house.notify("news", "text").await;
    service.wait_for(2).await;
    let id = PublicId::from_store(notification.id.clone());
    let cancelled = house.store.cancel(house.app, id, now()).await.unwrap().unwrap();
    assert_eq!((cancelled.cancelled, cancelled.pending()), (true, 0));
    service.release_all();
    let settled = || async {
        let view = house.status(&notification.id).await;
        (view.outcomes.get(Outcome::Accepted) == 1).then_some(view)
    };
    let view = eventually("what was in flight is counted as accepted", settled).await;
    assert_eq!(view.outcomes.get(Outcome::Cancelled), 1);
    assert_eq!(Some(view.outcomes.total()), view.recipients);
    assert_eq!(service.log_of("busy").len(), 1, "{busy} was not sent what was cancelled");
    house.stop().await;
}

#[actix_web::test]
async fn a_subscription_that_leaves_counts_as_unsubscribed_for_what_it_did_not_get() {
    let (service, house, id) = one().await;
    service.answer("it", [Answer::Hold]);
    let first = house.notify("news", "first").await;
    let second = house.notify("news", "second").await;
    service.wait_for(1).await;
    let leave = Leave { app: house.app, who: Leaver::Everywhere(id.clone()), now: now() };
    assert_eq!(house.store.leave(leave).await.unwrap(), 1);
    service.release_all();
    assert_eq!(house.outcomes(&first.id).await, outcome("unsubscribed"));
    assert_eq!(house.outcomes(&second.id).await, outcome("unsubscribed"));
    assert_eq!(service.log_of("it").len(), 1);
    assert!(!house.knows(&id).await);
    house.stop().await;
}
