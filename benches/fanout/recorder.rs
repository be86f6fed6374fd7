//! The recording push service as a process: what it costs is not ours. Its parent reads where it is from its first line,
//! asks for its count with a line, and ends it by closing the pipe.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::push_service::PushService;

/// The argument that makes this binary the push service.
pub(crate) const MODE: &str = "push-recorder";

/// As many streams as the browsers' services allow on a connection.
const MAX_STREAMS: u32 = 100;

/// The child's side.
pub(crate) fn serve() -> io::Result<()> {
    let service = PushService::builder().counting().max_streams(MAX_STREAMS).start();
    let mut out = io::stdout().lock();
    writeln!(out, "{}", service.authority())?;
    writeln!(out, "{}", service.ca_file().display())?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        line?;
        let counts = service.counts();
        let repeats: u64 = counts.values().map(|count| count - 1).sum();
        writeln!(
            out,
            "{} {} {repeats} {}",
            service.requests(),
            counts.len(),
            service.peak_connections()
        )?;
        out.flush()?;
    }
    Ok(())
}

/// The parent's side.
pub(crate) struct Recorder {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    authority: String,
    ca_file: PathBuf,
}

/// What the push service has seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
    /// Requests beyond the first for a token.
    pub(crate) repeats: u64,
    pub(crate) peak_connections: u64,
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
    pub(crate) fn ca_file(&self) -> &std::path::Path {
        &self.ca_file
    }

    pub(crate) fn endpoint(&self, number: usize) -> String {
        format!("https://{}/push/{number}", self.authority)
    }

    pub(crate) fn seen(&mut self) -> Seen {
        writeln!(self.ask.as_ref().unwrap(), "seen?").unwrap();
        let text = line(&mut self.answers);
        let mut numbers = text.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Seen { requests: next(), tokens: next(), repeats: next(), peak_connections: next() }
    }

    /// The processor time that it has used, in seconds, where the system tells (Linux).
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        cpu_seconds(&self.child.id().to_string())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.ask.take());
        let _ = self.child.wait();
    }
}

/// User and system time of a process, from `/proc/PID/stat`: fields 14 and 15, in hundredths of a second.
pub(crate) fn cpu_seconds(process: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
