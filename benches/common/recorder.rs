//! The recording push service as a process: what it costs is not ours. Its parent reads where it is from its first
//! lines, asks it with a line each, and ends it by closing the pipe.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::line;
use crate::push_service::PushService;

/// The argument that makes this binary the push service.
pub(crate) const MODE: &str = "push-recorder";

/// As many streams as the browsers' services allow on a connection.
const MAX_STREAMS: u32 = 100;

/// How often the child looks whether what is waited for has come: often enough for seconds' worth of requests.
const LOOK: Duration = Duration::from_millis(1);

/// Whoever waits longer waits for something that does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// The child's side: to an empty line it says what it has seen, to a number how many requests it has had, once there
/// are so many.
pub(crate) fn serve() -> io::Result<()> {
    let service = PushService::builder().counting().max_streams(MAX_STREAMS).start();
    let mut out = io::stdout().lock();
    writeln!(out, "{}\n{}", service.authority(), service.ca_file().display())?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        match line?.parse() {
            Ok(requests) => writeln!(out, "{}", wait(&service, requests))?,
            Err(_) => writeln!(out, "{}", Seen::of(&service).to_line())?,
        }
        out.flush()?;
    }
    Ok(())
}

fn wait(service: &PushService, requests: u64) -> u64 {
    let started = Instant::now();
    while service.requests() < requests && started.elapsed() < PATIENCE {
        std::thread::park_timeout(LOOK);
    }
    service.requests()
}

/// What the push service has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) endpoints: u64,
    /// How often it was asked for the endpoint that it was asked for least.
    pub(crate) least: u64,
    /// And for the one that it was asked for most.
    pub(crate) most: u64,
}

impl Seen {
    fn of(service: &PushService) -> Self {
        let counts = service.counts();
        Self {
            requests: service.requests(),
            endpoints: counts.len() as u64,
            least: counts.values().copied().min().unwrap_or(0),
            most: counts.values().copied().max().unwrap_or(0),
        }
    }

    fn to_line(self) -> String {
        format!("{} {} {} {}", self.requests, self.endpoints, self.least, self.most)
    }

    fn from_line(line: &str) -> Self {
        let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [requests, endpoints, least, most] = numbers[..] else { panic!("not four: {line}") };
        Self { requests, endpoints, least, most }
    }
}

/// The parent's side.
pub(crate) struct Recorder {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    authority: String,
    ca_file: PathBuf,
}

impl Recorder {
    pub(crate) fn spawn() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(MODE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let ask = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let authority = line(&mut answers);
        let ca_file = line(&mut answers).into();
        Self { child, ask, answers, authority, ca_file }
    }

    /// `127.0.0.1:PORT`, for `egress.allow`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// For `egress.ca_file`.
    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    pub(crate) fn endpoint(&self, number: usize) -> String {
        format!("https://{}/push/{number}", self.authority)
    }

    /// Its process, for `/proc`.
    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn seen(&mut self) -> Seen {
        Seen::from_line(&self.ask(""))
    }

    /// How many requests have come, once they are so many; fewer if they do not come.
    pub(crate) fn wait_for(&mut self, requests: u64) -> u64 {
        self.ask(&requests.to_string()).parse().unwrap()
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.ask.as_ref().unwrap(), "{question}").unwrap();
        line(&mut self.answers)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.ask.take());
        let _ = self.child.wait();
    }
}
