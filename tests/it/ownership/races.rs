//! What is asked of the store while a push service is being asked, and what comes to the store at the same moment.

use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::membership::{
    Authority, Leave, Leaver, ReplaceReply, Subscribe, SubscribeReply,
};
use futures_util::future::{join, join_all};

use super::{hold_the_first, house, outcomes, texts};
use crate::harness::browser::Browser;
use crate::harness::house::{eventually, now};
use crate::harness::push_service::Answer;

/// A subscription that is gone can come back for so long.
const REVIVABLE: Duration = Duration::from_secs(7 * 24 * 3600);

#[actix_web::test]
async fn a_410_for_an_endpoint_that_was_replaced_meanwhile_deletes_nothing() {
    let (service, house) = house().await;
    let browser = Browser::new();
    let id = house.subscribe(&Browser::new(), &service.endpoint("old"), &["news"]).await;
    let held = hold_the_first(&service, 410);
    let notification = house.notify("news", "text").await;
    service.wait_for(1).await;
    let view = house.replace(house.replacement(&id, &browser, &service.endpoint("new"))).await;
    assert_eq!(view.generation.0, 2);
    drop(held);

    assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 1)]));
    assert!(house.knows(&id).await);
    assert_eq!(texts(&service, "new", &browser), ["text"]);
    assert_eq!(service.log_of("old").len(), 1, "nobody asks there again");
    house.stop().await;
}

#[actix_web::test]
async fn a_410_after_it_was_forgotten_and_subscribed_anew_deletes_nothing() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("it"));
    let old = house.subscribe(&browser, &endpoint, &["news"]).await;
    let held = hold_the_first(&service, 410);
    let first = house.notify("news", "first").await;
    service.wait_for(1).await;
    let who = Leaver::Everywhere(old.clone());
    assert_eq!(house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap(), 1);
    let new = house.subscribe(&browser, &endpoint, &["news"]).await;
    assert_ne!(new, old, "what was forgotten does not come back under its name");
    let second = house.notify("news", "second").await;
    drop(held);

    assert_eq!(house.outcomes(&first.id).await, outcomes([("unsubscribed", 1)]));
    assert_eq!(house.outcomes(&second.id).await, outcomes([("accepted", 1)]));
    assert!(house.knows(&new).await && !house.knows(&old).await);
    assert_eq!(texts(&service, "it", &browser), ["first", "second"]);
    house.stop().await;
}

#[actix_web::test]
async fn who_is_displaced_or_forgotten_while_it_is_asked_is_not_asked_again() {
    let (service, house) = house().await;
    for forgets in [false, true] {
        let (browser, token) = (Browser::new(), format!("{forgets}"));
        let endpoint = service.endpoint(&token);
        let id = house.subscribe(&browser, &endpoint, &["user:1"]).await;
        service.answer_all(Answer::Hold);
        let before = service.requests();
        let notification = house.notify("user:1", "text").await;
        service.wait_for(usize::try_from(before).unwrap() + 1).await;
        if forgets {
            let who = Leaver::Everywhere(id.clone());
            house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
        } else {
            house.subscribe(&browser, &endpoint, &["user:2"]).await;
        }
        assert_eq!(house.outcomes(&notification.id).await, outcomes([("unsubscribed", 1)]));
        service.release(1);
        service.answer_all(Answer::status(201));
        let next = house.notify("user:2", "next").await;
        assert_eq!(next.recipients, Some(i64::from(!forgets)));
        house.outcomes(&next.id).await;
        let expected: &[&str] = if forgets { &["text"] } else { &["text", "next"] };
        assert_eq!(texts(&service, &token, &browser), expected);
        let who = Leaver::Everywhere(id);
        house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
    }
    house.stop().await;
}

#[actix_web::test]
async fn a_merge_while_the_one_who_goes_is_asked_books_one_outcome() {
    let (service, house) = house().await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("second"));
    let keeps = house.subscribe(&Browser::new(), &service.endpoint("first"), &["other"]).await;
    let goes = house.subscribe(&browser, &endpoint, &["news"]).await;
    let held = hold_the_first(&service, 410);
    let notification = house.notify("news", "text").await;
    service.wait_for(1).await;
    let view = house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
    assert_eq!(view.channels, ["news", "other"]);
    drop(held);

    assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 1)]));
    assert!(house.knows(&keeps).await && !house.knows(&goes).await);
    assert_eq!(texts(&service, "second", &browser), ["text", "text"], "once of each generation");
    house.stop().await;
}

#[actix_web::test]
async fn of_two_who_register_one_endpoint_at_once_one_has_it_and_the_other_is_told() {
    let (service, house) = house().await;
    let register = async |index: usize| {
        let endpoint = service.endpoint(&index.to_string());
        let calls = [Browser::new(), Browser::new()].map(|browser| Subscribe {
            authority: if index.is_multiple_of(2) {
                Authority::Public
            } else {
                Authority::Token(vec![])
            },
            ..house.joining(&browser, &endpoint, &["news"])
        });
        let [first, second] = calls.map(|call| house.join(call));
        let replies = join(first, second).await;
        let has = |reply: &SubscribeReply| {
            matches!(reply, SubscribeReply::Subscribed { created: true, .. })
        };
        assert_ne!(has(&replies.0), has(&replies.1), "{replies:?}");
        let refused = if has(&replies.0) { &replies.1 } else { &replies.0 };
        assert_eq!(*refused, SubscribeReply::EndpointInUse);
    };
    join_all((0..20).map(register)).await;
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 20);
    house.stop().await;
}

#[actix_web::test]
async fn who_comes_back_as_its_time_to_do_so_ends_is_wholly_there_or_not_at_all() {
    let (service, house) = house().await;
    for pruned_first in [false, true] {
        let (old, new) = (format!("{pruned_first}-old"), format!("{pruned_first}-new"));
        let id = house.subscribe(&Browser::new(), &service.endpoint(&old), &["news"]).await;
        service.answer(&old, [Answer::status(410)]);
        house.notify("news", "text").await;
        let gone = eventually("it is gone", || async { house.subscription(&id).await.gone }).await;

        let mut replace = house.replacement(&id, &Browser::new(), &service.endpoint(&new));
        replace.now = gone + REVIVABLE;
        let prune = house.store.upkeep(gone + REVIVABLE + Duration::from_millis(1), 100);
        let reply = if pruned_first {
            let (_, reply) = join(prune, house.store.replace(replace)).await;
            reply.unwrap()
        } else {
            let (reply, _) = join(house.store.replace(replace), prune).await;
            reply.unwrap()
        };
        let is_back = matches!(reply, ReplaceReply::Replaced(_));
        assert!(is_back || reply == ReplaceReply::Unknown, "{reply:?}");
        assert_eq!(house.knows(&id).await, is_back);
        assert_eq!(house.notify("news", "next").await.recipients, Some(i64::from(is_back)));
        let who = Leaver::Everywhere(id);
        house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
    }
    house.stop().await;
}
