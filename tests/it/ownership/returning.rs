//! Those who went and may come back: nobody takes their place meanwhile, and what they were taken out of stays that way.

use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::membership::{
    Authority, Leave, Leaver, ReplaceReply, Subscribe, SubscribeReply,
};

use super::house;
use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::{Answer, PushService};

/// A browser in channels whose push service has forgotten it.
async fn gone(
    service: &PushService,
    house: &House,
    browser: &Browser,
    token: &str,
    channels: &[&str],
) -> PublicId {
    let id = house.subscribe(browser, &service.endpoint(token), channels).await;
    service.answer(token, [Answer::status(410)]);
    house.notify(channels[0], "the last").await;
    eventually("it is gone", || async { house.subscription(&id).await.gone }).await;
    id
}

#[actix_web::test]
async fn who_knows_the_endpoint_of_one_that_went_cannot_keep_it_from_coming_back() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("it"));
    let id = gone(&service, &house, &browser, "it", &["news", "team:7"]).await;
    let mine = house.subscribe(&Browser::new(), &service.endpoint("mine"), &["news"]).await;

    for authority in [Authority::Public, Authority::Token(vec!["*".to_owned()])] {
        let call = house.joining(&Browser::new(), &endpoint, &["news"]);
        let reply = house.join(Subscribe { authority, ..call }).await;
        assert_eq!(reply, SubscribeReply::EndpointInUse);
    }
    let replace = house.replacement(&mine, &Browser::new(), &endpoint);
    assert_eq!(house.store.replace(replace).await.unwrap(), ReplaceReply::EndpointInUse);

    let view = house.replace(house.replacement(&id, &browser, &endpoint)).await;
    assert_eq!((view.gone, view.channels), (None, vec!["news".to_owned(), "team:7".to_owned()]));
    house.stop().await;
}

#[actix_web::test]
async fn a_browser_that_its_push_service_was_wrong_about_is_who_it_was_when_it_registers_again() {
    let (service, house) = house().await;
    let token = || Authority::Token(vec!["user:2".to_owned()]);
    let table = [
        ("nobody", Authority::Public, "news", vec!["news", "team:7", "user:1"]),
        ("its own user", token(), "news", vec!["news", "team:7", "user:1"]),
        // The next user of a shared browser inherits nothing of the last one's.
        ("another user", token(), "user:2", vec!["user:2"]),
    ];
    for (index, (what, authority, joins, expected)) in table.into_iter().enumerate() {
        let (browser, at) = (Browser::new(), index.to_string());
        let id = gone(&service, &house, &browser, &at, &["user:1", "team:7"]).await;
        let call = house.joining(&browser, &service.endpoint(&at), &[joins]);
        let reply = house.join(Subscribe { authority, ..call }).await;
        let SubscribeReply::Subscribed { id: same, generation, channels, created } = reply else {
            panic!("{what}: {reply:?}")
        };
        assert_eq!((same, generation.0, created), (id, 2, false), "{what}");
        assert_eq!(channels, expected, "{what}");
    }
    house.stop().await;
}

#[actix_web::test]
async fn a_backend_that_puts_another_browser_at_a_dead_endpoint_gives_it_a_name_of_its_own() {
    let (service, house) = house().await;
    let id = gone(&service, &house, &Browser::new(), "it", &["news"]).await;
    let new = house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    assert_ne!(new, id, "whoever was there before has the secret of that name");
    assert!(house.store.subscription(house.app, id, now()).await.unwrap().is_none());
    house.stop().await;
}

#[actix_web::test]
async fn what_somebody_was_taken_out_of_while_it_was_gone_it_does_not_come_back_to() {
    let (service, house) = house().await;
    let channels = ["user:1", "team:7", "team:8", "team:9", "news"];
    let mut went = Vec::new();
    for token in ["one", "two"] {
        let browser = Browser::new();
        let id = gone(&service, &house, &browser, token, &channels).await;
        went.push((browser, token, id));
    }
    let one = went[0].2.clone();
    let shared = |channel: &str, also_in: &str| Leaver::Shared {
        channel: channel.to_owned(),
        also_in: also_in.to_owned(),
    };
    for who in [
        Leaver::Channel(one, "team:7".to_owned()),
        shared("team:8", "user:1"),
        shared("news", "user:2"),
    ] {
        house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
    }
    assert!(house.store.delete_channel(house.app, "team:9".to_owned(), now()).await.unwrap());

    let expected = [vec!["news", "user:1"], vec!["news", "team:7", "user:1"]];
    for ((browser, token, id), expected) in went.iter().zip(expected) {
        let endpoint = service.endpoint(&format!("{token}-new"));
        let view = house.replace(house.replacement(id, browser, &endpoint)).await;
        assert_eq!(view.channels, expected, "{token}");
    }
    let deleted = house.store.channel(house.app, "team:9".to_owned()).await.unwrap();
    assert_eq!(deleted, None, "nobody brings a deleted channel back by coming back");
    house.stop().await;
}

#[actix_web::test]
async fn one_that_went_and_turns_out_to_be_another_returns_to_its_channels_with_it() {
    let (service, house) = house().await;
    for (index, has_gone) in [false, true].into_iter().enumerate() {
        let (before, now_it) = (format!("before-{index}"), format!("now-{index}"));
        let browser = Browser::new();
        let keeps = if has_gone {
            gone(&service, &house, &browser, &before, &["user:1", "team:7"]).await
        } else {
            house.subscribe(&browser, &service.endpoint(&before), &["user:1", "team:7"]).await
        };
        gone(&service, &house, &browser, &now_it, &["user:2", "news"]).await;
        let endpoint = service.endpoint(&now_it);
        let view = house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
        assert_eq!(view.channels, ["news", "user:2"], "gone: {has_gone}");
    }
    house.stop().await;
}

#[actix_web::test]
async fn two_that_turn_out_to_be_one_are_in_one_channel_of_an_exclusive_namespace() {
    let (service, house) = house().await;
    house.settle_in(|settings| settings.public_channels = vec!["news".to_owned()]).await;
    for (index, has_gone) in [false, true].into_iter().enumerate() {
        let (before, now_it) = (format!("before-{index}"), format!("now-{index}"));
        let browser = Browser::new();
        let keeps = if has_gone {
            gone(&service, &house, &browser, &before, &["user:1", "team:7", "news", "all"]).await
        } else {
            let channels = ["user:1", "team:7", "news", "all"];
            house.subscribe(&browser, &service.endpoint(&before), &channels).await
        };
        let endpoint = service.endpoint(&now_it);
        house.subscribe(&browser, &endpoint, &["user:2", "all"]).await;
        let view = house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
        // Who has the endpoint now is the later user, and inherits what is anybody's alone.
        assert_eq!(view.channels, ["all", "news", "user:2"], "gone: {has_gone}");
        let first = house.notify("user:1", "for the first").await;
        assert_eq!(first.recipients, Some(0));
    }
    house.stop().await;
}
