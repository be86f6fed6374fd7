//! Windows Notification Service, for Edge.

use std::time::Duration;

use fanfare::webpush::reply::{Scope, Verdict, dropped};

use super::{Scene, subscribe};
use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually};
use crate::harness::log;
use crate::harness::push_service::PushService;
use crate::harness::push_service::persona::{Persona, wns};
use crate::harness::sender::Sender;

const CONFLICT: &str = "Ttl value conflicts with X-WNS-Cache-Policy., dropped";

#[actix_web::test]
async fn wns_refuses_a_ttl_of_0_without_no_cache_and_ours_has_it() {
    let service = PushService::playing(Persona::Wns);
    let sender = Sender::to(&service, "it");
    let refused = (400, Verdict::Rejected, CONFLICT);
    for policy in [None, Some("cache")] {
        let mut request = sender.with("x-wns-cache-policy", policy);
        request.headers_mut().insert("ttl", "0".parse().unwrap());
        assert_eq!(sender.send(request).await.parts(), refused, "{policy:?}");
    }
    let kept = sender.with("x-wns-cache-policy", Some("no-cache"));
    assert_eq!(sender.send(kept).await.parts(), refused, "the other way round");

    let scene = Scene::of(Persona::Wns).await;
    let sent = scene.house.notify_for("news", "now or never", Duration::ZERO).await;
    assert_eq!(scene.outcome_of(&sent).await, "accepted");
    assert_eq!(scene.outcome("for a day").await, "accepted");
    let log = scene.service.log_of("it");
    let policies: Vec<_> = log.iter().map(|sent| sent.header("x-wns-cache-policy")).collect();
    assert_eq!(policies, ["no-cache", "cache"]);
    scene.house.stop().await;
}

#[actix_web::test]
async fn a_reason_of_wns_is_in_its_headers_and_comes_to_the_failures_list() {
    let scene = Scene::of(Persona::Wns).await;
    scene.service.answer("it", [wns::error(400, "One or more headers are not valid.")]);
    let sent = scene.house.notify("news", "text").await;
    assert_eq!(scene.outcome_of(&sent).await, "rejected");
    let failure = scene.failure(&sent).await;
    let said = "One or more headers are not valid., dropped";
    assert_eq!((failure.status, failure.reason.as_str()), (Some(400), said));
    assert!(scene.house.knows(&scene.id).await);
    scene.house.stop().await;
}

#[actix_web::test]
async fn a_200_of_wns_that_dropped_or_throttled_the_message_is_accepted_counted_and_logged() {
    log::keep();
    let scene = Scene::of(Persona::Wns).await;
    for status in ["dropped", "channelthrottled"] {
        scene.service.answer("it", [wns::accepts(status)]);
        assert_eq!(scene.outcome(status).await, "accepted");
        let shown = || async {
            let lines = log::lines_about(scene.id.as_str());
            lines
                .into_iter()
                .find(|line| line.contains("does not pass it on") && line.contains(status))
        };
        eventually("the log says why the message will not arrive", shown).await;
    }
    assert_eq!(scene.outcome("received").await, "accepted");
    let metrics = scene.house.metrics.encode();
    let counted = "fanfare_push_service_dropped_total{push_service=\"wns\"} 2\n";
    assert!(metrics.contains(counted), "{metrics}");
    scene.house.stop().await;

    let service = PushService::playing(Persona::Wns);
    let sender = Sender::to(&service, "it");
    let received = sender.ask(sender.request()).await;
    assert_eq!(dropped(sender.kind(), &received), None);
}

#[actix_web::test]
async fn a_406_of_wns_is_a_429_for_the_whole_origin_and_waits_its_900_seconds() {
    let service = PushService::playing(Persona::Wns);
    let sender = Sender::to(&service, "it");
    service.answer("it", [wns::throttled()]);
    let judged = sender.send(sender.request()).await;
    let after = Some(Duration::from_secs(900));
    assert_eq!(
        (judged.status, judged.verdict),
        (406, Verdict::Retry { after, scope: Scope::Origin })
    );

    let scene = Scene::of(Persona::Wns).await;
    scene.service.answer_all(wns::throttled());
    scene.is_made_to_wait(Duration::from_secs(900)).await;
    scene.house.stop().await;
}

#[actix_web::test]
async fn a_wns_token_reaches_wns_with_its_percent_escapes_as_they_were() {
    let service = PushService::playing(Persona::Wns);
    let house = House::start(&service).await;
    let token = "BQYAAACw%2bq1%2fZ%3d%3d&x=%2B";
    subscribe(&house, &service, token, &Browser::new()).await;
    let sent = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&sent.id).await["accepted"], 1);
    assert_eq!(service.log()[0].token, token);
    house.stop().await;
}

#[actix_web::test]
async fn a_410_of_wns_deletes() {
    let scene = Scene::of(Persona::Wns).await;
    scene.service.remember("it", |subscribed| subscribed.ended = true);
    assert_eq!(scene.outcome("text").await, "gone");
    assert!(!scene.house.knows(&scene.id).await);
    scene.house.stop().await;
}
