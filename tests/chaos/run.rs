//! A run: a daemon under load, killed again and again, then left alone until it has done everything, then judged.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use http::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::daemon::{Daemon, Site, call, ready};
use crate::load::Load;
use crate::log::{Clock, Log};
use crate::plan::{Moment, Subscriber};
use crate::recorder::Recorder;
use crate::weather::Weather;

/// A moment that does not come by then is taken to have come: the pushes that it counts may all be done.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// When nothing has been pushed for so long, the daemon is idle.
const IDLE: Duration = Duration::from_millis(300);

/// When the open notifications have not become fewer for so long, something hangs: who finds the line before a gate full
/// on a machine that is short of time comes again within a minute.
const STUCK: Duration = Duration::from_secs(120);

/// The file in the run's directory where the backend writes down what it was told.
pub(crate) const CALLS: &str = "calls.jsonl";
/// And where the push services write what came.
pub(crate) const REQUESTS: &str = "requests.jsonl";

/// What a run came to, as far as it can be told without judging it.
pub(crate) struct Ended {
    /// What the last daemon did not do, though it was left alone for it.
    pub(crate) undone: Option<String>,
    pub(crate) kills: usize,
    /// How often the disk failed.
    pub(crate) spells: u32,
    pub(crate) accepted: u64,
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
}

pub(crate) async fn run(
    directory: &Path,
    kills: usize,
    faults: bool,
    seed: u64,
) -> Result<Ended, String> {
    let weather = faults.then(Weather::new);
    let clock = Arc::new(Clock::start());
    let subscribers = Arc::new(Subscriber::all(seed));
    let log = Log::create(&directory.join(REQUESTS));
    let recorder = Recorder::start(seed, Arc::clone(&subscribers), Arc::clone(&clock), log);
    let log = Log::create(&directory.join(CALLS));
    let load = Load::new(Arc::clone(&clock), log, subscribers, &recorder, faults);
    let reaper = Reaper {
        site: Site::new(directory, &recorder, weather.clone()),
        weather: weather.clone(),
        load: Rc::clone(&load),
        requests: recorder.requests.clone(),
        connections: recorder.connections.clone(),
        clock: Arc::clone(&clock),
        progress: progress(kills),
    };
    let end = reaper.reap(Moment::all(kills, seed), seed).await;
    load.flush();
    let requests = *recorder.requests.borrow();
    recorder.stop();
    let accepted = *load.accepted().borrow();
    let spells = weather.map_or(0, |weather| weather.spells.get());
    Ok(Ended { undone: end?, kills, spells, accepted, requests, seconds: clock.seconds() })
}

fn progress(kills: usize) -> ProgressBar {
    let style = "{bar:40} {pos} of {len} kills, {msg}  {elapsed}";
    let style = ProgressStyle::with_template(style).expect("a template that is ours");
    ProgressBar::new(kills as u64).with_style(style)
}

struct Reaper {
    site: Site,
    weather: Option<Rc<Weather>>,
    load: Rc<Load>,
    requests: watch::Receiver<u64>,
    connections: watch::Receiver<u64>,
    clock: Arc<Clock>,
    progress: ProgressBar,
}

impl Reaper {
    /// Answers what the last daemon did not do; fails when there is no last daemon.
    async fn reap(&self, moments: Vec<Moment>, seed: u64) -> Result<Option<String>, String> {
        let start = self.time_of_a_start().await?;
        let mut lanes = Vec::new();
        let mut running = None;
        for moment in moments {
            if let Moment::FirstStart(part) = moment {
                self.first_start(moment, start.mul_f64(part)).await?;
                continue;
            }
            if lanes.is_empty() {
                running = Some(self.begin().await?);
                lanes = self.load.start(seed);
                lanes.extend(self.weather.clone().map(|weather| {
                    let rng = StdRng::seed_from_u64(seed.rotate_left(43));
                    actix_web::rt::spawn(weather.change(Rc::clone(&self.load), rng))
                }));
            }
            let mut daemon = running.take().unwrap_or_else(|| self.site.spawn());
            if let Moment::Start(part) = moment {
                // One that is up already is killed all the same.
                drop(timeout(start.mul_f64(part), daemon.listening()).await);
            } else {
                self.live(&mut daemon, moment).await?;
            }
            self.kill(daemon, moment).await;
        }
        self.finish(lanes).await
    }

    /// How long a start takes on this machine.
    async fn time_of_a_start(&self) -> Result<Duration, String> {
        let began = Instant::now();
        let mut daemon = self.site.spawn();
        daemon.listening().await?;
        let took = began.elapsed();
        daemon.kill().await;
        std::fs::remove_dir_all(self.site.data()).map_err(|error| error.to_string())?;
        Ok(took)
    }

