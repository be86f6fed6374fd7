//! The same endpoint again: with the same keys, and with others.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use fanfare::store::Store;
use fanfare::store::membership::{Authority, Subscribe, SubscribeReply};

use super::{house, in_an_hour, outcomes, waits};
use crate::harness::browser::Browser;
use crate::harness::push_service::Answer;

#[actix_web::test]
async fn the_same_browser_again_is_the_same_subscription_by_whomever_it_is_sent() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("it"));
    let id = house.subscribe(&browser, &endpoint, &["news"]).await;
    let token = Authority::Token(vec!["*".to_owned()]);
    for authority in [Authority::ApiKey, token, Authority::Public] {
        let command = Subscribe { authority, ..house.joining(&browser, &endpoint, &["news"]) };
        let generation = house.subscription(&id).await.generation;
        let channels = vec!["news".to_owned()];
        let same =
            SubscribeReply::Subscribed { id: id.clone(), generation, channels, created: false };
        assert_eq!(house.join(command).await, same);
        assert_eq!(generation.0, 1);
    }
    let channel = house.store.channel(house.app, "news".to_owned()).await.unwrap();
    assert_eq!(channel.map(|channel| channel.subscribers), Some(1));
    house.stop().await;
}

#[actix_web::test]
async fn other_keys_on_an_endpoint_are_refused_unless_an_api_key_brings_them() {
    let (service, house) = house().await;
    let (old, new, endpoint) = (Browser::new(), Browser::new(), service.endpoint("it"));
    let id = house.subscribe(&old, &endpoint, &["news"]).await;
    service.answer("it", [in_an_hour()]);
    let pending = house.notify("news", "pending").await;
    waits(&house, &id).await;

    for authority in [Authority::Token(vec!["*".to_owned()]), Authority::Public] {
        let command = Subscribe { authority, ..house.joining(&new, &endpoint, &["other"]) };
        assert_eq!(house.join(command).await, SubscribeReply::EndpointInUse);
    }
    let view = house.subscription(&id).await;
    assert_eq!((view.generation.0, view.channels), (1, vec!["news".to_owned()]));

    assert_eq!(house.subscribe(&new, &endpoint, &["other"]).await, id);
    assert_eq!(house.outcomes(&pending.id).await, outcomes([("accepted", 1)]));
    let view = house.subscription(&id).await;
    assert_eq!(
        (view.generation.0, view.channels),
        (2, vec!["news".to_owned(), "other".to_owned()])
    );
    let log = service.log_of("it");
    assert_eq!(log.len(), 2, "once with the old keys and once with the new");
    assert_eq!(old.decrypt(&log[0].body), b"pending");
    assert_eq!(new.decrypt(&log[1].body), b"pending");
    house.stop().await;
}

#[actix_web::test]
async fn a_410_for_an_old_generation_deletes_nothing_and_the_new_keys_get_it_again() {
    let (service, house) = house().await;
    let (old, new, endpoint) = (Browser::new(), Browser::new(), service.endpoint("it"));
    let (replaced, is_replaced) = channel::<()>();
    let is_replaced = Mutex::new(is_replaced);
    service.answer_with(move |request| {
        if request.index > 0 {
            return Answer::status(201);
        }
        // The push service takes its time; what it says is about the old keys.
        let _ = is_replaced.lock().unwrap().recv();
        Answer::status(410)
    });
    let id = house.subscribe(&old, &endpoint, &["news"]).await;
    let notification = house.notify("news", "text").await;
    service.wait_for(1).await;
    assert_eq!(house.subscribe(&new, &endpoint, &["news"]).await, id);
    drop(replaced);

    assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 1)]));
    assert!(house.knows(&id).await);
    let log = service.log_of("it");
    assert_eq!(log.len(), 2);
    assert_eq!(new.decrypt(&log[1].body), b"text");
    house.stop().await;
}
