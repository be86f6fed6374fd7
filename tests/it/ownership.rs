//! Whose an endpoint is: who takes its place, what moves with it, and that nobody is left behind or gets twice what
//! he was to get once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use fanfare::id::PublicId;
use fanfare::store::{
    Accepted, Authority, Leave, Leaver, ReplaceReply, Store, Subscribe, SubscribeReply,
};
use fanfare::webpush::message::Content;
use futures_util::future::{join_all, join3};
use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::{Answer, PushService};

/// A subscription that is gone can come back for so long.
const REVIVABLE: Duration = Duration::from_secs(7 * 24 * 3600);

async fn house() -> (PushService, House) {
    let service = PushService::start();
    let house = House::start(&service).await;
    (service, house)
}

fn outcomes<const N: usize>(counts: [(&'static str, i64); N]) -> HashMap<&'static str, i64> {
    HashMap::from(counts)
}

/// An answer after which nobody asks for an hour.
fn in_an_hour() -> Answer {
    Answer::status(503).header("retry-after", "3600")
}

/// What the endpoint `token` was sent, as `browser` reads it.
fn texts(service: &PushService, token: &str, browser: &Browser) -> Vec<String> {
    let read = |body: &[u8]| String::from_utf8(browser.decrypt(body)).unwrap();
    service.log_of(token).iter().map(|request| read(&request.body)).collect()
}

/// Waits until the subscription has been asked to wait.
async fn waits(house: &House, id: &PublicId) {
    let waits = || async { house.subscription(id).await.not_before };
    eventually("the subscription waits", waits).await;
}

// Who takes whose place.

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
    assert_eq!(house.notify("user:1", "nobody is there").await.recipients, 0);
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

// The same endpoint again.

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

// Another endpoint for the same subscription.

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
    assert_eq!(missed.recipients, 1);

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
    assert_eq!((next.recipients, team.recipients), (2, 1));
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

// Channels and subscriptions that end.

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
    assert_eq!((second_life.seq, second_life.recipients), (1, 1));
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
    command.content = Content::Declarative(document.to_string());
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
    assert_eq!(house.notify("news", "next").await.recipients, 1);
    house.stop().await;
}

// Nobody is left behind.

#[actix_web::test]
async fn whoever_is_excluded_time_and_again_gets_the_next_one_that_is_not_excluding_it() {
    let service = PushService::start();
    let house = House::with(&[&service], |options| options.idle = Duration::from_millis(10)).await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["news"]).await;
    house.subscribe(&Browser::new(), &service.endpoint("other"), &["news"]).await;
    // The other one is in the first for ever, so that all of them stay open.
    service.answer_with(|request| match request.token.as_str() {
        "other" => Answer::Hold,
        _ => Answer::status(201),
    });
    let exclude_it = async |house: &House| {
        for _ in 0..40 {
            let mut command = house.publish("news", "not for it");
            command.exclude = vec![id.clone()];
            house.accept(command).await;
        }
    };
    let gets = async |house: &House, text: &str| {
        house.notify("news", text).await;
        let look = || async {
            texts(&service, "it", &browser).last().is_some_and(|t| t == text).then_some(())
        };
        eventually(&format!("it gets {text:?}"), look).await;
    };
    gets(&house, "with a fresh worker").await;
    exclude_it(&house).await;
    gets(&house, "after forty").await;
    exclude_it(&house).await;
    let one_worker = || async { (house.alive().await == 1).then_some(()) };
    eventually("its worker was idle and has ended", one_worker).await;
    gets(&house, "after its worker was idle").await;
    exclude_it(&house).await;
    let house = house.restart(&service).await;
    gets(&house, "after a restart").await;
    let expected =
        ["with a fresh worker", "after forty", "after its worker was idle", "after a restart"];
    assert_eq!(texts(&service, "it", &browser), expected, "each once and nothing else");
    house.stop().await;
}

#[actix_web::test]
async fn whoever_waits_while_others_are_served_catches_up_on_all_it_missed_in_order_and_once() {
    // More than a worker loads at once, and more than it holds.
    const MISSED: usize = 70;
    let (service, house) = house().await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["news"]).await;
    let other = Browser::new();
    house.subscribe(&other, &service.endpoint("other"), &["news"]).await;
    service.answer("it", [Answer::status(429).header("retry-after", "2")]);
    let first = house.notify("news", "0").await;
    waits(&house, &id).await;
    let mut sent = vec![first];
    for index in 1..=MISSED {
        sent.push(house.notify("news", &index.to_string()).await);
    }
    let all: Vec<_> = (0..=MISSED).map(|index| index.to_string()).collect();
    eventually("the other has everything", || async {
        (texts(&service, "other", &other) == all).then_some(())
    })
    .await;
    for notification in &sent {
        assert_eq!(house.outcomes(&notification.id).await, outcomes([("accepted", 2)]));
    }
    let heard = texts(&service, "it", &browser);
    assert_eq!(heard[0], "0", "the one that was refused");
    assert_eq!(heard[1..], all);
    house.stop().await;
}

#[actix_web::test]
async fn joins_and_leaves_during_a_fan_out_keep_sums_exact_and_every_order() {
    const STAY: usize = 400;
    const LEAVE: usize = 100;
    const JOIN: usize = 100;
    const ROUNDS: usize = 20;
    let (service, house) = house().await;
    let mut browsers = house.crowd(&service, "news", STAY).await;
    browsers.extend((0..LEAVE + JOIN).map(|_| Browser::new()));
    let subscribe = async |index: usize| {
        let endpoint = service.endpoint(&index.to_string());
        house.subscribe(&browsers[index], &endpoint, &["news"]).await
    };
    let leavers = join_all((STAY..STAY + LEAVE).map(subscribe)).await;

    let publishing = async {
        let mut sent = Vec::new();
        for round in 0..ROUNDS {
            sent.push(house.notify("news", &round.to_string()).await);
        }
        sent
    };
    let leaving = async {
        for (index, id) in leavers.into_iter().enumerate() {
            let who = match index % 2 {
                0 => Leaver::Everywhere(id),
                _ => Leaver::Channel(id, "news".to_owned()),
            };
            house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
        }
    };
    let joining = async {
        for index in STAY + LEAVE..STAY + LEAVE + JOIN {
            subscribe(index).await;
        }
    };
    let (sent, (), ()) = join3(publishing, leaving, joining).await;
    let mut accepted = 0;
    for notification in &sent {
        let ended = house.outcomes(&notification.id).await;
        let known = |label: &&str| ["accepted", "unsubscribed"].contains(label);
        assert!(ended.keys().all(known), "{ended:?}");
        accepted += ended["accepted"];
    }
    // One request of each leaver may have been in flight, and is booked as unsubscribed.
    let requests = i64::try_from(service.requests()).unwrap();
    assert!((accepted..=accepted + LEAVE as i64).contains(&requests), "{accepted} {requests}");

    for (index, browser) in browsers.iter().enumerate() {
        let heard: Vec<usize> = texts(&service, &index.to_string(), browser)
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let expected: Vec<_> = match index {
            _ if index < STAY => (0..ROUNDS).collect(),
            _ if index < STAY + LEAVE => (0..heard.len()).collect(),
            _ => (ROUNDS - heard.len()..ROUNDS).collect(),
        };
        assert_eq!(heard, expected, "subscription {index}");
    }
    house.stop().await;
}
