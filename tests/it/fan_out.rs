//! The main job: everyone on a channel gets everything, once, in order, and can read it.

use std::collections::HashMap;

use futures_util::future::join_all;

use crate::harness::browser::Browser;
use crate::harness::house::House;
use crate::harness::push_service::PushService;

#[actix_web::test]
async fn two_hundred_subscriptions_on_forty_channels_get_ten_notifications_each_in_order() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers: Vec<_> = (0..200).map(|_| Browser::new()).collect();
    let joins = browsers.iter().enumerate().map(|(index, browser)| {
        let (house, endpoint) = (&house, service.endpoint(&index.to_string()));
        async move { house.subscribe(browser, &endpoint, &[&channel(index)]).await }
    });
    join_all(joins).await;

    let mut accepted = Vec::new();
    for round in 0..10 {
        let sends = (0..40).map(|index| {
            let (house, channel) = (&house, channel(index));
            async move { house.notify(&channel, &format!("{channel}: {round}")).await }
        });
        accepted.extend(join_all(sends).await);
    }
    for notification in &accepted {
        assert_eq!(house.outcomes(&notification.id).await, HashMap::from([("accepted", 5)]));
    }

    for (index, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&index.to_string());
        let texts: Vec<_> = log.iter().map(|request| text(browser, &request.body)).collect();
        let sent: Vec<_> = (0..10).map(|round| format!("{}: {round}", channel(index))).collect();
        assert_eq!(texts, sent, "subscription {index}");
    }
    house.stop().await;
}

fn channel(index: usize) -> String {
    format!("team:{}", index % 40)
}

fn text(browser: &Browser, body: &[u8]) -> String {
    String::from_utf8(browser.decrypt(body)).unwrap()
}

#[actix_web::test]
async fn an_endpoint_in_several_channels_is_one_actor_and_gets_each_channel_in_order() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browser = Browser::new();
    house.subscribe(&browser, &service.endpoint("one"), &["a", "b", "c"]).await;
    let mut accepted = Vec::new();
    for round in 0..20 {
        for channel in ["a", "b", "c"] {
            accepted.push(house.notify(channel, &format!("{channel}{round}")).await);
        }
    }
    for notification in &accepted {
        house.finished(&notification.id).await;
    }
    let texts: Vec<_> =
        service.log_of("one").iter().map(|request| text(&browser, &request.body)).collect();
    for channel in ["a", "b", "c"] {
        let of_channel: Vec<_> = texts.iter().filter(|text| text.starts_with(channel)).collect();
        let sent: Vec<_> = (0..20).map(|round| format!("{channel}{round}")).collect();
        assert!(of_channel.iter().copied().eq(&sent), "{of_channel:?}");
    }
    assert_eq!(texts.len(), 60, "each once");
    assert_eq!(house.subscription_workers().await.len(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn who_joins_later_gets_only_what_comes_later_and_who_is_excluded_nothing() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let (early, late, writer) = (Browser::new(), Browser::new(), Browser::new());
    house.subscribe(&early, &service.endpoint("early"), &["news"]).await;
    let first = house.notify("news", "first").await;
    let writer_id = house.subscribe(&writer, &service.endpoint("writer"), &["news"]).await;
    house.subscribe(&late, &service.endpoint("late"), &["news"]).await;
    let mut second = house.publish("news", "second");
    second.exclude = vec![writer_id];
    let second = house.accept(second).await.remove(0);
    let third = house.notify("news", "third").await;

    assert_eq!(
        (first.recipients, second.recipients, third.recipients),
        (Some(1), Some(2), Some(3))
    );
    for notification in [first, second, third] {
        let view = house.finished(&notification.id).await;
        assert_eq!(Some(view.outcomes.total()), notification.recipients);
    }
    let heard = |browser: &Browser, token: &str| -> Vec<String> {
        service.log_of(token).iter().map(|request| text(browser, &request.body)).collect()
    };
    assert_eq!(heard(&early, "early"), ["first", "second", "third"]);
    assert_eq!(heard(&late, "late"), ["second", "third"]);
    assert_eq!(heard(&writer, "writer"), ["third"]);
    house.stop().await;
}
