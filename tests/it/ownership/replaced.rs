//! Another endpoint for the same subscription: coming back, and two that turn out to be one.

use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver, ReplaceReply};

use super::{house, in_an_hour, outcomes, texts, waits};
use crate::harness::browser::Browser;
use crate::harness::house::{eventually, now};
use crate::harness::push_service::Answer;

/// A subscription that is gone can come back for so long.
const REVIVABLE: Duration = Duration::from_secs(7 * 24 * 3600);

#[actix_web::test]
async fn who_went_comes_back_to_its_channels_from_their_heads_within_seven_days() {
    let (service, house) = house().await;
    let id = house.subscribe(&Browser::new(), &service.endpoint("old"), &["news", "team:7"]).await;
    let other = house.subscribe(&Browser::new(), &service.endpoint("other"), &["news"]).await;
    service.answer("old", [Answer::status(410)]);
    service.answer("other", [in_an_hour()]);
    let last = house.notify("news", "the last it was sent").await;
    waits(&house, &other).await;
    let gone = || async { house.subscription(&id).await.gone };
    let gone = eventually("it is gone", gone).await;
    // It stays open for the other one, so that somebody who came back behind it would get it.
    let missed = house.notify("news", "missed").await;
    assert_eq!(missed.recipients, Some(1));

    let browser = Browser::new();
    let mut replace = house.replacement(&id, &browser, &service.endpoint("new"));
    replace.now = gone + REVIVABLE + Duration::from_millis(1);
    assert_eq!(house.store.replace(replace.clone()).await.unwrap(), ReplaceReply::Unknown);
    replace.now = now();
    let view = house.replace(replace).await;
    assert_eq!((&view.id, view.generation.0, view.gone), (&id, 2, None));
    assert_eq!(view.channels, ["news", "team:7"]);
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 2);

    let (next, team) = (house.notify("news", "next").await, house.notify("team:7", "team").await);
    assert_eq!((next.recipients, team.recipients), (Some(2), Some(1)));
    assert_eq!(house.outcomes(&team.id).await, outcomes([("accepted", 1)]));
    service.wait_until("the next one is sent", |log| log.len() >= 4).await;
    let mut heard = texts(&service, "new", &browser);
    heard.sort();
    assert_eq!(heard, ["next", "team"]);
    let view = house.status(&last.id).await;
    assert_eq!((view.outcomes.total(), view.pending()), (1, 1), "gone, and the other waits");
    house.stop().await;
}

#[actix_web::test]
async fn a_merge_takes_over_memberships_with_their_cursors_and_exclusions() {
    let (service, house) = house().await;
    let (first, second) = (Browser::new(), Browser::new());
    let (endpoint, other) = (service.endpoint("second"), service.endpoint("other"));
    let keeps = house.subscribe(&first, &service.endpoint("first"), &["news"]).await;
    let goes = house.subscribe(&second, &endpoint, &["news", "team:7", "vip"]).await;
    house.subscribe(&Browser::new(), &other, &["team:7"]).await;
    service.answer("second", [in_an_hour()]);
    service.answer("other", [Answer::Hold]);
    let one = house.notify("team:7", "one").await;
    let mut excluding = house.publish("team:7", "not for the second");
    excluding.exclude = vec![goes.clone()];
    let excluding = house.accept(excluding).await.remove(0);
    let three = house.notify("team:7", "three").await;
    let news = house.notify("news", "news").await;
    waits(&house, &goes).await;
    let settled = || async { (house.status(&news.id).await.outcomes.total() == 1).then_some(()) };
    eventually("the first has the news", settled).await;

    let view = house.replace(house.replacement(&keeps, &second, &endpoint)).await;
    assert_eq!((&view.id, view.generation.0), (&keeps, 2));
    assert_eq!(view.channels, ["news", "team:7", "vip"]);
    assert!(house.store.subscription(house.app, goes, now()).await.unwrap().is_none());
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 2);
    service.release_all();

    for notification in [&one, &three] {
        assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 2)]));
    }
    assert_eq!(house.outcomes(&excluding.id).await, outcomes([("accepted", 1)]));
    let both = outcomes([("accepted", 1), ("unsubscribed", 1)]);
    assert_eq!(house.outcomes(&news.id).await, both, "one browser needs it once");
    assert_eq!(texts(&service, "second", &second), ["one", "one", "three"]);
    house.stop().await;
}

#[actix_web::test]
async fn a_merge_leaves_nothing_pending_that_had_excluded_the_one_who_stays() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("second"));
    let keeps = house.subscribe(&Browser::new(), &service.endpoint("first"), &["news"]).await;
    let goes = house.subscribe(&browser, &endpoint, &["news"]).await;
    service.answer("second", [in_an_hour()]);
    let mut command = house.publish("news", "text");
    command.exclude = vec![keeps.clone()];
    let notification = house.accept(command).await.remove(0);
    waits(&house, &goes).await;
    let who = Leaver::Channel(keeps.clone(), "news".to_owned());
    house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();

    house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
    assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 1)]));
    assert_eq!(texts(&service, "second", &browser), ["text", "text"]);
    house.stop().await;
}

#[actix_web::test]
async fn a_merge_does_not_stumble_over_a_channel_that_was_just_deleted() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("second"));
    let keeps = house.subscribe(&Browser::new(), &service.endpoint("first"), &["news"]).await;
    house.subscribe(&browser, &endpoint, &["deleted", "vip"]).await;
    assert!(house.store.delete_channel(house.app, "deleted".to_owned(), now()).await.unwrap());
    let view = house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
    assert_eq!(view.channels, ["news", "vip"]);
    house.stop().await;
}

#[actix_web::test]
async fn an_endpoint_of_another_with_other_keys_cannot_be_taken_over() {
    let (service, house) = house().await;
    let endpoint = service.endpoint("second");
    let mine = house.subscribe(&Browser::new(), &service.endpoint("first"), &["news"]).await;
    let other = house.subscribe(&Browser::new(), &endpoint, &["vip"]).await;
    let replace = house.replacement(&mine, &Browser::new(), &endpoint);
    assert_eq!(house.store.replace(replace).await.unwrap(), ReplaceReply::EndpointInUse);
    for (id, channel) in [(mine, "news"), (other, "vip")] {
        let view = house.subscription(&id).await;
        assert_eq!((view.generation.0, view.channels), (1, vec![channel.to_owned()]));
    }
    house.stop().await;
}
