//! The program itself, as a process that can be killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use futures_util::future::join_all;
use http::{Method, StatusCode};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

use super::browser::Browser;
use super::call::Call;
use super::disk::Disk;
use super::house::eventually;
use super::push_service::PushService;

/// The key that the environment names.
pub(crate) const KEY: &str = "fk_the-environment-names-this-key-0123456789";

/// The program.
const FANFARE: &str = env!("CARGO_BIN_EXE_fanfare");

/// A running daemon. Dropped, it is killed.
pub(crate) struct Daemon {
    process: Child,
    address: SocketAddr,
    directory: Home,
}

/// Where a daemon keeps what it knows, and its log.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The directory that it runs in.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Everything that every daemon of this home has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8(std::fs::read(self.log_file()).unwrap()).unwrap()
    }

    fn log_file(&self) -> std::path::PathBuf {
        self.0.path().join("log")
    }

    /// The database, for a test that takes the place of an operator.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.data().join("fanfare.db")
    }

    /// The data directory.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.0.path().join("data")
    }

    /// A path beside the data directory, for what goes in or out.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a command of the program on this home.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(FANFARE);
        command.args(arguments).args(["--data-dir".as_ref(), self.data().as_os_str()]);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Starts a daemon here whose pushes reach `service`.
    pub(crate) async fn start(self, service: &PushService) -> Daemon {
        let command = self.command(service);
        self.start_with(command).await
    }

    /// The same on a disk that can fail.
    pub(crate) async fn start_on(self, disk: &Disk, service: &PushService) -> Daemon {
        let (mut program, attached) = (Command::new(FANFARE), disk.attached());
        disk.lie_under(&mut program, &self.data());
        let command = self.command_of(program, service);
        let daemon = self.start_with(command).await;
        assert_eq!(disk.attached(), attached + 1, "the daemon stands on the disk");
        daemon
    }

    /// The same where a file that would grow too large is refused to the daemon, and not its end.
    pub(crate) async fn start_limited(self, service: &PushService) -> Daemon {
        let mut program = Command::new("sh");
        program.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", FANFARE]);
        let command = self.command_of(program, service);
        self.start_with(command).await
    }

    /// Starts a daemon that cannot start; answers what it said.
    pub(crate) fn fail_to_start_on(&self, disk: &Disk, service: &PushService) -> String {
        let mut program = Command::new(FANFARE);
        disk.lie_under(&mut program, &self.data());
        let output = self.command_of(program, service).output().unwrap();
        assert!(!output.status.success(), "it started");
        assert!(output.status.code().is_some(), "killed by a signal: {}", output.status);
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What [`Home::start`] runs.
    pub(crate) fn command(&self, service: &PushService) -> Command {
        self.command_of(Command::new(FANFARE), service)
    }

    fn command_of(&self, program: Command, service: &PushService) -> Command {
        let mut command = self.plain_command_of(program);
        command
            .args(["--log", "debug", "--delivery-retry-min", "10ms"])
            .args(["--egress-allow", service.authority()])
            .args(["--egress-ca-file".as_ref(), service.ca_file().as_os_str()]);
        command
    }

    /// A daemon of this home that listens somewhere, and is told nothing else.
    pub(crate) fn plain_command(&self) -> Command {
        self.plain_command_of(Command::new(FANFARE))
    }

    fn plain_command_of(&self, mut command: Command) -> Command {
        command
            .current_dir(self.0.path())
            .args(["--listen", "127.0.0.1:0"])
            .args(["--data-dir".as_ref(), self.data().as_os_str()])
            .env("FANFARE_BOOTSTRAP_KEY", KEY)
            .stdin(Stdio::null());
        command
    }

    /// Starts a daemon here with this command, and waits until it is ready.
    pub(crate) async fn start_with(self, mut command: Command) -> Daemon {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let address = listening(&mut process);
        let daemon = Daemon { process, address, directory: self };
        eventually("the daemon is ready", || async {
            let answer = daemon.call(Method::GET, "/readyz").send().await;
            (answer.status == StatusCode::OK).then_some(())
        })
        .await;
        daemon
    }
}

/// Reads the address from the first line that the daemon prints.
fn listening(process: &mut Child) -> SocketAddr {
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").map(|(_, address)| address.parse());
    address.unwrap_or_else(|| panic!("the daemon said: {line:?}")).unwrap()
}

impl Daemon {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        self.call_of_anybody(method, path).bearer(KEY)
    }

    /// A call without a credential.
    pub(crate) fn call_of_anybody(&self, method: Method, path: &str) -> Call {
        let control = self.directory.data().join("control.sock");
        Call::new(self.address, control, method, path)
    }

    /// Puts a browser into a channel; answers what the API did.
    pub(crate) async fn subscribe(
        &self,
        browser: &Browser,
        endpoint: &str,
        channel: &str,
    ) -> Value {
        let path = format!("/v1/channels/{channel}/subscriptions");
        let call = self.call(Method::POST, &path).json(&browser.subscription_json(endpoint));
        let answer = call.send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        answer.json()
    }

    /// Puts many browsers into a channel, at endpoints `0`, `1`, … of the service; answers their names.
    pub(crate) async fn crowd(
        &self,
        service: &PushService,
        channel: &str,
        browsers: &[Browser],
    ) -> Vec<String> {
        let numbered: Vec<_> = browsers.iter().enumerate().collect();
        let mut names = Vec::new();
        for chunk in numbered.chunks(100) {
            let joins = chunk.iter().map(|(index, browser)| {
                let endpoint = service.endpoint(&index.to_string());
                async move { self.subscribe(browser, &endpoint, channel).await }
            });
            let joined = join_all(joins).await;
            names.extend(joined.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        }
        names
    }

    /// Publishes a text; answers the notification's id.
    pub(crate) async fn notify(&self, channel: &str, text: &str) -> String {
        let path = format!("/v1/channels/{channel}/notifications");
        let answer =
            self.call(Method::POST, &path).text("text/plain", text.to_owned()).send().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// A notification's status when nothing is pending.
    pub(crate) async fn finished(&self, id: &str) -> Value {
        eventually(&format!("{id} has an outcome for every delivery"), || async {
            let path = format!("/v1/notifications/{id}");
            let status = self.call(Method::GET, &path).send().await.json();
            (status["outcomes"]["pending"] == 0).then_some(status)
        })
        .await
    }

    /// Where it lives.
    pub(crate) fn home(&self) -> &Home {
        &self.directory
    }

    /// Runs a command of the program beside this daemon; answers what it printed.
    pub(crate) fn fanfare(&self, arguments: &[&str]) -> String {
        let output = self.directory.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// SIGKILL: nothing is said, nothing is saved.
    pub(crate) fn kill(mut self) -> Home {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.directory, Home::new())
    }

    /// SIGTERM: it is asked to end, and may take its time.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Any signal.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the process to end; answers how it did, and where it lived.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Home) {
        let process = std::cell::RefCell::new(&mut self.process);
        let ended =
            eventually("the daemon ends", || async { process.borrow_mut().try_wait().unwrap() });
        let status = ended.await;
        (status, std::mem::replace(&mut self.directory, Home::new()))
    }

    pub(crate) fn log(&self) -> String {
        self.directory.log()
    }

    /// Lets none of its files grow beyond so many bytes, until further notice.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = rustix::process::Rlimit { current: bytes, maximum: None };
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::prlimit(Some(id), rustix::process::Resource::Fsize, limit).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself, or been killed on purpose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
