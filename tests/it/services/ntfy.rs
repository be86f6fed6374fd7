//! ntfy, the UnifiedPush distributor.

use std::time::Duration;

use fanfare::webpush::reply::{Scope, Verdict};

use fanfare::id::PublicId;
use fanfare::store::Store;

use super::Scene;
use crate::harness::browser::Browser;
use crate::harness::house::House;
use crate::harness::push_service::PushService;
use crate::harness::push_service::persona::{Persona, ntfy};
use crate::harness::sender::Sender;

#[actix_web::test]
async fn ntfy_answers_200_and_that_is_accepted() {
    let scene = Scene::of(Persona::Ntfy).await;
    assert_eq!(scene.outcome("text").await, "accepted");
    let log = scene.service.log_of("it");
    assert_eq!(scene.browser.decrypt(&log[0].body), b"text");
    scene.house.stop().await;
}

#[actix_web::test]
async fn ntfys_507_by_code_50701_is_left_alone_for_an_hour_and_deletes_nothing() {
    let service = PushService::playing(Persona::Ntfy);
    let sender = Sender::to(&service, "it");
    service.remember("it", |subscribed| subscribed.ended = true);
    let said =
        "cannot publish to UnifiedPush topic without previously active subscriber: code 50701";
    let judged = sender.send(sender.request()).await;
    assert_eq!(judged.parts(), (507, Verdict::NoSubscriber, said));

    let scene = Scene::of(Persona::Ntfy).await;
    scene.service.answer_all(ntfy::no_subscriber());
    scene.is_made_to_wait(Duration::from_secs(3600)).await;
    scene.house.stop().await;
}

#[actix_web::test]
async fn ntfys_429_by_code_42901_does_not_say_who_and_waits_as_told() {
    let service = PushService::playing(Persona::Ntfy);
    let sender = Sender::to(&service, "it");
    service.answer(
        "it",
        [ntfy::too_many_requests(), ntfy::too_many_requests().header("retry-after", "60")],
    );
    let said = "limit reached: too many requests: code 42901";
    for after in [None, Some(Duration::from_secs(60))] {
        let judged = sender.send(sender.request()).await;
        let verdict = Verdict::Retry { after, scope: Scope::Unsaid };
        assert_eq!(judged.parts(), (429, verdict, said));
    }
}

#[actix_web::test]
async fn a_distributor_at_a_private_address_is_reached_exactly_when_egress_allows_it() {
    let (allowed, other) = (PushService::start(), PushService::start());
    allowed.answer_all(ntfy::accepts());
    let house = House::start(&allowed).await;
    house.subscribe(&Browser::new(), &allowed.endpoint("upDZKgQmf?up=1"), &["news"]).await;
    let stranger =
        house.subscribe(&Browser::new(), &other.endpoint("upXyzAbcd?up=1"), &["news"]).await;
    let sent = house.notify("news", "text").await;
    let outcomes = house.outcomes(&sent.id).await;
    assert_eq!((outcomes["accepted"], outcomes["rejected"]), (1, 1));
    assert_eq!((allowed.requests(), other.connections_ever()), (1, 0));

    let name = PublicId::from_store(sent.id);
    let failures = house.store.failures(house.app, name, 10).await.unwrap().unwrap();
    let setting = format!("--egress-allow {}", other.authority());
    assert!(failures[0].reason.contains(&setting), "{}", failures[0].reason);
    assert!(house.knows(&stranger).await);
    house.stop().await;
}
