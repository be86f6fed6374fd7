//! Panics on purpose: who restarts, with what, and who notices.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fanfare::metrics::ActorKind;
use fanfare::tree::actor_id::ActorId;
use fanfare::tree::observe::Figure;
use fanfare::tree::sabotage::{Place, Sabotage};

use crate::harness::house::{House, eventually};
use crate::harness::push_service::PushService;

/// Panics at the first `times` attempts of deliveries whose payload is `payload`.
fn at_attempts(payload: &'static str, times: u32) -> (Sabotage, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let sabotage = Sabotage::when(move |place| {
        place == Place::Attempt(payload.as_bytes())
            && counted.fetch_add(1, Ordering::SeqCst) < times
    });
    (sabotage, count)
}

#[actix_web::test]
async fn a_panicking_subscription_worker_restarts_with_its_mailbox_and_delivers() {
    let service = PushService::start();
    let (sabotage, _) = at_attempts("first", 1);
    let house = House::with(&[&service], |options| options.sabotage = sabotage).await;
    let browsers = house.crowd(&service, "news", 10).await;
    let first = house.notify("news", "first").await;
    let second = house.notify("news", "second").await;
    assert_eq!(house.outcomes(&first.id).await, HashMap::from([("accepted", 10)]));
    assert_eq!(house.outcomes(&second.id).await, HashMap::from([("accepted", 10)]));
    for (index, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&index.to_string());
        let texts: Vec<_> = log.iter().map(|request| browser.decrypt(&request.body)).collect();
        assert_eq!(texts, [b"first".to_vec(), b"second".to_vec()], "subscription {index}");
    }
    let workers = house.subscription_workers().await;
    let restarted: Vec<_> = workers.iter().filter(|worker| worker.reading.restarts > 0).collect();
    assert_eq!((workers.len(), restarted.len()), (10, 1), "nine siblings were not touched");
    let last = restarted[0].reading.last_restart.as_ref().map(|(_, panic)| panic.as_str());
    assert_eq!(last, Some("sabotage"));
    house.stop().await;
}

#[actix_web::test]
async fn a_panicking_channel_worker_restarts_and_everybody_gets_it_once() {
    let service = PushService::start();
    let panics = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&panics);
    // The second page: a first one has been handed out, and is handed out again after the restart.
    let sabotage = Sabotage::when(move |place| {
        matches!(place, Place::HandOut(_)) && counted.fetch_add(1, Ordering::SeqCst) == 1
    });
    let house = House::with(&[&service], |options| options.sabotage = sabotage).await;
    house.crowd(&service, "news", 600).await;
    let notification = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&notification.id).await, HashMap::from([("accepted", 600)]));
    assert_eq!(service.requests(), 600, "each once");
    let workers = house.workers(ActorKind::ChannelWorker).await;
    assert_eq!((workers.len(), workers[0].reading.restarts), (1, 1), "{workers:?}");
    let channels = house.children(ActorKind::ChannelSupervisor).await;
    assert_eq!((channels.restarts, channels.given_up), (1, 0));
    house.stop().await;
}

#[actix_web::test]
async fn a_poisoned_delivery_is_rejected_after_a_bounded_number_of_tries() {
    let service = PushService::start();
    let (sabotage, attempts) = at_attempts("poison", u32::MAX);
    let house = House::with(&[&service], |options| options.sabotage = sabotage).await;
    house.crowd(&service, "news", 1).await;
    let poison = house.notify("news", "poison").await;
    let after = house.notify("news", "after").await;
    assert_eq!(house.outcomes(&poison.id).await, HashMap::from([("rejected", 1)]));
    assert_eq!(house.outcomes(&after.id).await, HashMap::from([("accepted", 1)]));
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert_eq!(service.requests(), 1, "the poisoned one never went out");
    assert_eq!(house.children(ActorKind::SubscriptionSupervisor).await.given_up, 0);
    house.stop().await;
}

#[actix_web::test]
async fn a_worker_that_is_given_up_takes_nobody_along_and_its_delivery_is_still_there() {
    let service = PushService::start();
    let (sabotage, _) = at_attempts("text", 2);
    let house = House::with(&[&service], |options| {
        options.sabotage = sabotage;
        options.restarts.restarts = 1;
    })
    .await;
    house.crowd(&service, "news", 1).await;
    let notification = house.notify("news", "text").await;
    eventually("the worker is given up", || async {
        let given_up = house.children(ActorKind::SubscriptionSupervisor).await.given_up;
        let root = house.tree.actor(ActorId::Root).await.ok()??.seen.particulars.figures;
        let is_told = root.contains(&Figure::count("workers_given_up", 1));
        (given_up == 1 && is_told).then_some(())
    })
    .await;
    assert_eq!(house.status(&notification.id).await.pending(), 1);
    // It is left alone for a while; a new house finds it in the store all the same.
    let other = house.notify("other", "nobody is there").await;
    assert_eq!(other.recipients, Some(0));
    house.stop().await;
}