    /// A daemon's first start, killed; then another, which must find nothing in its way: it has a key for whoever
    /// started it.
    async fn first_start(&self, moment: Moment, after: Duration) -> Result<(), String> {
        let mut daemon = self.site.spawn_without_key();
        drop(timeout(after, daemon.listening()).await);
        self.kill(daemon, moment).await;
        let mut daemon = self.site.spawn_without_key();
        let address = daemon.listening().await?;
        let file = self.site.data().join("admin-key");
        let key = std::fs::read_to_string(file)
            .map_err(|error| format!("after a kill during a first start: admin-key: {error}"))?;
        let answer = call(address, key.trim(), Method::GET, "/v1/channels").try_send().await;
        let status = answer.map_err(|error| error.to_string())?.status;
        if status != StatusCode::OK {
            return Err(format!(
                "after a kill during a first start: admin-key opens nothing: {status}"
            ));
        }
        daemon.kill().await;
        std::fs::remove_dir_all(self.site.data()).map_err(|error| error.to_string())
    }

    /// The first daemon of those that live on one directory, and everybody in their channels.
    async fn begin(&self) -> Result<Daemon, String> {
        let mut daemon = self.site.spawn();
        let address = daemon.listening().await?;
        ready(address).await?;
        self.load.lives(Some(address));
        self.load.crowd().await;
        Ok(daemon)
    }

    /// Lets the daemon live until the moment has come.
    async fn live(&self, daemon: &mut Daemon, moment: Moment) -> Result<(), String> {
        if !self.load.has_daemon() {
            let address = daemon.listening().await?;
            ready(address).await?;
            self.load.lives(Some(address));
        }
        drop(timeout(LONGEST_WAIT, self.come(moment)).await);
        Ok(())
    }

    async fn come(&self, moment: Moment) {
        match moment {
            Moment::FirstStart(_) | Moment::Start(_) | Moment::Ready => {}
            Moment::Pushes(count) => count_on(self.requests.clone(), count).await,
            Moment::Publish(count) => count_on(self.load.sent(), count).await,
            Moment::Accept(count) => count_on(self.load.accepted(), count).await,
            Moment::Time(time) => tokio::time::sleep(time).await,
            Moment::Idle => {
                self.load.busy(false);
                let mut requests = self.requests.clone();
                while timeout(IDLE, requests.changed()).await.is_ok() {}
            }
        }
    }
    async fn kill(&self, daemon: Daemon, moment: Moment) {
        let began = self.clock.now();
        daemon.kill().await;
        self.load.lives(None);
        if let Some(weather) = &self.weather {
            weather.disk.is_repaired();
        }
        // What is still on its way from the dead must not be taken for what the next one sends.
        let mut connections = self.connections.clone();
        connections.wait_for(|open| *open == 0).await.expect("the recorder is here");
        let at = [began, self.clock.now()];
        self.load.log(&json!({ "what": "killed", "at": at, "moment": moment.name() }));
        self.load.busy(true);
        self.progress.inc(1);
        self.progress.set_message(format!("{} pushes", *self.requests.borrow()));
        if self.progress.is_hidden() {
            eprintln!(
                "kill {} {}, after {} pushes and {} publishes",
                self.progress.position(),
                moment.name(),
                *self.requests.borrow(),
                *self.load.sent().borrow(),
            );
        }
    }

    /// The last daemon does all that is left to do, and is asked to end.
    async fn finish(&self, lanes: Vec<JoinHandle<()>>) -> Result<Option<String>, String> {
        let mut daemon = self.site.spawn();
        let address = daemon.listening().await?;
        ready(address).await?;
        self.load.lives(Some(address));
        self.load.end();
        for lane in lanes {
            lane.await.map_err(|_| "the load ended before its time".to_owned())?;
        }
        let done = self.until_done().await;
        self.load.final_words().await;
        let status = daemon.terminate().await?;
        let ended = match status.success() {
            true => Ok(()),
            false => Err(format!("asked to end, it ended with {status}")),
        };
        Ok(done.and(ended).err())
    }

    async fn until_done(&self) -> Result<(), String> {
        let mut least = i64::MAX;
        let mut since = Instant::now();
        loop {
            let open = self.load.open().await;
            let count = open.iter().map(|open| open.count).sum();
            if count == 0 {
                return Ok(());
            }
            if count < least {
                (least, since) = (count, Instant::now());
            }
            if since.elapsed() > STUCK {
                let open: Vec<_> =
                    open.iter().map(|open| format!("{} in {}", open.count, open.channel)).collect();
                return Err(format!("open, and no fewer for {STUCK:?}: {}", open.join(", ")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits until it has grown by so much.
async fn count_on(mut counter: watch::Receiver<u64>, count: u64) {
    let goal = *counter.borrow_and_update() + count;
    counter.wait_for(|now| *now >= goal).await.expect("whoever counts is here");
}
