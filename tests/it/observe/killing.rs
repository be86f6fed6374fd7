//! Actors of every kind are killed in the middle of a fan-out, again and again: everything is delivered all the same, in order,
//! and what was in flight may come again, but nothing else.

use std::collections::HashMap;

use fanfare::metrics::{ActorKind, Kind};
use fanfare::tree::actor_id::ActorId;
use fanfare::tree::observe::looking::Killed;
use fanfare::tree::observe::vital::By;

use crate::harness::browser::Browser;
use crate::harness::house::House;
use crate::harness::push_service::{Answer, PushService};

/// Times that an actor is killed: six times what its budget would allow.
const KILLS: u32 = 30;

const CROWD: usize = 120;

/// Notifications that are on their way meanwhile.
const TEXTS: [&str; 5] = ["one", "two", "three", "four", "five"];

/// A house in the middle of a fan-out: the first requests are with the push service, which answers none.
struct Scene {
    service: PushService,
    house: House,
    browsers: Vec<Browser>,
    ids: Vec<String>,
}

impl Scene {
    async fn set() -> Self {
        let service = PushService::start();
        let house = House::start(&service).await;
        let browsers = house.crowd(&service, "news", CROWD).await;
        service.answer_all(Answer::Hold);
        let mut ids = Vec::new();
        for text in TEXTS {
            ids.push(house.notify("news", text).await.id);
        }
        service.wait_for(20).await;
        Self { service, house, browsers, ids }
    }

    /// The last answers come, and everything must be delivered: what was asked more often than once is answered.
    async fn end(self) -> usize {
        self.service.answer_all(Answer::status(201));
        self.service.release_all();
        for id in &self.ids {
            assert_eq!(self.house.outcomes(id).await, HashMap::from([("accepted", CROWD as i64)]));
        }
        for (index, browser) in self.browsers.iter().enumerate() {
            let log = self.service.log_of(&index.to_string());
            let mut texts: Vec<_> = log.iter().map(|asked| browser.decrypt(&asked.body)).collect();
            texts.dedup();
            assert!(
                texts.iter().eq(TEXTS.iter().map(|text| text.as_bytes())),
                "{index}: {texts:?}"
            );
        }
        for kind in [ActorKind::ChannelSupervisor, ActorKind::SubscriptionSupervisor] {
            assert_eq!(self.house.children(kind).await.given_up, 0);
        }
        assert!(self.house.tree.is_ready(), "nobody thinks that the process had better end");
        let mut alarms = self.house.tree.alarms();
        // A machine that has other work may stop a turn for a second.
        alarms.retain(|alarm| alarm.kind != "slow_handler");
        assert_eq!(alarms, []);
        let asked = usize::try_from(self.service.requests()).unwrap();
        self.house.stop().await;
        asked - CROWD * TEXTS.len()
    }

    async fn kill(&self, id: ActorId) {
        for time in 1..=KILLS {
            assert_eq!(self.house.tree.kill(id).await, Killed::Restarted(time), "{id}");
            // Some are answered, so that the fan-out goes on.
            self.service.release(10);
        }
        let portrait = self.house.tree.actor(id).await.unwrap().unwrap();
        assert_eq!(portrait.seen.row.reading.restarts, KILLS);
        let history = portrait.seen.vital.history();
        assert!(history.iter().all(|restart| restart.by == By::Operator), "{history:?}");
        let kind = Kind { kind: id.kind().unwrap() };
        let counted = self.house.metrics.actor_restarts.get_or_create(&kind).get();
        assert_eq!(counted, u64::from(KILLS), "{id}");
    }
}

#[actix_web::test]
async fn the_root_is_killed_and_nothing_is_lost_or_said_twice() {
    let scene = Scene::set().await;
    scene.kill(ActorId::Root).await;
    assert_eq!(scene.end().await, 0);
}

#[actix_web::test]
async fn the_supervisor_of_channels_is_killed_and_nothing_is_lost_or_said_twice() {
    let scene = Scene::set().await;
    scene.kill(ActorId::Channels).await;
    assert_eq!(scene.end().await, 0);
}

#[actix_web::test]
async fn a_worker_of_a_channel_is_killed_and_nothing_is_lost_or_said_twice() {
    let scene = Scene::set().await;
    let worker = scene.house.workers(ActorKind::ChannelWorker).await.remove(0);
    assert_eq!(worker.name, "news");
    scene.kill(worker.id).await;
    assert_eq!(scene.end().await, 0);
}

#[actix_web::test]
async fn a_supervisor_of_subscriptions_is_killed_and_nothing_is_lost_or_said_twice() {
    let scene = Scene::set().await;
    scene.kill(ActorId::Subscriptions(0)).await;
    assert_eq!(scene.end().await, 0);
}

#[actix_web::test]
async fn a_worker_of_a_subscription_is_killed_and_only_what_it_had_in_flight_comes_again() {
    let scene = Scene::set().await;
    let workers = scene.house.subscription_workers().await;
    let worker = workers.iter().find(|worker| worker.state.0 == "working").unwrap();
    assert!(worker.name.starts_with("sub_"), "{}", worker.name);
    scene.kill(worker.id).await;
    let again = scene.end().await;
    // Whatever was in its hands thirty times is not held to be poison.
    assert!(again <= KILLS as usize, "{again} came again");
}

#[actix_web::test]
async fn whoever_is_not_there_cannot_be_killed_nor_what_is_no_actor() {
    let scene = Scene::set().await;
    let tree = &scene.house.tree;
    for id in ["channels.999", "subscriptions.0.999999", "subscriptions.9", "subscriptions.9.1"] {
        assert_eq!(tree.kill(ActorId::parse(id).unwrap()).await, Killed::NotAlive, "{id}");
    }
    for id in [ActorId::Journal, ActorId::Http] {
        assert_eq!(tree.kill(id).await, Killed::NotAnActor, "{id}");
    }
    assert_eq!(scene.end().await, 0);
}
