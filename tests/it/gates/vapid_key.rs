//! A push service that refuses our VAPID key: the key pauses, the subscribers stay.

use std::collections::HashMap;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use fanfare::webpush::vapid::VapidKey;
use http::Method;

use super::{assert_all_accepted, gate, taken};
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::{Answer, PushService, Recorded};

const SUBSCRIPTIONS: usize = 1000;

diesel::table! {
    vapid_key (id) {
        id -> BigInt,
        public -> Binary,
        scalar -> Binary,
    }
}

/// The key pairs of a database, as they are stored.
type Pairs = Vec<(i64, Vec<u8>, Vec<u8>)>;

fn pairs(database: &Path) -> Pairs {
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    vapid_key::table.load(&mut connection).unwrap()
}

/// Puts these in their places, and in the note that a start compares them with: without that it would be refused.
fn put(database: &Path, pairs: &Pairs) {
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    for (id, public, scalar) in pairs {
        diesel::update(vapid_key::table.find(id))
            .set((vapid_key::public.eq(public), vapid_key::scalar.eq(scalar)))
            .execute(&mut connection)
            .unwrap();
        diesel::sql_query("UPDATE meta SET value = ? WHERE key LIKE 'vapid_key/%/' || ?")
            .bind::<Binary, _>(public)
            .bind::<BigInt, _>(id)
            .execute(&mut connection)
            .unwrap();
    }
}

/// `k=…` of the `Authorization` header.
fn signed_with(request: &Recorded) -> &str {
    request.header("authorization").split_once("k=").map_or("", |(_, key)| key)
}

/// As FCM does: 403 for what is not signed with the key that the browser subscribed with.
fn accept_only(service: &PushService, key: String) {
    service.answer_with(move |request| match signed_with(request) == key {
        true => Answer::status(201),
        false => Answer::status(403).body(
            "the VAPID credentials in the authorization header do not correspond to the credentials used to create the \
             subscriptions.",
        ),
    });
}

async fn paused_keys(daemon: &crate::harness::daemon::Daemon) -> bool {
    let metrics = daemon.call(Method::GET, "/metrics").send().await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    text.contains("fanfare_paused_keys{push_service=\"other\"} 1")
}

#[actix_web::test]
async fn a_wrong_key_deployed_over_1000_subscriptions_deletes_nobody_warns_once_and_all_is_delivered_when_it_is_put_right()
 {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..SUBSCRIPTIONS).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    let key = daemon.call(Method::GET, "/v1/push-key").send().await.json();
    accept_only(&service, key["key"].as_str().unwrap().to_owned());
    daemon.terminate();
    let (_, home) = daemon.ended().await;

    let right = pairs(&home.database());
    let wrong = VapidKey::generate().unwrap();
    let of_wrong = |(id, ..): &(i64, _, _)| (*id, wrong.public().to_vec(), wrong.scalar().to_vec());
    put(&home.database(), &right.iter().map(of_wrong).collect());
    let daemon = home.start(&service).await;
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        sent.push(daemon.notify("news", text).await);
    }
    eventually("the key pauses", || async { paused_keys(&daemon).await.then_some(()) }).await;
    let refused = service.wait_until("a probe", |log| log.len() > 64).await.len();
    let gates = daemon.call(Method::GET, "/v1/observe/push-services").send().await.json();
    assert_eq!(gates["items"][0]["refused_keys"][0]["app"], "default", "{gates}");
    let news = daemon.call(Method::GET, "/v1/channels/news").send().await.json();
    assert_eq!(news["subscribers"], SUBSCRIPTIONS, "nobody is deleted");
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    let log = home.log();
    let warnings: Vec<_> =
        log.lines().filter(|line| line.contains("WARN") && line.contains("VAPID")).collect();
    let of_key: Vec<_> = warnings.iter().filter(|line| line.contains("refuses")).collect();
    assert_eq!(of_key.len(), 1, "{warnings:?}");
    assert!(of_key[0].contains("do not correspond"), "it names the cause: {of_key:?}");
    println!("{refused} requests of {} were refused before the key paused", 3 * SUBSCRIPTIONS);

    put(&home.database(), &right);
    let before = usize::try_from(service.requests()).unwrap();
    let daemon = home.start(&service).await;
    for id in &sent {
        let status = daemon.finished(id).await;
        assert_eq!(status["outcomes"]["accepted"], SUBSCRIPTIONS, "{status}");
    }
    for (index, browser) in browsers.iter().enumerate() {
        let texts = taken(&service, &index.to_string(), browser, before);
        let bodies: Vec<_> = texts.iter().map(|text| body_of(text)).collect();
        assert_eq!(bodies, ["one", "two", "three"], "{index}");
    }
}

/// The body of a notification in the declarative format.
pub(super) fn body_of(text: &str) -> String {
    let message: serde_json::Value = serde_json::from_str(text).unwrap();
    message["notification"]["body"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_refused_key_pauses_and_resumes_by_a_probe_without_a_restart() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers = house.crowd(&service, "news", 100).await;
    service.answer_all(Answer::status(401));
    let mut sent = Vec::new();
    for text in ["one", "two"] {
        sent.push(house.notify("news", text).await);
    }
    gate(&house, &service, "the key pauses", |gate| !gate.refused_keys.is_empty()).await;
    let asked = usize::try_from(service.requests()).unwrap();
    service.answer_all(Answer::status(201));
    for notification in &sent {
        assert_all_accepted(&house, &notification.id, 100).await;
    }
    for (index, browser) in browsers.iter().enumerate() {
        let mut texts = taken(&service, &index.to_string(), browser, asked);
        texts.dedup();
        assert_eq!(texts, ["one", "two"], "{index}");
    }
    gate(&house, &service, "the key is served", |gate| gate.refused_keys.is_empty()).await;
    house.stop().await;
}

#[actix_web::test]
async fn a_subscription_that_was_made_with_another_key_waits_alone() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 40).await;
    service.answer_with(|request| match request.token.as_str() {
        "7" => Answer::status(403),
        _ => Answer::status(201),
    });
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        let notification = house.notify("news", text).await;
        eventually("all others have it", || async {
            let view = house.status(&notification.id).await;
            (view.outcomes.total() == 39 && view.pending() == 1).then_some(())
        })
        .await;
        sent.push(notification);
    }
    let served = gate(&house, &service, "there is a gate", |_| true).await;
    assert!(served.refused_keys.is_empty(), "{served:?}");
    service.answer_all(Answer::status(201));
    for notification in &sent {
        assert_eq!(
            house.outcomes(&notification.id).await,
            HashMap::from([("accepted", 40)]),
            "it waited, and lost nothing"
        );
    }
    house.stop().await;
}
