//! What every request says, whoever it goes to.

use std::collections::HashSet;
use std::time::Duration;

use fanfare::store::publish::Accept;
use fanfare::webpush::message::Content;
use fanfare::webpush::request::Urgency;
use futures_util::future::join_all;
use http::Method;

use super::subscribe;
use crate::harness::browser::Browser;
use crate::harness::house::{House, now};
use crate::harness::push_service::persona::{Persona, vapid};
use crate::harness::push_service::{PushService, Recorded};
use crate::harness::sender::HALF_A_DAY;

/// All push services of renown, and a house whose channel `news` has a browser at each, at its endpoint `it`.
struct World {
    services: Vec<PushService>,
    browsers: Vec<Browser>,
    house: House,
}

impl World {
    async fn start() -> Self {
        let services: Vec<_> = Persona::ALL.into_iter().map(PushService::playing).collect();
        let house = House::with(&services.iter().collect::<Vec<_>>(), |_| ()).await;
        let browsers: Vec<_> = services.iter().map(|_| Browser::new()).collect();
        for (service, browser) in services.iter().zip(&browsers) {
            subscribe(&house, service, "it", browser).await;
        }
        Self { services, browsers, house }
    }

    /// Publishes a text, changed before it is made; answers what each push service was sent, when all took it.
    async fn send(&self, change: impl FnOnce(&mut Accept)) -> Vec<Recorded> {
        let mut publish = self.house.publish("news", "text");
        change(&mut publish);
        let sent = self.house.accept(publish).await.remove(0);
        assert_eq!(self.house.outcomes(&sent.id).await["accepted"], 5);
        let last = |service: &PushService| Recorded::clone(service.log().last().unwrap());
        self.services.iter().map(last).collect()
    }
}

#[actix_web::test]
async fn each_push_service_of_renown_is_known_by_its_name_and_takes_what_is_sent() {
    let world = World::start().await;
    for request in world.send(|_| ()).await {
        assert_eq!(request.token, "it");
    }
    let metrics = world.house.metrics.encode();
    for label in ["fcm", "mozilla", "apple", "wns", "ntfy"] {
        let row = format!("push_service=\"{label}\",outcome=\"accepted\"}} 1\n");
        assert!(metrics.contains(&row), "{label} is not in {metrics}");
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn every_request_is_a_post_with_a_ttl_and_an_urgency() {
    let world = World::start().await;
    for urgency in Urgency::ALL {
        for request in world.send(|publish| publish.urgency = urgency).await {
            assert_eq!(request.method, Method::POST);
            assert_eq!(request.header("urgency"), urgency.as_str());
            let ttl: u64 = request.header("ttl").parse().unwrap();
            assert!((86_000..=86_400).contains(&ttl), "what remains of a day: {ttl}");
        }
    }
    for request in world.send(|publish| publish.ttl = Duration::ZERO).await {
        assert_eq!((request.header("ttl"), request.header("urgency")), ("0", "normal"));
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn a_topic_is_sent_only_when_it_is_asked_for() {
    let world = World::start().await;
    for request in world.send(|_| ()).await {
        assert!(!request.headers.contains_key("topic"), "FCM counts them against the device");
    }
    for request in world.send(|publish| publish.topic = Some("täglich ☕".to_owned())).await {
        assert_eq!(request.header("topic").len(), 32);
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn a_payload_is_one_record_of_aes128gcm_and_says_so() {
    let world = World::start().await;
    let long = "x".repeat(3900);
    let requests = world.send(|publish| publish.content = Content::raw(long.clone())).await;
    for (request, browser) in requests.iter().zip(&world.browsers) {
        assert_eq!(request.header("content-encoding"), "aes128gcm");
        assert_eq!(request.header("content-type"), "application/octet-stream");
        for draft in ["encryption", "crypto-key", "encryption-key"] {
            assert!(!request.headers.contains_key(draft), "{draft}");
        }
        assert!(request.body.len() <= 4096, "{} bytes", request.body.len());
        // The browser refuses a body of more than one record.
        assert_eq!(browser.decrypt(&request.body), long.as_bytes());
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn without_a_payload_there_is_no_body_and_no_encoding_header() {
    let world = World::start().await;
    for request in world.send(|publish| publish.content = Content::Empty).await {
        assert!(request.body.is_empty());
        for absent in ["content-encoding", "content-type"] {
            assert!(!request.headers.contains_key(absent), "{absent}");
        }
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn each_message_has_a_salt_and_an_ephemeral_key_of_its_own() {
    let world = World::start().await;
    let mut seen = HashSet::new();
    for _ in 0..3 {
        for request in world.send(|_| ()).await {
            // RFC 8188 §2.1: salt, record size, the key's length, the key.
            let (salt, key) = (request.body.slice(..16), request.body.slice(21..86));
            assert!(seen.insert(salt) && seen.insert(key));
        }
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn a_token_is_es256_for_its_origin_names_our_contact_and_ends_in_half_a_day() {
    let world = World::start().await;
    let requests = world.send(|_| ()).await;
    let moment = now().as_secs();
    for (request, service) in requests.iter().zip(&world.services) {
        let authorization = request.header("authorization");
        assert!(authorization.starts_with("vapid t=") && authorization.contains(", k="));
        // Signature, `alg`, `aud`, and that `exp` is a number within a day.
        let read = vapid::verify(authorization, &service.origin(), moment).unwrap();
        assert_eq!(read.sub.as_deref(), Some("mailto:ops@example.org"));
        let ahead = read.exp - moment;
        assert!((HALF_A_DAY - 600..=HALF_A_DAY).contains(&ahead), "{ahead} seconds");
    }
    world.house.stop().await;
}

#[actix_web::test]
async fn a_token_is_signed_once_for_an_origin_whatever_the_load() {
    let world = World::start().await;
    for service in &world.services {
        let joins = (0..20).map(|index| {
            let (house, token) = (&world.house, format!("{index}"));
            async move { subscribe(house, service, &token, &Browser::new()).await }
        });
        join_all(joins).await;
    }
    let sent = world.house.notify("news", "text").await;
    assert_eq!(world.house.outcomes(&sent.id).await["accepted"], 5 * 21);
    let mut tokens = HashSet::new();
    for service in &world.services {
        let log = service.log();
        let of_one: HashSet<_> =
            log.iter().map(|request| request.header("authorization").to_owned()).collect();
        assert_eq!(
            (log.len(), of_one.len()),
            (21, 1),
            "ECDSA is random: one text is one signature"
        );
        tokens.extend(of_one);
    }
    assert_eq!(tokens.len(), 5, "and each origin has its own");
    world.house.stop().await;
}

#[actix_web::test]
async fn the_url_is_called_byte_for_byte_as_it_was_subscribed() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let tokens = ["a%2bb%2F", "a//b//c", "x?y=1&z=%20+/../", "~;,:@!$&'()*=", "?"];
    for token in tokens {
        house.subscribe(&Browser::new(), &service.endpoint(token), &["news"]).await;
    }
    let sent = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&sent.id).await["accepted"], 5);
    for token in tokens {
        assert_eq!(service.log_of(token).len(), 1, "{token}");
    }
    house.stop().await;
}
