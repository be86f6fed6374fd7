//! Mozilla's autopush, for Firefox.

use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::directory::DirectoryChange;
use fanfare::webpush::reply::Verdict;
use fanfare::webpush::vapid::VapidKey;

use super::{Scene, subscribe};
use crate::harness::browser::Browser;
use crate::harness::house::now;
use crate::harness::push_service::PushService;
use crate::harness::push_service::persona::{Persona, mozilla};
use crate::harness::sender::Sender;

/// A sender to a browser at Mozilla.
fn sender() -> (PushService, Sender) {
    let service = PushService::playing(Persona::Mozilla);
    let sender = Sender::to(&service, "it");
    (service, sender)
}

#[actix_web::test]
async fn mozilla_refuses_a_request_without_a_ttl_by_errno_111() {
    let (_service, sender) = sender();
    let judged = sender.send(sender.with("ttl", None)).await;
    let said = "Bad Request: Missing TTL value: errno 111";
    assert_eq!(judged.parts(), (400, Verdict::Rejected, said));
    assert_eq!(sender.send(sender.request_for(Duration::ZERO, None)).await.status, 201);
}

#[actix_web::test]
async fn mozilla_refuses_a_negative_ttl_by_errno_114() {
    let (_service, sender) = sender();
    let judged = sender.send(sender.with("ttl", Some("-1"))).await;
    let said = "Bad Request: TTL must be greater than 0: errno 114";
    assert_eq!(judged.parts(), (400, Verdict::Rejected, said));
}

#[actix_web::test]
async fn mozilla_refuses_a_topic_beyond_base64url_by_errno_113_and_ours_are_within() {
    let (_service, sender) = sender();
    for topic in ["täglich".replace('ä', "+"), "x".repeat(33), "score of the day".to_owned()] {
        let judged = sender.send(sender.with("topic", Some(&topic))).await;
        assert_eq!((judged.status, judged.verdict), (400, Verdict::Rejected));
        assert!(judged.reason.unwrap().ends_with("errno 113"), "{topic}");
    }
    let ours = fanfare::webpush::request::Topic::derive("default", "news", "täglich ☕ / +");
    let request = sender.request_for(Duration::from_secs(60), Some(&ours));
    assert_eq!(sender.send(request).await.status, 201);
}

#[actix_web::test]
async fn mozilla_refuses_an_exp_that_is_no_json_number_and_ours_is_one() {
    let (_service, sender) = sender();
    let mut claims = sender.claims();
    claims["exp"] = claims["exp"].to_string().into();
    let judged = sender.send(sender.claiming(&claims)).await;
    assert_eq!((judged.status, judged.verdict), (401, Verdict::Unauthorized));
    assert!(judged.reason.unwrap().ends_with("errno 109"));
    assert_eq!(sender.send(sender.request()).await.status, 201);
}

#[actix_web::test]
async fn mozilla_silently_cuts_a_ttl_above_30_days_and_ours_never_is() {
    let (_service, sender) = sender();
    let cut = sender.ask(sender.with("ttl", Some("2592001"))).await;
    assert_eq!((cut.status.as_u16(), &cut.headers["ttl"]), (201, &"2592000".parse().unwrap()));
    let ours = sender.request_for(Duration::from_secs(40 * 86_400), None);
    let asked = ours.headers()["ttl"].clone();
    assert_eq!(sender.ask(ours).await.headers["ttl"], asked, "kept for as long as it was asked");
}

#[actix_web::test]
async fn mozilla_refuses_aes128gcm_beside_the_headers_of_its_drafts_and_ours_has_none() {
    let (_service, sender) = sender();
    for (name, value) in [("encryption", "salt=AAAA"), ("crypto-key", "dh=AAAA")] {
        let judged = sender.send(sender.with(name, Some(value))).await;
        assert_eq!((judged.status, judged.verdict), (400, Verdict::Rejected), "{name}");
        assert!(judged.reason.unwrap().ends_with("errno 110"), "{name}");
    }
    let ours = sender.request();
    assert!(!ours.headers().contains_key("encryption"));
    assert!(!ours.headers().contains_key("crypto-key"));
}

#[actix_web::test]
async fn mozillas_404_for_another_vapid_key_means_gone_so_each_subscription_keeps_its_own_key() {
    let (_service, sender) = sender();
    let judged = sender.send(sender.of_another_key()).await;
    let said = "Not Found: Request did not validate invalid token: errno 102";
    assert_eq!(judged.parts(), (404, Verdict::Gone, said));

    let scene = Scene::of(Persona::Mozilla).await;
    let key = VapidKey::generate().unwrap();
    let (app, now) = (scene.house.app, now());
    let rotate = DirectoryChange::AddVapidKey { app, key, current: true, now };
    scene.house.store.change_directory(rotate).await.unwrap().unwrap();
    assert_eq!(scene.outcome("text").await, "accepted");
    assert!(scene.house.knows(&scene.id).await, "a rotated key does not wipe the list");
    scene.house.stop().await;
}

#[actix_web::test]
async fn mozillas_410_by_errno_106_deletes_that_subscription_alone() {
    let scene = Scene::of(Persona::Mozilla).await;
    let sibling = subscribe(&scene.house, &scene.service, "sibling", &Browser::new()).await;
    scene.service.remember("it", |subscribed| subscribed.ended = true);
    let sent = scene.house.notify("news", "text").await;
    let outcomes = scene.house.outcomes(&sent.id).await;
    assert_eq!((outcomes["gone"], outcomes["accepted"]), (1, 1));
    let failure = scene.failure(&sent).await;
    assert_eq!(failure.reason, "Gone: No such subscription: errno 106");
    assert!(!scene.house.knows(&scene.id).await && scene.house.knows(&sibling).await);
    scene.house.stop().await;
}

#[actix_web::test]
async fn mozillas_201_to_a_ttl_of_0_is_accepted_even_if_it_dropped_the_message() {
    let scene = Scene::of(Persona::Mozilla).await;
    let sent = scene.house.notify_for("news", "text", Duration::ZERO).await;
    assert_eq!(scene.outcome_of(&sent).await, "accepted");
    assert_eq!(scene.service.log_of("it")[0].header("ttl"), "0");
    scene.house.stop().await;
}

#[actix_web::test]
async fn mozillas_503_is_not_asked_again_within_its_120_seconds() {
    let scene = Scene::of(Persona::Mozilla).await;
    scene.service.answer_all(mozilla::busy());
    scene.is_made_to_wait(Duration::from_secs(120)).await;
    scene.house.stop().await;
}

/// Firefox on Android takes about 3070 bytes of ciphertext.
#[actix_web::test]
async fn mozillas_413_for_a_small_device_is_too_large_without_retry_and_the_publisher_is_told() {
    let scene = Scene::of(Persona::Mozilla).await;
    scene.service.remember("it", |subscribed| subscribed.most = Some(3070));
    let sent = scene.house.notify("news", &"x".repeat(3200)).await;
    assert_eq!(scene.outcome_of(&sent).await, "too_large");
    let failure = scene.failure(&sent).await;
    assert_eq!((failure.status, failure.attempts), (Some(413), 1));
    assert!(failure.reason.ends_with("errno 104"), "{}", failure.reason);
    assert!(scene.house.knows(&scene.id).await);
    assert_eq!(scene.outcome("short").await, "accepted");
    scene.house.stop().await;
}
