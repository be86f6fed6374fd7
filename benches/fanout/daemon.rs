//! The daemon as a process: the real binary with a fresh data directory, spoken to over its API. It is killed when this
//! is dropped.

use std::cell::Cell;
use std::io::{BufReader, IsTerminal, Write, stderr};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::PAYLOAD;
use crate::client::Client;
use crate::machine::{self, Memory};
use crate::recorder::{Recorder, line};
use crate::subscriber::Subscriber;

const KEY: &str = "fk_of_the_fanout_benchmark_and_of_nothing_else";

/// Who subscribes at once: the Journal commits what comes together in one transaction.
const SUBSCRIBING: usize = 64;

/// A channel that nobody is in.
const EMPTY: &str = "/v1/channels/empty/notifications";
const FULL: &str = "/v1/channels/full/notifications";

pub(crate) struct Daemon {
    child: Child,
    /// Held open, so that the daemon can always say something.
    _said: BufReader<ChildStdout>,
    _directory: TempDir,
    authority: String,
    runtime: Runtime,
}

/// One notification to everybody, timed from its POST.
pub(crate) struct FannedOut {
    /// Until its 202.
    pub(crate) accepted: Duration,
    /// Until the push service had the last request.
    pub(crate) delivered: Duration,
    /// Until the last outcome was on disk.
    pub(crate) settled: Duration,
}

impl Daemon {
    pub(crate) fn spawn(recorder: &Recorder, workers: usize) -> Self {
        // Under `target`, which is on a disk: a temporary directory may be in memory, where a commit costs nothing.
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_fanfare"))
            .args(["--listen", "127.0.0.1:0", "--log", "warn"])
            .args(["--workers", &workers.to_string()])
            .args(["--egress-allow", recorder.authority()])
            .arg("--egress-ca-file")
            .arg(recorder.ca_file())
            .env("FANFARE_BOOTSTRAP_KEY", KEY)
            .current_dir(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let first = line(&mut said);
        let authority = first.split_once("http://").map(|(_, authority)| authority.to_owned());
        Self {
            child,
            _said: said,
            _directory: directory,
            authority: authority.expect("a daemon first says where it listens"),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    /// Its process, for `/proc`.
    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn memory(&self) -> Memory {
        machine::memory(&self.process())
    }

    /// Puts them all into the channel, one call for each.
    pub(crate) fn subscribe(&self, subscribers: &[Subscriber]) {
        let started = Instant::now();
        let next = Cell::new(0);
        let lane = async |_| {
            let mut client = self.client().await;
            while let Some(subscriber) = subscribers.get(next.replace(next.get() + 1)) {
                show_progress(next.get(), subscribers.len());
                let (path, json) = ("/v1/channels/full/subscriptions", subscriber.json.clone());
                client.post(path, json, StatusCode::CREATED).await;
            }
        };
        self.runtime.block_on(join_all((0..SUBSCRIBING).map(lane)));
        let rate = subscribers.len() as f64 / started.elapsed().as_secs_f64();
        eprintln!("{} subscribed, {rate:.0}/s", subscribers.len());
    }

    /// One notification to everybody in the channel.
    pub(crate) fn notify_all(&self, recorder: &mut Recorder, count: usize) -> FannedOut {
        let before = recorder.wait_for(0);
        self.runtime.block_on(async {
            let mut client = self.client().await;
            let started = Instant::now();
            let id = notify_all(&mut client, count).await;
            let accepted = started.elapsed();
            let requests = recorder.wait_for(before + count as u64) - before;
            let delivered = started.elapsed();
            assert_eq!(requests, count as u64, "every subscription is sent one request");
            until_settled(&mut client, &id, count).await;
            FannedOut { accepted, delivered, settled: started.elapsed() }
        })
    }

    /// One more notification to everybody, and how long each 202 takes, one call after the other, until it is settled.
    pub(crate) fn accepts_while_busy(&self, count: usize) -> Vec<Duration> {
        self.runtime.block_on(async {
            let mut client = self.client().await;
            let id = notify_all(&mut client, count).await;
            let mut accepts = Vec::new();
            let calling = async {
                let mut client = self.client().await;
                let mut pace = tokio::time::interval(Duration::from_millis(10));
                loop {
                    pace.tick().await;
                    let answered = client.post(EMPTY, notification(), StatusCode::ACCEPTED).await;
                    accepts.push(answered.took);
                }
            };
            tokio::select! {
                () = calling => {}
                () = until_settled(&mut client, &id, count) => {}
            }
            accepts
        })
    }

    async fn client(&self) -> Client {
        Client::connect(&self.authority, KEY).await
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn notification() -> String {
    json!({ "raw": str::from_utf8(PAYLOAD).unwrap() }).to_string()
}

/// Its id.
async fn notify_all(client: &mut Client, count: usize) -> String {
    let json = client.post(FULL, notification(), StatusCode::ACCEPTED).await.json;
    assert_eq!(json["recipients"], count);
    json["id"].as_str().unwrap().to_owned()
}

async fn until_settled(client: &mut Client, id: &str, count: usize) {
    let path = format!("/v1/notifications/{id}");
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    loop {
        pace.tick().await;
        let status = client.get(&path).await.json;
        let outcomes = &status["outcomes"];
        let pending = outcomes["pending"].as_u64().unwrap();
        assert_eq!(outcomes["accepted"], count as u64 - pending, "all end as accepted");
        if pending == 0 {
            return;
        }
    }
}

fn show_progress(done: usize, all: usize) {
    if stderr().is_terminal() && done.is_multiple_of(1000) {
        let _ = write!(stderr(), "\rsubscribing: {done} of {all} ");
    }
}
