//! The store fails under the whole daemon: the disk is full, read-only or broken, a commit fails, somebody holds the lock.
//! What is accepted then, what is sent, what can be asked; and that all goes on by itself, with nothing lost or repeated.

mod fan_out;
mod killed;
mod order;
mod reads;
mod space;
mod start;
mod stories;
mod waiting;
mod weather;

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use http::{Method, StatusCode};

use crate::harness::browser::Browser;
use crate::harness::call::{Answer, Call};
use crate::harness::daemon::{Daemon, Home};
use crate::harness::disk::{Disk, Of, Trouble};
use crate::harness::house::eventually;
use crate::harness::push_service::PushService;

/// What the log says when commits begin to fail, and when they succeed again.
const BEGINS: &str = "the store cannot be written";
const ENDS: &str = "the store can be written again";

/// A daemon on a disk of the test's, and browsers in its channel `news`, at endpoints `0`, `1`, ….
struct Scene {
    service: PushService,
    disk: Disk,
    daemon: Daemon,
    browsers: Vec<Browser>,
    /// The browsers' names.
    ids: Vec<String>,
}

impl Scene {
    async fn of(members: usize) -> Self {
        let (service, disk) = (PushService::start(), Disk::new());
        let daemon = Home::new().start_on(&disk, &service).await;
        let browsers: Vec<_> = (0..members).map(|_| Browser::new()).collect();
        let ids = daemon.crowd(&service, "news", &browsers).await;
        Self { service, disk, daemon, browsers, ids }
    }

    /// Waits until the daemon takes notifications again.
    async fn is_ready(&self) {
        is_ready(&self.daemon).await;
    }

    /// Waits until every one of these was accepted for everybody.
    async fn all_arrive(&self, ids: &[String]) {
        for id in ids {
            let status = self.daemon.finished(id).await;
            assert_eq!(status["outcomes"]["accepted"], self.browsers.len(), "{status}");
            assert_eq!(status["recipients"], self.browsers.len(), "{status}");
        }
    }

    /// What each browser was sent, in order.
    fn texts(&self) -> Vec<Vec<String>> {
        let mut by_token = HashMap::<_, Vec<_>>::new();
        for request in self.service.log() {
            by_token.entry(request.token.clone()).or_default().push(request);
        }
        let texts = |(index, browser): (usize, &Browser)| {
            let requests = by_token.get(&index.to_string()).map(Vec::as_slice).unwrap_or_default();
            requests.iter().map(|request| text(browser, &request.body)).collect()
        };
        self.browsers.iter().enumerate().map(texts).collect()
    }

    /// Each browser was sent all of these, in this order, and each once.
    fn each_once(&self, sent: &[&str]) {
        for (index, texts) in self.texts().into_iter().enumerate() {
            assert_eq!(texts, sent, "subscription {index}");
        }
    }
}

fn text(browser: &Browser, body: &[u8]) -> String {
    let body = browser.decrypt_json(body);
    body["notification"]["body"].as_str().unwrap().to_owned()
}

async fn is_ready(daemon: &Daemon) {
    eventually("the daemon is ready", || async {
        let answer = daemon.call(Method::GET, "/readyz").send().await;
        (answer.status == StatusCode::OK).then_some(())
    })
    .await;
}

/// Waits until so many further calls have failed.
async fn fails_again(disk: &Disk, times: i64) {
    let until = disk.failed() + times;
    let look = || async { (disk.failed() >= until).then_some(()) };
    eventually(&format!("the disk fails {times} times more"), look).await;
}

/// Waits until a sync is being held.
async fn holds_one(disk: &Disk) {
    eventually("a sync is held", || async { (disk.held() > 0).then_some(()) }).await;
}

/// A publish, to be sent.
fn publish(daemon: &Daemon, channel: &str, text: &str) -> Call {
    let path = format!("/v1/channels/{channel}/notifications");
    daemon.call(Method::POST, &path).text("text/plain", text.to_owned())
}

/// It was not taken, and the caller knows when to come again.
fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

/// How often the log says it to an operator, who does not see what is there for debugging.
fn lines(daemon: &Daemon, what: &str) -> usize {
    let is_meant = |line: &&str| line.contains(what) && !line.contains(r#""level":"DEBUG""#);
    daemon.log().lines().filter(is_meant).count()
}

/// What can befall a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Disk(Trouble),
    /// Somebody else's transaction.
    Locked,
}

/// A fault that holds until this is dropped.
struct Broken<'a> {
    disk: &'a Disk,
    _lock: Option<SqliteConnection>,
}

impl Fault {
    fn begins<'a>(self, disk: &'a Disk, daemon: &Daemon) -> Broken<'a> {
        let lock = match self {
            Self::Disk(trouble) => {
                disk.breaks(trouble, Of::Everything);
                None
            }
            Self::Locked => Some(locked(daemon)),
        };
        Broken { disk, _lock: lock }
    }
}

impl Drop for Broken<'_> {
    fn drop(&mut self) {
        self.disk.is_repaired();
    }
}

/// An operator with a shell of SQLite's, who has gone for lunch.
fn locked(daemon: &Daemon) -> SqliteConnection {
    let file = daemon.home().database();
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 60000; BEGIN EXCLUSIVE").unwrap();
    connection
}
