//! The backend: publishes without a pause, lets people join and leave, and writes down what it was told. Where an answer
//! never comes, it asks again if it may, and writes that it knows nothing if it may not.

mod publisher;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use http::{Method, StatusCode};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::call::{Answer, Call};
use crate::daemon::{KEY, call};
use crate::log::{Clock, Log};
use crate::plan::{CHANNELS, LIVELY, Subscriber};
use crate::recorder::Recorder;

/// Publishers: several, so that accepts meet in one transaction.
const PUBLISHERS: u64 = 4;

/// Who subscribes at once.
const SUBSCRIBING: usize = 32;

/// Publishers wait while so many pushes are owed at most: each member has several waiting then, whose order can be got
/// wrong, and what is left at the end is soon done.
const OWED: i64 = 6000;

/// How often it is asked what is owed.
const LOOK: Duration = Duration::from_millis(20);

/// One comes or goes this often.
const MOVES: Duration = Duration::from_millis(60);

pub(crate) struct Load {
    clock: Arc<Clock>,
    log: Log,
    subscribers: Arc<Vec<Subscriber>>,
    endpoints: Vec<String>,
    /// The living daemon's, while there is one.
    address: watch::Sender<Option<SocketAddr>>,
    /// Whether there is to be load.
    busy: watch::Sender<bool>,
    ending: Cell<bool>,
    /// Whether a daemon that lives may say 503.
    faults: bool,
    /// Publishes that were sent, whatever became of them.
    sent: watch::Sender<u64>,
    /// Pushes that are still to come at most, when last it was asked.
    owed: watch::Sender<i64>,
    numbers: Cell<u64>,
    /// The daemon's names for the subscribers.
    ids: RefCell<HashMap<usize, String>>,
    /// Publishes that were answered 202.
    accepted: watch::Sender<u64>,
}

/// A channel in which something is open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) channel: String,
    pub(crate) count: i64,
    subscribers: i64,
}

impl Load {
    pub(crate) fn new(
        clock: Arc<Clock>,
        log: Log,
        subscribers: Arc<Vec<Subscriber>>,
        recorder: &Recorder,
        faults: bool,
    ) -> Rc<Self> {
        let endpoints = subscribers.iter().map(|who| recorder.endpoint(who)).collect();
        Rc::new(Self {
            clock,
            log,
            subscribers,
            endpoints,
            address: watch::channel(None).0,
            busy: watch::channel(true).0,
            ending: Cell::new(false),
            faults,
            sent: watch::channel(0).0,
            owed: watch::channel(0).0,
            numbers: Cell::new(0),
            ids: RefCell::default(),
            accepted: watch::channel(0).0,
        })
    }

    /// A daemon lives there, or none does.
    pub(crate) fn lives(&self, address: Option<SocketAddr>) {
        self.address.send_replace(address);
    }

    pub(crate) fn has_daemon(&self) -> bool {
        self.address.borrow().is_some()
    }

    /// Publishes go on, or pause.
    pub(crate) fn busy(&self, busy: bool) {
        self.busy.send_replace(busy);
    }

    pub(crate) fn sent(&self) -> watch::Receiver<u64> {
        self.sent.subscribe()
    }

    pub(crate) fn accepted(&self) -> watch::Receiver<u64> {
        self.accepted.subscribe()
    }

    pub(crate) fn log(&self, line: &Value) {
        self.log.line(line);
    }

    pub(crate) fn flush(&self) {
        self.log.flush();
    }

    /// Publishers and movers, until they are told to end.
    pub(crate) fn start(self: &Rc<Self>, seed: u64) -> Vec<JoinHandle<()>> {
        let publishers = (0..PUBLISHERS).map(|lane| {
            let rng = StdRng::seed_from_u64(seed.rotate_left(17) ^ lane);
            actix_web::rt::spawn(Rc::clone(self).publish(rng))
        });
        let rng = StdRng::seed_from_u64(seed.rotate_left(31));
        let mover = actix_web::rt::spawn(Rc::clone(self).come_and_go(rng));
        let looking = actix_web::rt::spawn(Rc::clone(self).look());
        publishers.chain([mover, looking]).collect()
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.get()
    }

    /// Whoever is in the middle of something ends that, and begins nothing more.
    pub(crate) fn end(&self) {
        self.ending.set(true);
        self.busy(true);
    }

    /// Puts everybody where they are from the beginning.
    pub(crate) async fn crowd(&self) {
        let joins: Vec<_> = self.subscribers.iter().enumerate().collect();
        for chunk in joins.chunks(SUBSCRIBING) {
            let joining = chunk.iter().map(async |(index, who)| {
                for channel in &who.channels {
                    self.join(*index, channel).await;
                }
            });
            join_all(joining).await;
        }
    }

    /// Keeps an eye on what is owed.
    async fn look(self: Rc<Self>) {
        while !self.ending.get() {
            tokio::time::sleep(LOOK).await;
            let owed = self.open().await.iter().map(|open| open.count * open.subscribers).sum();
            self.owed.send_replace(owed);
        }
        self.owed.send_replace(0);
    }

