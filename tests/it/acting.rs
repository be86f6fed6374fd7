//! What an operator may do to a daemon that runs: who may, what is written down of it, and that nothing is lost by it.

mod audit;
mod drain;
mod guard;
mod pausing;
mod surviving;

use fanfare::clock::Clock;
use fanfare::store::Store;
use fanfare::store::audit::{Act, AuditEntry};
use fanfare::store::directory::DirectoryChange;
use fanfare::store::pause::Subject;
use http::Method;
use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::House;
use crate::harness::push_service::PushService;

/// A push service that somebody lives at.
const ORIGIN: &str = "https://push.example.net";

/// Every act over HTTP, with what it is sent, and how it is answered where it is allowed and no tree is there.
fn acts() -> [(&'static str, Option<Value>, u16); 7] {
    let channel = || Some(json!({ "channel": "news" }));
    let origin = || Some(json!({ "origin": ORIGIN }));
    [
        ("/v1/observe/push-services/pause", origin(), 200),
        ("/v1/observe/push-services/resume", origin(), 200),
        ("/v1/observe/actors/channels/kill", None, 404),
        ("/v1/observe/channels/pause", channel(), 200),
        ("/v1/observe/channels/resume", channel(), 200),
        ("/v1/observe/drain", None, 200),
        ("/v1/observe/resume", None, 200),
    ]
}

/// Allows acting, or forbids it, as SIGHUP does.
fn allow(api: &Api, acting: bool) {
    let mut options = (*api.state.options()).clone();
    options.acting = acting;
    api.state.heed(options);
}

/// A daemon whose operator may act.
async fn daemon(home: Home, service: &PushService) -> Daemon {
    let mut command = home.command(service);
    command.args(["--observe-acting", "true"]);
    home.start_with(command).await
}

/// Acts on a daemon; answers what it said.
async fn act(daemon: &Daemon, path: &str, body: Option<Value>) -> Value {
    let call = daemon.call(Method::POST, path);
    let call = match &body {
        Some(body) => call.json(body),
        None => call,
    };
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    answer.json()
}

/// Puts a browser into two channels, by one call.
async fn join(daemon: &Daemon, browser: &Browser, endpoint: &str) {
    let subscription = browser.subscription_json(endpoint);
    let body = json!({ "channels": ["news", "other"], "subscription": subscription });
    let answer = daemon.call(Method::POST, "/v1/subscriptions").json(&body).send().await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
}

/// Pauses a channel of a house, or resumes it.
async fn pause(house: &House, channel: &str, pauses: bool) {
    let subject = Subject::Channel { app: house.app, name: channel.to_owned() };
    let entry = AuditEntry {
        at: Clock::System.now(),
        key: "control socket".to_owned(),
        title: String::new(),
        address: None,
        act: if pauses { Act::PauseChannel } else { Act::ResumeChannel },
        target: format!("default/{channel}"),
        request: String::new(),
    };
    let change = DirectoryChange::SetPause { subject, pauses, entry };
    house.store.change_directory(change).await.unwrap().unwrap();
}
