//! One call to many channels: one notification in each or in none, and one shown on a device that is in several.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::store::publish::{Accept, AcceptReply, Idempotency};
use fanfare::webpush::message::Content;
use serde_json::json;

use super::*;
use crate::harness::api::{Api, KEY};
use crate::harness::house::outcome;

fn to(house: &House, channels: &[&str]) -> Accept {
    let channels = channels.iter().map(|&name| name.to_owned()).collect();
    Accept { channels, ..house.publish("", "text") }
}

#[actix_web::test]
async fn one_full_channel_and_nothing_is_stored_in_any_nor_is_the_key_used_up() {
    let (service, house, id) = home_of(&Browser::new()).await;
    service.answer("it", [in_an_hour()]);
    let waiting = house.notify("news", "text").await;
    waits(&house, &id).await;
    // As if there were so many more open: what is held against the limit is this number.
    let mut database = SqliteConnection::establish(&house.database().to_string_lossy()).unwrap();
    database.batch_execute("UPDATE channel SET open = 10000").unwrap();
    house.notify("before", "text").await;
    let idempotency = Some(Idempotency { key: "k".to_owned(), fingerprint: [7; 32] });
    for send_at in [None, Some(now() + HOUR)] {
        let all = to(&house, &["before", "after", "news"]);
        let all = || Accept { idempotency: idempotency.clone(), send_at, ..all.clone() };
        let refused = house.store.accept(all()).await.unwrap();
        assert_eq!(refused, AcceptReply::ChannelFull("news".to_owned()));
        let channel = |name: &str| house.store.channel(house.app, name.to_owned());
        let before = channel("before").await.unwrap().unwrap();
        assert_eq!((before.head, before.scheduled), (1, 0));
        assert_eq!(channel("after").await.unwrap(), None, "not even the channel is made");
    }
    cancel(&house, &waiting.id).await;
    let all = Accept { idempotency, ..to(&house, &["before", "after", "news"]) };
    let reply = house.store.accept(all).await.unwrap();
    assert!(matches!(reply, AcceptReply::Accepted { replayed: false, .. }), "{reply:?}");
    house.stop().await;
}

#[actix_web::test]
async fn one_bad_name_and_nothing_is_stored_in_any() {
    let api = Api::start().await;
    for (bad, status) in [(json!("a*"), 422), (json!(""), 422), (json!(7), 422)] {
        let body = json!({ "channels": ["fine", bad, "fine too"], "raw": "text" });
        let answer = api.post("/v1/notifications").bearer(KEY).json(&body).send().await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
    }
    let channels = api.get("/v1/channels").bearer(KEY).send().await.json();
    assert_eq!(channels["items"], json!([]));
    api.stop().await;
}

#[actix_web::test]
async fn a_thousand_channels_are_one_call_and_one_more_is_refused() {
    let api = Api::start().await;
    let names = |count: usize| (0..count).map(|number| format!("c{number}")).collect::<Vec<_>>();
    for (count, status) in [(1001, 422), (1000, 202)] {
        let body = json!({ "channels": names(count), "raw": "text" });
        let answer = api.post("/v1/notifications").bearer(KEY).json(&body).send().await;
        assert_eq!(answer.status.as_u16(), status);
        if status == 202 {
            let items = answer.json()["items"].as_array().unwrap().clone();
            let named: Vec<_> = items.iter().map(|item| item["channel"].clone()).collect();
            assert_eq!(named, names(1000), "in the order of the call");
            assert!(items.iter().all(|item| item["seq"] == 1));
        }
    }
    assert!(api.state.metrics.encode().contains("fanfare_notifications_accepted_total 1000\n"));
    api.stop().await;
}

#[actix_web::test]
async fn a_device_in_several_of_them_is_shown_one_also_when_they_were_scheduled() {
    let browser = Browser::new();
    let service = PushService::start();
    let house = House::start(&service).await;
    house.subscribe(&browser, &service.endpoint("it"), &["a", "b", "c"]).await;
    let at = now() + HOUR;
    for (send_at, from) in [(None, 0), (Some(at), 3)] {
        let document = r#"{"web_push":8030,"notification":{"title":"Tea"}}"#;
        let content = Content::Declarative { document: document.to_owned(), receipts: false };
        let call = Accept { content, send_at, ..to(&house, &["a", "b", "c", "nobody"]) };
        let items = house.accept(call).await;
        if send_at.is_some() {
            pass(&house, at).await;
        }
        for item in &items[..3] {
            assert_eq!(house.outcomes(&item.id).await, outcome("accepted"));
        }
        let log = service.wait_for(from + 3).await;
        let shown: Vec<_> = log[from..]
            .iter()
            .map(|request| browser.decrypt_json(&request.body)["notification"].clone())
            .collect();
        let group = shown[0]["tag"].as_str().unwrap();
        assert!(group.starts_with("grp_"), "{group}");
        assert!(shown.iter().all(|one| one["tag"] == group));
        assert!(shown.iter().all(|one| one["data"]["fanfare"]["group"] == group));
    }
    house.stop().await;
}

#[actix_web::test]
async fn each_of_them_has_recipients_outcomes_and_a_topic_of_its_own() {
    let (service, house, id) = home_of(&Browser::new()).await;
    house.subscribe(&Browser::new(), &service.endpoint("b"), &["b", "news"]).await;
    service.answer("it", [in_an_hour()]);
    let old = under_topic(&house, "1:0", "score").await;
    waits(&house, &id).await;
    let call = Accept { topic: Some("score".to_owned()), ..to(&house, &["news", "b"]) };
    let items = house.accept(call).await;
    assert_eq!((items[0].recipients, items[1].recipients), (Some(2), Some(1)));
    let expected = outcomes([("superseded", 1), ("accepted", 1)]);
    assert_eq!(house.outcomes(&old.id).await, expected);
    assert_eq!(house.outcomes(&items[1].id).await, outcome("accepted"));
    cancel(&house, &items[0].id).await;
    let view = house.finished(&items[0].id).await;
    assert_eq!(Some(view.outcomes.total()), view.recipients);
    house.stop().await;
}
