//! The daemon as a process: started, killed, asked to end.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::rc::Rc;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::call::Call;
use crate::recorder::Recorder;
use crate::weather::Weather;

/// The key that the environment names.
pub(crate) const KEY: &str = "fk_of-a-run-of-kills-and-of-nothing-else-at-all";

/// Whoever has not started or ended by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a daemon lives, and what it may reach.
pub(crate) struct Site {
    directory: PathBuf,
    allowed: [String; 2],
    ca_file: PathBuf,
    weather: Option<Rc<Weather>>,
}

impl Site {
    pub(crate) fn new(directory: &Path, recorder: &Recorder, weather: Option<Rc<Weather>>) -> Self {
        Self {
            directory: directory.to_owned(),
            allowed: recorder.authorities.clone(),
            ca_file: recorder.ca.file().to_owned(),
            weather,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// What all daemons of this site have logged.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.directory.join("daemon.log")
    }

    fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
        command
            .args(["--listen", "127.0.0.1:0", "--log", "info"])
            // Waits that a run can wait for; the shape of the waits is the same.
            .args(["--delivery-retry-min", "10ms", "--delivery-retry-max", "2s"])
            .args(["--data-dir".as_ref(), self.data().as_os_str()])
            .args(self.allowed.iter().flat_map(|rule| ["--egress-allow", rule]))
            .args(["--egress-ca-file".as_ref(), self.ca_file.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        if let Some(weather) = &self.weather {
            weather.disk.lie_under(command.as_std_mut(), &self.data());
        }
        command
    }

    /// One that is to know [`KEY`].
    pub(crate) fn spawn(&self) -> Daemon {
        Daemon::of(self.command().env("FANFARE_BOOTSTRAP_KEY", KEY))
    }

    /// One that must make itself a key.
    pub(crate) fn spawn_without_key(&self) -> Daemon {
        Daemon::of(self.command().env_remove("FANFARE_BOOTSTRAP_KEY"))
    }
}

pub(crate) struct Daemon {
    child: Child,
    /// Held open, so that the daemon can always say something.
    said: BufReader<ChildStdout>,
}

impl Daemon {
    fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    /// Where it listens, once it has said so.
    pub(crate) async fn listening(&mut self) -> Result<SocketAddr, String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.said.read_line(&mut line)).await;
        if read.is_err() {
            return Err(format!("it did not listen within {PATIENCE:?}"));
        }
        let address = line.trim().rsplit_once("http://").and_then(|(_, at)| at.parse().ok());
        address.ok_or_else(|| {
            format!(
                "a daemon first says where it listens, and this one said {line:?}; see daemon.log"
            )
        })
    }

    /// SIGKILL; answers when nothing is left of the process.
    pub(crate) async fn kill(mut self) {
        // It may have ended by itself, which the next one's start will show.
        let _ = self.child.kill().await;
    }

    /// SIGTERM; answers how it ended.
    pub(crate) async fn terminate(mut self) -> Result<ExitStatus, String> {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        let id = id.ok_or("it has ended by itself")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)
            .map_err(|error| format!("it cannot be asked to end: {error}"))?;
        let ended = timeout(PATIENCE, self.child.wait()).await;
        let ended = ended.map_err(|_| format!("it did not end within {PATIENCE:?}"))?;
        ended.map_err(|error| error.to_string())
    }
}

/// A call with `key`. The control socket is for nobody here.
pub(crate) fn call(address: SocketAddr, key: &str, method: Method, path: &str) -> Call {
    Call::new(address, PathBuf::new(), method, path).bearer(key)
}

/// Waits until it says that it is ready.
pub(crate) async fn ready(address: SocketAddr) -> Result<(), String> {
    let asking = async {
        loop {
            let answer = call(address, KEY, Method::GET, "/readyz").try_send().await;
            match answer {
                Ok(answer) if answer.status == StatusCode::OK => return Ok(()),
                Ok(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(error) => {
                    return Err(format!("a daemon that listens does not answer: {error}"));
                }
            }
        }
    };
    let asked = timeout(PATIENCE, asking).await;
    asked.unwrap_or_else(|_| Err(format!("it was not ready within {PATIENCE:?}")))
}
