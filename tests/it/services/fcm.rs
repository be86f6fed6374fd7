//! Firebase Cloud Messaging, for Chrome and its kin.

use std::time::Duration;

use fanfare::webpush::reply::{Scope, Verdict};

use super::{Scene, subscribe};
use crate::harness::browser::Browser;
use crate::harness::house::House;
use crate::harness::push_service::persona::{Persona, fcm};
use crate::harness::push_service::{Answer, PushService};
use crate::harness::sender::Sender;

#[actix_web::test]
async fn fcm_takes_a_ttl_of_2419200_and_none_that_is_longer() {
    let service = PushService::playing(Persona::Fcm);
    let sender = Sender::to(&service, "it");
    let refused = (400, Verdict::Rejected, "InvalidTtlParameter");
    assert_eq!(sender.send(sender.with("ttl", Some("2419201"))).await.parts(), refused);
    assert_eq!(sender.send(sender.with("ttl", Some("2419200"))).await.status, 201);
    // The clock was set back by a day since the publish: more than four weeks seem to remain.
    let long = sender.request_for(Duration::from_secs(29 * 86_400), None);
    assert_eq!(sender.send(long).await.status, 201);
}

#[actix_web::test]
async fn fcms_unauthorized_registration_rejects_the_message_and_keeps_the_subscription() {
    let scene = Scene::of(Persona::Fcm).await;
    let sender = Sender::to(&scene.service, "unsigned");
    let unsigned = sender.send(sender.with("authorization", None)).await;
    assert_eq!(unsigned.parts(), (400, Verdict::Rejected, "UnauthorizedRegistration"));

    scene.service.answer("it", [fcm::page(400, "UnauthorizedRegistration")]);
    let sent = scene.house.notify("news", "text").await;
    assert_eq!(scene.outcome_of(&sent).await, "rejected");
    let failure = scene.failure(&sent).await;
    assert_eq!((failure.status, failure.reason.as_str()), (Some(400), "UnauthorizedRegistration"));
    assert!(scene.house.knows(&scene.id).await);
    assert_eq!(scene.outcome("next").await, "accepted");
    scene.house.stop().await;
}

#[actix_web::test]
async fn fcms_403_for_another_vapid_key_or_a_bad_token_is_ours_to_mend() {
    let service = PushService::playing(Persona::Fcm);
    let sender = Sender::to(&service, "it");
    let other = sender.send(sender.of_another_key()).await;
    assert_eq!((other.status, other.verdict), (403, Verdict::Unauthorized));
    let said = "the VAPID credentials in the authorization header do not correspond to the \
                credentials used to create the subscriptions.";
    assert_eq!(other.reason.as_deref(), Some(said));

    let mut claims = sender.claims();
    claims["aud"] = "https://updates.push.services.mozilla.com".into();
    let foreign = sender.send(sender.claiming(&claims)).await;
    assert_eq!(foreign.parts(), (403, Verdict::Unauthorized, "invalid JWT provided"));
}

/// It healed after a day, so it was not the subscriptions' fault.
#[actix_web::test]
async fn fcms_invalid_push_subscription_endpoint_at_403_is_ours_to_mend() {
    let service = PushService::playing(Persona::Fcm);
    let sender = Sender::to(&service, "it");
    service.answer("it", [fcm::line(403, "invalid push subscription endpoint\n")]);
    let judged = sender.send(sender.request()).await;
    assert_eq!(judged.parts(), (403, Verdict::Unauthorized, "invalid push subscription endpoint"));
}

#[actix_web::test]
async fn an_expired_or_unsubscribed_subscription_of_fcm_is_deleted() {
    for gone in [fcm::line(410, fcm::UNSUBSCRIBED), fcm::page(404, "Not Found")] {
        let scene = Scene::of(Persona::Fcm).await;
        scene.service.answer("it", [gone]);
        assert_eq!(scene.outcome("text").await, "gone");
        assert!(!scene.house.knows(&scene.id).await);
        scene.house.stop().await;
    }
}

#[actix_web::test]
async fn fcms_two_paths_both_live_and_neither_is_rewritten() {
    let service = PushService::playing(Persona::Fcm);
    let house = House::start(&service).await;
    subscribe(&house, &service, "dQw4w9WgXcQ:APA91bH", &Browser::new()).await;
    let newer = format!("{}/wp/fDk2:APA91bG", service.origin());
    house.subscribe(&Browser::new(), &newer, &["news"]).await;
    let sent = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&sent.id).await["accepted"], 2);
    assert_eq!(service.log_of("dQw4w9WgXcQ:APA91bH").len(), 1);
    assert_eq!(service.log_of("/wp/fDk2:APA91bG").len(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn fcms_503_may_have_delivered_so_the_repeat_says_the_same_and_replaces_it() {
    let scene = Scene::of(Persona::Fcm).await;
    scene.service.answer("it", [Answer::status(503)]);
    assert_eq!(scene.outcome("text").await, "accepted");
    let log = scene.service.log_of("it");
    let said: Vec<_> = log.iter().map(|request| scene.browser.decrypt(&request.body)).collect();
    assert_eq!(said, [b"text", b"text"]);
    assert!(scene.house.knows(&scene.id).await);
    scene.house.stop().await;

    let service = PushService::playing(Persona::Fcm);
    service.answer("it", [Answer::status(503).header("retry-after", "10")]);
    let sender = Sender::to(&service, "it");
    let after = Some(Duration::from_secs(10));
    let wait = Verdict::Retry { after, scope: Scope::Endpoint };
    assert_eq!(sender.send(sender.request()).await.verdict, wait);
}
