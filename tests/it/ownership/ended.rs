//! Channels that are deleted, and subscriptions whose time has come.

use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::membership::{Authority, Subscribe, SubscribeReply};
use fanfare::store::publish::Accepted;
use fanfare::webpush::message::Content;
use serde_json::Value;

use super::{house, in_an_hour, outcomes, waits};
use crate::harness::browser::Browser;
use crate::harness::house::{House, now};
use crate::harness::push_service::Answer;

#[actix_web::test]
async fn a_deleted_channel_cancels_what_is_open_and_its_name_begins_anew_without_its_members() {
    let (service, house) = house().await;
    let members = house.crowd(&service, "news", 2).await;
    service.answer_all(Answer::Hold);
    let in_flight = notify_declarative(&house, "first life").await;
    let queued = house.notify("news", "queued").await;
    service.wait_for(2).await;
    assert!(house.store.delete_channel(house.app, "news".to_owned(), now()).await.unwrap());
    assert!(!house.store.delete_channel(house.app, "news".to_owned(), now()).await.unwrap());
    assert_eq!(house.outcomes(&queued.id).await, outcomes([("cancelled", 2)]));

    let browser = Browser::new();
    house.subscribe(&browser, &service.endpoint("new"), &["news"]).await;
    let second_life = notify_declarative(&house, "second life").await;
    assert_eq!((second_life.seq, second_life.recipients), (Some(1), Some(1)));
    service.release_all();
    assert_eq!(house.outcomes(&second_life.id).await, outcomes([("accepted", 1)]));
    // What was in flight is accepted, unless its member has been pruned meanwhile.
    let ended = house.outcomes(&in_flight.id).await;
    assert!(ended.keys().all(|label| ["accepted", "cancelled"].contains(label)), "{ended:?}");

    for (index, member) in members.iter().enumerate() {
        let log = service.log_of(&index.to_string());
        assert_eq!(log.len(), 1, "an old member gets nothing of the second life");
        let (old, new) = (fanfare(member, &log[0].body), {
            let log = service.log_of("new");
            assert_eq!(log.len(), 1);
            fanfare(&browser, &log[0].body)
        });
        assert_eq!((&old["seq"], &new["seq"]), (&1.into(), &1.into()));
        assert_eq!(old["channel"], new["channel"]);
        assert!(old["epoch"].is_string() && new["epoch"].is_string());
        assert_ne!(old["epoch"], new["epoch"]);
    }
    house.stop().await;
}

async fn notify_declarative(house: &House, title: &str) -> Accepted {
    let document = serde_json::json!({ "web_push": 8030, "notification": { "title": title } });
    let mut command = house.publish("news", "");
    command.content = Content::Declarative { document: document.to_string(), receipts: false };
    house.accept(command).await.remove(0)
}

/// What the daemon adds to a declarative document.
fn fanfare(browser: &Browser, body: &[u8]) -> Value {
    browser.decrypt_json(body)["notification"]["data"]["fanfare"].clone()
}

#[actix_web::test]
async fn a_subscription_ends_at_its_expiration_time_and_not_before() {
    let (service, house) = house().await;
    let end = now() + Duration::from_secs(3600);
    let browser = Browser::new();
    let mut command = house.joining(&browser, &service.endpoint("ends"), &["news"]);
    command.expires = Some(end);
    let SubscribeReply::Subscribed { id: ends, .. } = house.join(command.clone()).await else {
        panic!("not subscribed")
    };
    command.endpoint = house.joining(&browser, &service.endpoint("renewed"), &[]).endpoint;
    house.join(command).await;
    let renewed = house.subscribe(&browser, &service.endpoint("renewed"), &["news"]).await;
    service.answer("ends", [in_an_hour()]);
    let notification = house.notify("news", "text").await;
    waits(&house, &ends).await;

    house.store.upkeep(end - Duration::from_millis(1), 100).await.unwrap();
    assert!(house.knows(&ends).await);
    house.store.upkeep(end, 100).await.unwrap();
    assert_eq!(house.subscription(&ends).await.gone, Some(end));
    assert!(house.knows(&renewed).await, "it was subscribed again without an end");
    let expected = outcomes([("accepted", 1), ("gone", 1)]);
    assert_eq!(house.outcomes(&notification.id).await, expected);
    assert_eq!(house.notify("news", "next").await.recipients, Some(1));
    house.stop().await;
}

#[actix_web::test]
async fn without_a_backends_word_the_end_of_a_subscription_can_only_be_put_off() {
    let token = || Authority::Token(vec!["*".to_owned()]);
    let (early, late) = (now() + Duration::from_secs(60), now() + Duration::from_secs(3600));
    let table = [
        ("earlier by a token", token(), Some(late), Some(early), Some(late)),
        ("later by a token", token(), Some(early), Some(late), Some(late)),
        ("never by nobody", Authority::Public, Some(early), None, None),
        ("soon by nobody", Authority::Public, None, Some(early), None),
        ("soon by a key", Authority::ApiKey, None, Some(early), Some(early)),
    ];
    let (service, house) = house().await;
    for (index, (what, authority, known, asked, ends)) in table.into_iter().enumerate() {
        let (browser, endpoint) = (Browser::new(), service.endpoint(&index.to_string()));
        let call = || house.joining(&browser, &endpoint, &["news"]);
        house.join(Subscribe { expires: known, ..call() }).await;
        let reply = house.join(Subscribe { expires: asked, authority, ..call() }).await;
        let SubscribeReply::Subscribed { id, created: false, .. } = reply else {
            panic!("{what}: {reply:?}")
        };
        for end in [early, late] {
            house.store.upkeep(end, 100).await.unwrap();
            assert_eq!(house.knows(&id).await, ends.is_none_or(|ends| ends > end), "{what}");
        }
    }
    house.stop().await;
}
