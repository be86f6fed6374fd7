//! A house: a daemon, a push service whose endpoints are good, and perhaps some that are not. What is measured is when the
//! good ones have their messages.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::daemon::{Daemon, notification, notifications};
use crate::hostile::{Hostile, Kind, Seen};
use crate::push_service::{Answer, PushService};
use crate::subscriber::Subscriber;

/// The channels, by how many are in them and what they are.
const FEW: &str = "few";
const MANY: &str = "many";
const BAD: &str = "bad";

/// Whoever waits longer waits for something that does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Members of the channel whose latencies are measured.
    pub(crate) few: usize,
    /// Notifications to it.
    pub(crate) rounds: usize,
    /// Members of the channel whose rate is measured.
    pub(crate) many: usize,
    /// Notifications to it.
    pub(crate) bursts: usize,
    /// Hostile endpoints.
    pub(crate) hostile: usize,
    /// Names that rebind.
    pub(crate) rebinding: usize,
}

impl Size {
    pub(crate) const MEASURED: Self =
        Self { few: 50, rounds: 60, many: 1000, bursts: 5, hostile: 100, rebinding: 200 };
    pub(crate) const TRIED: Self =
        Self { few: 5, rounds: 2, many: 20, bursts: 1, hostile: 5, rebinding: 5 };
}

pub(crate) struct House {
    size: Size,
    good: PushService,
    arrivals: Arc<Arrivals>,
    daemon: Daemon,
    hostile: Option<Hostile>,
}

impl House {
    /// A house, and when there is a kind, its hostile endpoints with a message under way to each.
    pub(crate) fn start(size: Size, kind: Option<&Kind>) -> Self {
        let arrivals = Arc::new(Arrivals::default());
        let good = PushService::builder().max_streams(100).start();
        let answer = kind.and_then(Kind::answer);
        good.answer_with({
            let arrivals = arrivals.clone();
            move |request| match &answer {
                Some(answer) if request.token.starts_with(BAD) => answer.clone(),
                _ => {
                    arrivals.one();
                    Answer::status(201)
                }
            }
        });
        let hostile = kind.and_then(Kind::start);
        let mut allowed = vec![good.authority()];
        allowed.extend(hostile.as_ref().map(|hostile| hostile.authority.as_str()));
        let daemon = Daemon::spawn(&allowed, good.ca_file(), 2, &[]);
        let subscribe = |channel: &str, count: usize, authority: &str| {
            let endpoint = |number| format!("https://{authority}/push/{channel}/{number}");
            let subscribers = Subscriber::make(count, endpoint);
            daemon.subscribe(channel, subscribers.iter());
        };
        subscribe(FEW, size.few, good.authority());
        subscribe(MANY, size.many, good.authority());
        if kind.is_some() {
            let authority = hostile.as_ref().map_or(good.authority(), |hostile| &hostile.authority);
            subscribe(BAD, size.hostile, authority);
        }
        let house = Self { size, good, arrivals, daemon, hostile };
        // Connections are opened, and what is met first has been met.
        house.notify(FEW, size.few);
        house.notify(MANY, size.many);
        if kind.is_some() {
            house.post(BAD);
        }
        house
    }

    /// One notification to the few, and how long each of them waited for it.
    pub(crate) fn notify_few(&self) -> Vec<Duration> {
        self.notify(FEW, self.size.few)
    }

    /// One notification to the many: how many of them were served in a second.
    pub(crate) fn rate_of_many(&self) -> f64 {
        let waits = self.notify(MANY, self.size.many);
        let last = waits.iter().max().unwrap();
        waits.len() as f64 / last.as_secs_f64()
    }

    /// What the hostile endpoints got out of us.
    pub(crate) fn seen(&self) -> Seen {
        match &self.hostile {
            Some(hostile) => hostile.seen(),
            None => Seen {
                requests: Some(
                    self.good.log().iter().filter(|asked| asked.token.starts_with(BAD)).count()
                        as u64,
                ),
                slots: None,
                bytes: Some(self.good.endless_bytes()),
            },
        }
    }

    fn notify(&self, channel: &str, members: usize) -> Vec<Duration> {
        let started = Instant::now();
        self.post(channel);
        self.arrivals.take(members).into_iter().map(|arrived| arrived - started).collect()
    }

    fn post(&self, channel: &str) {
        self.daemon.block_on(async {
            let mut client = self.daemon.client().await;
            let path = notifications(channel);
            client.post(&path, notification(), StatusCode::ACCEPTED).await;
        });
    }
}

/// When requests arrived at the good endpoints.
#[derive(Default)]
struct Arrivals {
    times: Mutex<Vec<Instant>>,
    changed: Condvar,
}

impl Arrivals {
    fn one(&self) {
        self.times.lock().unwrap().push(Instant::now());
        self.changed.notify_one();
    }

    /// So many, once they are there.
    fn take(&self, count: usize) -> Vec<Instant> {
        let times = self.times.lock().unwrap();
        let missing = |times: &mut Vec<Instant>| times.len() < count;
        let (mut times, waited) =
            self.changed.wait_timeout_while(times, PATIENCE, missing).unwrap();
        assert!(!waited.timed_out(), "{} of {count} arrived within {PATIENCE:?}", times.len());
        std::mem::take(&mut *times)
    }
}
