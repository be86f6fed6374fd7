//! What push services really ask of a sender and really answer, row by row: each is played by a server that refuses
//! what it refuses, and is reached by its true name.

mod apple;
mod door;
mod fcm;
mod mozilla;
mod ntfy;
mod requests;
mod statuses;
mod wns;

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::publish::Accepted;
use fanfare::store::view::FailureView;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::PushService;
use crate::harness::push_service::persona::Persona;

/// A push service of renown, and a house whose channel `news` has one browser, at its endpoint `it`.
struct Scene {
    service: PushService,
    house: House,
    browser: Browser,
    id: PublicId,
}

impl Scene {
    async fn of(persona: Persona) -> Self {
        let service = PushService::playing(persona);
        let house = House::start(&service).await;
        let browser = Browser::new();
        let id = subscribe(&house, &service, "it", &browser).await;
        Self { service, house, browser, id }
    }

    /// Publishes a text and waits for its one outcome.
    async fn outcome(&self, text: &str) -> &'static str {
        let sent = self.house.notify("news", text).await;
        self.outcome_of(&sent).await
    }

    async fn outcome_of(&self, sent: &Accepted) -> &'static str {
        let outcomes = self.house.outcomes(&sent.id).await;
        assert_eq!(outcomes.values().sum::<i64>(), 1, "{outcomes:?}");
        outcomes.into_keys().next().unwrap()
    }

    /// What the failures list says of a notification.
    async fn failure(&self, sent: &Accepted) -> FailureView {
        let name = PublicId::from_store(sent.id.clone());
        let mut page = self.house.store.failures(self.house.app, name, 10).await.unwrap().unwrap();
        assert_eq!(page.len(), 1);
        page.remove(0)
    }

    /// Waits until the subscription is to be left alone; answers until when.
    async fn waits_until(&self) -> Timestamp {
        let look = || async { self.house.subscription(&self.id).await.not_before };
        eventually("the subscription waits", look).await
    }

    /// Publishes a text whose first attempt must make the subscription wait at least so long, and keep it.
    async fn is_made_to_wait(&self, at_least: Duration) {
        let before = now();
        self.house.notify("news", "text").await;
        let until = self.waits_until().await;
        assert!(until >= before + at_least, "{before:?} {until:?}");
        assert!(self.house.knows(&self.id).await);
        assert_eq!(self.service.log_of("it").len(), 1);
    }
}

/// Puts a browser into `news`; its push service remembers the VAPID key that it subscribed with.
async fn subscribe(
    house: &House,
    service: &PushService,
    token: &str,
    browser: &Browser,
) -> PublicId {
    let directory = house.store.directory();
    let key = directory.current_vapid_key(house.app).unwrap().key.public_base64url().to_owned();
    service.remember(token, |subscribed| subscribed.key = Some(key));
    house.subscribe(browser, &service.endpoint(token), &["news"]).await
}