    async fn come_and_go(self: Rc<Self>, mut rng: StdRng) {
        let who = self.subscribers.iter().enumerate();
        let mut inside: HashMap<_, Vec<_>> = who
            .filter(|(_, who)| who.is_lively())
            .map(|(index, who)| (index, who.channels.clone()))
            .collect();
        let mut lively: Vec<_> = inside.keys().copied().collect();
        lively.sort_unstable();
        while !self.ending.get() {
            tokio::time::sleep(MOVES).await;
            let index = lively[rng.random_range(0..lively.len())];
            let channel = LIVELY[rng.random_range(0..LIVELY.len())];
            let channels = inside.get_mut(&index).unwrap();
            match channels.iter().position(|inside| *inside == channel) {
                Some(place) => {
                    channels.swap_remove(place);
                    self.leave(index, channel).await;
                }
                None => {
                    channels.push(channel);
                    self.join(index, channel).await;
                }
            }
        }
    }

    async fn join(&self, index: usize, channel: &str) {
        let path = format!("/v1/channels/{channel}/subscriptions");
        let browser = &self.subscribers[index].browser;
        let body = browser.subscription_json(&self.endpoints[index]);
        let began = self.clock.now();
        let answer = self.insist(|call| call(Method::POST, &path).json(&body), &[200, 201]).await;
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        self.ids.borrow_mut().insert(index, id);
        self.moved("joined", began, index, channel);
    }

    async fn leave(&self, index: usize, channel: &str) {
        // A name of the daemon's that is not known yet is that of somebody who never joined.
        let Some(id) = self.ids.borrow().get(&index).cloned() else { return };
        let path = format!("/v1/channels/{channel}/subscriptions/{id}");
        let began = self.clock.now();
        self.insist(|call| call(Method::DELETE, &path), &[204]).await;
        self.moved("left", began, index, channel);
    }

    fn moved(&self, what: &str, began: u64, index: usize, channel: &str) {
        let subscription = &self.subscribers[index].name;
        let at = [began, self.clock.now()];
        self.log(
            &json!({ "what": what, "at": at, "subscription": subscription, "channel": channel }),
        );
    }

    /// The log of each channel as the daemon tells it, once nothing is open; else what still is.
    pub(crate) async fn final_words(&self) {
        for (channel, _) in CHANNELS {
            let mut cursor = String::new();
            loop {
                let path = format!("/v1/channels/{channel}/notifications?limit=1000{cursor}");
                let page = self.insist(|call| call(Method::GET, &path), &[200]).await.json();
                for item in page["items"].as_array().unwrap() {
                    let mut line = item.clone();
                    line["what"] = "final".into();
                    self.log(&line);
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
    }

    /// The channels with open notifications.
    pub(crate) async fn open(&self) -> Vec<Open> {
        let page = self.insist(|call| call(Method::GET, "/v1/channels?limit=100"), &[200]).await;
        let items = page.json()["items"].as_array().unwrap().clone();
        let open = items.iter().map(|item| Open {
            channel: item["name"].as_str().unwrap().to_owned(),
            count: item["open"].as_i64().unwrap(),
            subscribers: item["subscribers"].as_i64().unwrap(),
        });
        open.filter(|open| open.count > 0).collect()
    }

    /// Asks until there is an answer, of this daemon or of a later one.
    async fn insist(
        &self,
        make: impl Fn(&dyn Fn(Method, &str) -> Call) -> Call,
        expected: &[u16],
    ) -> Answer {
        loop {
            let address = self.address().await;
            let request = make(&|method, path| call(address, KEY, method, path));
            if let Ok(answer) = request.try_send().await {
                if self.is_refused(&answer).await {
                    continue;
                }
                let status = answer.status.as_u16();
                assert!(expected.contains(&status), "{status}: {:?}", answer.body);
                return answer;
            }
            self.wait_for_another(address).await;
        }
    }

    /// Whether the disk fails, and it is not known what was stored. Then it is too early to ask again.
    async fn is_refused(&self, answer: &Answer) -> bool {
        let is_refused = self.faults && answer.status == StatusCode::SERVICE_UNAVAILABLE;
        if is_refused {
            assert!(answer.header("retry-after").is_some(), "a 503 says when to ask again");
            tokio::time::sleep(LOOK).await;
        }
        is_refused
    }

    /// The living daemon's.
    async fn address(&self) -> SocketAddr {
        let mut address = self.address.subscribe();
        let living = address.wait_for(Option::is_some).await.expect("the sender is here");
        living.expect("there is one")
    }

    /// Waits until it is known that this one is dead.
    async fn wait_for_another(&self, dead: SocketAddr) {
        let mut address = self.address.subscribe();
        let another = address.wait_for(|address| *address != Some(dead));
        // A daemon that does not answer and is not dead is a defect, and not one to wait for.
        let patience = Duration::from_secs(30);
        let another = timeout(patience, another).await;
        assert!(another.is_ok(), "a living daemon broke a connection");
    }
}
