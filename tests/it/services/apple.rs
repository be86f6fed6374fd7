//! Apple's push service, for Safari and all browsers on iOS.

use std::time::Duration;

use fanfare::webpush::reply::{Scope, Verdict};
use fanfare::webpush::request::Topic;
use fanfare::webpush::vapid::{Subject, VapidKey};
use serde_json::{Value, json};

use super::Scene;
use crate::harness::house::now;
use crate::harness::push_service::PushService;
use crate::harness::push_service::persona::{Persona, apple};
use crate::harness::sender::{HALF_A_DAY, Sender};

const REFUSED: (u16, Verdict, &str) = (403, Verdict::Unauthorized, "BadJwtToken");

/// A sender to a browser at Apple.
fn sender() -> (PushService, Sender) {
    let service = PushService::playing(Persona::Apple);
    let sender = Sender::to(&service, "it");
    (service, sender)
}

#[actix_web::test]
async fn a_sub_that_apple_alone_refuses_is_never_configured() {
    let (_service, sender) = sender();
    for sub in [
        "mailto:ops@localhost",
        "https://localhost:8443",
        "mailto:ops@box.local",
        "mailto:ops@example.invalid",
        "mailto: ops@example.org",
        "mailto:<ops@example.org>",
        "ops@example.org",
    ] {
        let mut claims = sender.claims();
        claims["sub"] = sub.into();
        assert_eq!(sender.send(sender.claiming(&claims)).await.parts(), REFUSED, "{sub}");
        assert!(Subject::parse(sub).is_err(), "{sub} would fail on iPhones alone");
    }
    for sub in ["mailto:ops@example.org", "https://push.example.org/contact"] {
        let mut claims = sender.claims();
        claims["sub"] = Subject::parse(sub).unwrap().as_str().into();
        assert_eq!(sender.send(sender.claiming(&claims)).await.status, 201, "{sub}");
    }
}

#[actix_web::test]
async fn others_accept_the_sub_that_apple_refuses() {
    for persona in Persona::ALL {
        let service = PushService::playing(persona);
        let sender = Sender::to(&service, "it");
        let mut claims = sender.claims();
        claims["sub"] = "mailto:ops@localhost".into();
        let taken = sender.send(sender.claiming(&claims)).await.verdict == Verdict::Accepted;
        assert_eq!(taken, persona != Persona::Apple, "{persona:?}");
    }
}

#[actix_web::test]
async fn apples_bad_jwt_token_for_aud_exp_or_signature_is_ours_to_mend() {
    let (_service, sender) = sender();
    let exp = now().as_secs();
    let flaws: [(&str, Value); 6] = [
        ("sub", json!(null)),
        ("aud", json!("https://push.apple.com")),
        ("aud", json!("https://web.push.apple.com/")),
        ("exp", json!(exp - 1)),
        ("exp", json!(exp + 2 * HALF_A_DAY + 60)),
        ("exp", json!((exp + HALF_A_DAY).to_string())),
    ];
    for (name, value) in flaws {
        let mut claims = sender.claims();
        claims[name] = value;
        assert_eq!(sender.send(sender.claiming(&claims)).await.parts(), REFUSED, "{claims}");
    }
    let stranger = VapidKey::generate().unwrap();
    let forged = sender.signed_by(&stranger, &sender.claims());
    assert_eq!(sender.send(forged).await.parts(), REFUSED, "another key's signature");
    assert_eq!(sender.send(sender.request()).await.status, 201, "ours");
}

#[actix_web::test]
async fn apple_decodes_a_topic_so_a_length_of_1_mod_4_is_refused_and_ours_is_32() {
    let (_service, sender) = sender();
    for topic in ["a", "abcde", "abcdefghi", "not base64url"] {
        let judged = sender.send(sender.with("topic", Some(topic))).await;
        assert_eq!(judged.parts(), (400, Verdict::Rejected, "BadWebPushTopic"), "{topic}");
    }
    for topic in ["ab", "abc", "abcd"] {
        assert_eq!(sender.send(sender.with("topic", Some(topic))).await.status, 201, "{topic}");
    }
    // As callers write them.
    for text in ["a", "score", "täglich ☕", ""] {
        let topic = Topic::derive("default", "news", text);
        let request = sender.request_for(Duration::from_secs(60), Some(&topic));
        assert_eq!(sender.send(request).await.status, 201, "{text}");
    }
}

#[actix_web::test]
async fn apples_vapid_pk_hash_mismatch_rejects_the_message_and_keeps_the_subscription() {
    let scene = Scene::of(Persona::Apple).await;
    scene.service.remember("it", |subscribed| subscribed.key = Some("another".to_owned()));
    let sent = scene.house.notify("news", "text").await;
    assert_eq!(scene.outcome_of(&sent).await, "rejected");
    let failure = scene.failure(&sent).await;
    assert_eq!((failure.status, failure.reason.as_str()), (Some(400), "VapidPkHashMismatch"));
    assert!(scene.house.knows(&scene.id).await);
    scene.house.stop().await;
}

/// Apple once said so to all traffic, for months.
#[actix_web::test]
async fn apples_bad_urgency_rejects_message_after_message_and_keeps_the_subscription() {
    let scene = Scene::of(Persona::Apple).await;
    scene.service.answer_all(apple::error(400, "BadUrgency"));
    for text in ["one", "two", "three"] {
        let sent = scene.house.notify("news", text).await;
        assert_eq!(scene.outcome_of(&sent).await, "rejected");
        assert_eq!(scene.failure(&sent).await.reason, "BadUrgency");
    }
    assert!(scene.house.knows(&scene.id).await);
    assert_eq!(scene.service.log_of("it").len(), 3, "each was tried once");
    scene.house.stop().await;
}

#[actix_web::test]
async fn apples_unregistered_deletes() {
    let scene = Scene::of(Persona::Apple).await;
    scene.service.remember("it", |subscribed| subscribed.ended = true);
    assert_eq!(scene.outcome("text").await, "gone");
    assert!(!scene.house.knows(&scene.id).await);
    scene.house.stop().await;
}

#[actix_web::test]
async fn apples_429_says_in_its_reason_whether_the_device_or_the_sender_is_too_fast() {
    let (service, sender) = sender();
    for (reason, scope) in
        [("TooManyRequests", Scope::Endpoint), ("TooManyProviderTokenUpdates", Scope::Origin)]
    {
        service.answer("it", [apple::error(429, reason).header("retry-after", "30")]);
        let after = Some(Duration::from_secs(30));
        let judged = sender.send(sender.request()).await;
        assert_eq!(judged.parts(), (429, Verdict::Retry { after, scope }, reason));
    }
}
