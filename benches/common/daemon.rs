//! The daemon as a process: the real binary with a fresh data directory, spoken to over its API. It is killed when this
//! is dropped.

use std::cell::RefCell;
use std::future::Future;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::PAYLOAD;
use crate::client::Client;
use crate::subscriber::Subscriber;

const KEY: &str = "fk_of_the_benchmarks_and_of_nothing_else_at_all";

/// Who subscribes at once: the Journal commits what comes together in one transaction.
const SUBSCRIBING: usize = 64;

pub(crate) struct Daemon {
    child: Child,
    /// Held open, so that the daemon can always say something.
    _said: BufReader<ChildStdout>,
    _directory: TempDir,
    authority: String,
    runtime: Runtime,
}

impl Daemon {
    /// One that may reach `allowed` (`host:port` each) and trusts `ca_file`, with `more` of the command line.
    pub(crate) fn spawn(allowed: &[&str], ca_file: &Path, workers: usize, more: &[&str]) -> Self {
        // Under `target`, which is on a disk: a temporary directory may be in memory, where a commit costs nothing.
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_fanfare"))
            .args(["--listen", "127.0.0.1:0", "--log", "error"])
            .args(["--workers", &workers.to_string()])
            .args(more)
            .args(allowed.iter().flat_map(|rule| ["--egress-allow", rule]))
            .args(["--egress-ca-file".as_ref(), ca_file.as_os_str()])
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

    /// Puts them all into a channel, one call for each.
    pub(crate) fn subscribe<'a>(
        &self,
        channel: &str,
        subscribers: impl ExactSizeIterator<Item = &'a Subscriber>,
    ) {
        let path = format!("/v1/channels/{channel}/subscriptions");
        let count = subscribers.len();
        let subscribers = RefCell::new(subscribers);
        let started = Instant::now();
        let next = || {
            let mut subscribers = subscribers.borrow_mut();
            show_progress(count - subscribers.len(), count);
            subscribers.next()
        };
        let lane = async |_| {
            let mut client = self.client().await;
            while let Some(subscriber) = next() {
                client.post(&path, subscriber.json.clone(), StatusCode::CREATED).await;
            }
        };
        self.runtime.block_on(join_all((0..SUBSCRIBING).map(lane)));
        let rate = count as f64 / started.elapsed().as_secs_f64();
        eprintln!("{count} subscribed, {rate:.0}/s");
    }

    /// Runs what calls the daemon.
    pub(crate) fn block_on<F: Future>(&self, calling: F) -> F::Output {
        self.runtime.block_on(calling)
    }

    pub(crate) async fn client(&self) -> Client {
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

/// Where a notification to `channel` is posted.
pub(crate) fn notifications(channel: &str) -> String {
    format!("/v1/channels/{channel}/notifications")
}

/// A notification, as JSON.
pub(crate) fn notification() -> String {
    json!({ "raw": str::from_utf8(PAYLOAD).unwrap() }).to_string()
}

/// The next line of what a child says.
pub(crate) fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn show_progress(done: usize, all: usize) {
    if stderr().is_terminal() && done.is_multiple_of(1000) {
        let _ = write!(stderr(), "\rsubscribing: {done} of {all} ");
    }
}
