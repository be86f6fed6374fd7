//! The whole life of a notification: scheduled, sent, cancelled, superseded, expired, kept from some; each with its outcome.

mod cancel;
mod exclude;
mod killed;
mod many;
mod schedule;
mod scheduled_api;
mod topic;
mod ttl;

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::clock::Timestamp;
use fanfare::id::{AppId, PublicId};
use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DirectoryChange, Secret};
use fanfare::store::publish::{Accept, Accepted};
use fanfare::store::view::NotificationView;
use fanfare::webpush::vapid::VapidKey;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::{Answer, PushService};
use crate::ownership::{in_an_hour, outcomes, texts};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Rows of one upkeep.
const LIMIT: i64 = 200;

/// A house with `browser` in `news`, at the endpoint `it`.
async fn home_of(browser: &Browser) -> (PushService, House, PublicId) {
    let service = PushService::start();
    let house = House::start(&service).await;
    let id = house.subscribe(browser, &service.endpoint("it"), &["news"]).await;
    (service, house, id)
}

/// Publishes a text to `news`, for `at`.
async fn schedule(house: &House, text: &str, at: Timestamp) -> Accepted {
    schedule_as(house, house.publish("news", text), at).await
}

/// Makes a publish, for `at`.
async fn schedule_as(house: &House, publish: Accept, at: Timestamp) -> Accepted {
    house.accept(Accept { send_at: Some(at), ..publish }).await.remove(0)
}

/// Publishes a text to `news` under a topic.
async fn under_topic(house: &House, text: &str, topic: &str) -> Accepted {
    let topic = Some(topic.to_owned());
    house.accept(Accept { topic, ..house.publish("news", text) }).await.remove(0)
}

/// Cancels a notification; answers how it stands then.
async fn cancel(house: &House, id: &str) -> NotificationView {
    let id = PublicId::from_store(id.to_owned());
    house.store.cancel(house.app, id, now()).await.unwrap().unwrap()
}

/// Has the store do what there is to do at a time that has not come.
async fn pass(house: &House, to: Timestamp) {
    while house.store.upkeep(to, LIMIT).await.unwrap() >= LIMIT as usize {}
}

/// Waits until the subscription has been told to wait.
async fn waits(house: &House, id: &PublicId) {
    let waits = || async { house.subscription(id).await.not_before };
    eventually("the subscription waits", waits).await;
}

/// As if the waits that push services asked for were over: whoever starts next finds everybody due.
fn end_waits(database: &Path) {
    let mut database = SqliteConnection::establish(&database.to_string_lossy()).unwrap();
    let end = "UPDATE subscription SET not_before = 1 WHERE not_before IS NOT NULL";
    database.batch_execute(end).unwrap();
}

/// Another app of the house.
async fn other_app(house: &House, name: &str) -> AppId {
    let change = DirectoryChange::CreateApp {
        name: name.to_owned(),
        settings: AppSettings::default(),
        token_secret: Secret(vec![7; 32]),
        vapid_key: VapidKey::generate().unwrap(),
        now: now(),
    };
    house.store.change_directory(change).await.unwrap().unwrap();
    house.store.directory().apps[name].id
}

/// A browser of another app in `news`.
async fn join_other(house: &House, app: AppId, endpoint: &str) {
    let mut command = house.joining(&Browser::new(), endpoint, &["news"]);
    command.app = app;
    command.vapid_key = house.store.directory().current_vapid_key(app).unwrap().id;
    house.join(command).await;
}

/// How many notifications of `news` are open and scheduled.
async fn open_and_scheduled(house: &House) -> (i64, i64) {
    let view = house.store.channel(house.app, "news".to_owned()).await.unwrap().unwrap();
    (view.open, view.scheduled)
}

/// Answers the first request with `status` once what this gives is dropped, and all others with 201. Until then the
/// push service says nothing to anybody.
fn hold_the_first(service: &PushService, status: u16) -> Sender<()> {
    let (held, is_released) = channel();
    let is_released = Mutex::new(is_released);
    service.answer_with(move |request| {
        if request.index > 0 {
            return Answer::status(201);
        }
        // Nothing is ever sent: the other side lets go.
        let _ = is_released.lock().unwrap().recv();
        Answer::status(status)
    });
    held
}
