//! A supervisor that does not answer is shown as one, and not as one without workers: its thread is held up here.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use fanfare::tree::actor_id::ActorId;
use fanfare::tree::observe::looking::Silent;
use fanfare::tree::observe::selection::Query;
use fanfare::tree::sabotage::{Place, Sabotage};

use crate::harness::house::House;
use crate::harness::push_service::PushService;

#[actix_web::test]
async fn a_supervisor_that_hangs_is_named_and_its_thread_is_an_alarm_while_it_does() {
    let service = PushService::start();
    let (hangs, hung) = channel();
    let (goes_on, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let sabotage = Sabotage::when(move |place| {
        if matches!(place, Place::Attempt(_)) {
            hangs.send(()).unwrap();
            // Until the other end is dropped.
            _ = wait.lock().unwrap().recv();
        }
        false
    });
    let house = House::with(&[&service], |options| {
        options.arbiters = std::num::NonZeroUsize::MIN;
        options.sabotage = sabotage;
    })
    .await;
    house.crowd(&service, "news", 1).await;
    let sent = house.notify("news", "text").await;
    tokio::task::spawn_blocking(move || hung.recv()).await.unwrap().unwrap();

    let supervisor = ActorId::Subscriptions(0);
    // Nobody waits here but for the one who does not answer: the clock goes on to the end of that at once.
    tokio::time::pause();
    let found = house.tree.actors(Query::busiest(10)).await;
    assert!(found.silent.contains(&supervisor), "{found:?}");
    let nodes = house.tree.nodes(&[supervisor], 10).await;
    let node = nodes.iter().find(|node| node.row.id == supervisor).unwrap();
    assert_eq!((node.silent, node.hidden), (true, Some(1)));
    let portrait = house.tree.actor(supervisor).await.unwrap().expect("it is there");
    assert!(portrait.silent);
    let worker = ActorId::parse("subscriptions.0.1").unwrap();
    assert_eq!(
        house.tree.actor(worker).await.map(|_| ()),
        Err(Silent),
        "nobody says that it is dead"
    );
    let alarms = house.tree.alarms();
    let [alarm] = &alarms[..] else { panic!("{alarms:?}") };
    assert_eq!((alarm.kind, &*alarm.actor, alarm.count), ("slow_handler", "subscriptions.0.1", 1));
    assert!(alarm.detail.ends_with("goes on"), "{alarm:?}");
    tokio::time::resume();

    drop(goes_on);
    assert_eq!(house.outcomes(&sent.id).await["accepted"], 1);
    let found = house.tree.actors(Query::busiest(10)).await;
    assert_eq!((found.silent, found.rows.len() as u64), (vec![], found.total));
    let nodes = house.tree.nodes(&[supervisor], 10).await;
    assert!(nodes.iter().all(|node| !node.silent));
    assert!(!house.tree.actor(supervisor).await.unwrap().unwrap().silent);
    assert!(house.tree.actor(worker).await.unwrap().is_some());
    house.stop().await;
}
