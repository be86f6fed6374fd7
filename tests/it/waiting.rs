//! Those who wait cost nothing and hold up nobody.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fanfare::store::Store;
use futures_util::future::join_all;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::{Answer, PushService};
use crate::harness::shortcut::{created, shortcut};

#[actix_web::test]
async fn a_thousand_endpoints_in_a_long_wait_hold_up_none_of_the_others_and_hold_no_actor() {
    let (slow, quick) = (PushService::start(), PushService::start());
    slow.answer_all(Answer::status(429).header("retry-after", "3600"));
    let house = House::with(&[&slow, &quick], |options| options.credits = 64).await;
    house.crowd(&slow, "news", 1000).await;
    house.crowd(&quick, "news", 200).await;
    let first = house.notify("news", "first").await;
    let delivered = |id: String, count| {
        let house = &house;
        move || {
            let id = id.clone();
            async move {
                let view = house.status(&id).await;
                (view.outcomes.total() == count && view.pending() == 1000).then_some(())
            }
        }
    };
    eventually("two hundred got the first", delivered(first.id.clone(), 200)).await;
    // A few were told, which goes for all the others there. They wait for an hour, which is longer than an actor rests: none of them has an actor.
    let idle = || async {
        let workers = house.subscription_workers().await;
        workers.iter().all(|worker| worker.state.0 == "resting").then_some(workers.len())
    };
    assert_eq!(eventually("nobody works or waits", idle).await, 200);
    let asked = slow.requests();
    assert!((3..1000).contains(&asked), "{asked} were asked");

    let second = house.notify("news", "second").await;
    eventually("two hundred got the second", delivered(second.id.clone(), 200)).await;
    assert_eq!(quick.requests(), 400);
    assert_eq!(slow.requests(), asked, "none of those who wait was asked again");
    house.stop().await;
}

#[actix_web::test]
async fn whoever_was_parked_is_woken_when_its_time_comes_and_catches_up_in_order() {
    let service = PushService::start();
    let house = House::with(&[&service], |options| options.idle = Duration::from_millis(50)).await;
    let browser = Browser::new();
    house.subscribe(&browser, &service.endpoint("it"), &["news", "other"]).await;
    service.answer("it", [Answer::status(429).header("retry-after", "1")]);
    let mut sent = vec![house.notify("news", "0").await];
    eventually("it is parked", || async {
        (service.requests() == 1 && house.alive().await == 0).then_some(())
    })
    .await;
    for text in ["1", "2", "3"] {
        sent.push(house.notify("news", text).await);
        sent.push(house.notify("other", &format!("other {text}")).await);
    }
    for notification in &sent {
        house.finished(&notification.id).await;
    }
    let log = service.log_of("it");
    let texts: Vec<_> = log
        .iter()
        .map(|request| String::from_utf8(browser.decrypt(&request.body)).unwrap())
        .collect();
    let (other, news): (Vec<&String>, Vec<&String>) =
        texts.iter().partition(|text| text.starts_with("other"));
    assert_eq!(news, ["0", "0", "1", "2", "3"], "the first again, then the rest");
    assert_eq!(other, ["other 1", "other 2", "other 3"]);
    house.stop().await;
}

#[actix_web::test]
async fn a_restart_resumes_waits_and_what_was_open() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let ids: Vec<_> = join_all((0..20).map(|index| {
        let (house, endpoint) = (&house, service.endpoint(&index.to_string()));
        async move { house.subscribe(&Browser::new(), &endpoint, &["news"]).await }
    }))
    .await;
    service.answer_all(Answer::status(503).header("retry-after", "1"));
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        sent.push(house.notify("news", text).await);
    }
    service.wait_for(20).await;
    service.answer_all(Answer::status(201));
    let house = house.restart(&service).await;
    for notification in &sent {
        assert_eq!(house.outcomes(&notification.id).await, HashMap::from([("accepted", 20)]));
    }
    for id in &ids {
        assert!(house.knows(id).await);
    }
    house.stop().await;
}

#[actix_web::test]
async fn a_channel_of_a_hundred_thousand_keeps_live_actors_within_their_bound() {
    const MEMBERS: usize = 100_000;
    const BOUND: usize = 2_000;
    const ARBITERS: usize = 2;
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    // It takes everything at once, so that what is seen is ours.
    let push = shortcut(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(created()) }
    });
    let house = House::with_push(push, |options| {
        options.arbiters = NonZeroUsize::new(ARBITERS).unwrap();
        options.max_workers = BOUND;
        options.credits = 256;
    })
    .await;
    // One browser's keys will do: nobody decrypts.
    let browser = Browser::new();
    for chunk in 0..MEMBERS / 1000 {
        let joins = (0..1000).map(|index| {
            let endpoint = format!("https://push.example.net/{}", chunk * 1000 + index);
            let (house, browser) = (&house, &browser);
            async move { house.subscribe(browser, &endpoint, &["all"]).await }
        });
        join_all(joins).await;
    }
    let notification = house.notify("all", "text").await;
    let peak = RefCell::new(0);
    let done = || async {
        let alive = house.alive().await;
        peak.replace_with(|peak| (*peak).max(alive));
        let view = house.status(&notification.id).await;
        (view.pending() == 0).then_some(view)
    };
    let view = eventually("everybody has it", done).await;
    assert_eq!(view.outcomes.get(fanfare::model::Outcome::Accepted), MEMBERS as i64);
    assert_eq!(requests.load(Ordering::Relaxed), MEMBERS as u64, "each once");
    // Workers that are under way can come on top of the bound: at most one per credit.
    let bound = (ARBITERS * (BOUND + 256)) as u64;
    let peak = peak.into_inner();
    assert!(peak <= bound, "{peak} actors at once, and the bound is {bound}");
    assert_eq!(house.store.totals().await.unwrap().pending, 0);
    house.stop().await;
}
