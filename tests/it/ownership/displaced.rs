//! Exclusive namespaces: who takes whose place, and what the next user of a browser keeps.

use fanfare::store::Store;
use fanfare::store::membership::{Authority, Subscribe, SubscribeReply};

use super::{house, outcomes, texts};
use crate::harness::browser::Browser;
use crate::harness::push_service::Answer;

#[actix_web::test]
async fn who_subscribes_another_user_leaves_the_first_and_what_was_open_there_is_unsubscribed() {
    let (service, house) = house().await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["user:1"]).await;
    service.answer("it", [Answer::Hold]);
    let in_flight = house.notify("user:1", "in flight").await;
    let queued = house.notify("user:1", "queued").await;
    service.wait_for(1).await;
    let again = house.subscribe(&browser, &service.endpoint("it"), &["user:2"]).await;
    assert_eq!(again, id);
    assert_eq!(house.subscription(&id).await.channels, ["user:2"]);
    service.release_all();

    for left in [in_flight, queued] {
        assert_eq!(house.outcomes(&left.id).await, outcomes([("unsubscribed", 1)]));
    }
    assert_eq!(house.notify("user:1", "nobody is there").await.recipients, Some(0));
    let second = house.notify("user:2", "for the second").await;
    assert_eq!(house.outcomes(&second.id).await, outcomes([("accepted", 1)]));
    assert_eq!(texts(&service, "it", &browser), ["in flight", "for the second"]);
    house.stop().await;
}

#[actix_web::test]
async fn the_next_user_of_a_browser_keeps_of_the_last_ones_channels_what_the_authority_allows() {
    let token = || Authority::Token(vec!["user:2".to_owned(), "team:*".to_owned()]);
    let before = ["user:1", "team:7", "news", "vip"];
    let table = [
        ("a key", Authority::ApiKey, "user:2", vec!["news", "team:7", "user:2", "vip"]),
        ("a token", token(), "user:2", vec!["news", "team:7", "user:2"]),
        // Nobody is displaced, so that nothing is taken away.
        ("a token", token(), "team:8", vec!["news", "team:7", "team:8", "user:1", "vip"]),
    ];
    let (service, house) = house().await;
    house.settle_in(|settings| settings.public_channels = vec!["news".to_owned()]).await;
    for (index, (name, authority, joins, expected)) in table.into_iter().enumerate() {
        let (browser, endpoint) = (Browser::new(), service.endpoint(&index.to_string()));
        house.subscribe(&browser, &endpoint, &before).await;
        let command = Subscribe { authority, ..house.joining(&browser, &endpoint, &[joins]) };
        let reply = house.join(command).await;
        let SubscribeReply::Subscribed { channels, created, .. } = reply else {
            panic!("{name} for {joins}: {reply:?}")
        };
        assert_eq!((channels, created), (expected.iter().map(|c| c.to_string()).collect(), false));
    }
    house.stop().await;
}

#[actix_web::test]
async fn two_channels_of_one_exclusive_namespace_in_one_call_are_refused_and_nothing_is_stored() {
    let (service, house) = house().await;
    let command =
        house.joining(&Browser::new(), &service.endpoint("it"), &["news", "user:1", "user:2"]);
    assert_eq!(house.join(command).await, SubscribeReply::Exclusive("user:".to_owned()));
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 0);
    assert_eq!(house.store.channel(house.app, "news".to_owned()).await.unwrap(), None);
    house.stop().await;
}
