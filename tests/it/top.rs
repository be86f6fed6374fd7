//! `fanfare top` as a program on a terminal, beside the daemon and from elsewhere.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::daemon::{Daemon, Home, KEY};
use crate::harness::push_service::PushService;

/// Whoever waits longer for something on the screen waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(160).unwrap();

/// A program on a terminal of its own.
struct OnTerminal {
    program: Child,
    terminal: File,
    screen: vt100::Parser,
}

impl OnTerminal {
    fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size =
            Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = || -> OwnedFd {
            rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
        };
        let program = command.stdin(end()).stdout(end()).stderr(Stdio::inherit()).spawn().unwrap();
        let process = pidfd_open(Pid::from_child(&program), PidfdFlags::empty()).unwrap();
        std::thread::spawn(move || {
            std::thread::park_timeout(PATIENCE);
            // It has ended long ago, if all is well; else whoever reads from it hears its end.
            _ = pidfd_send_signal(process, Signal::KILL);
        });
        Self { program, terminal: terminal.into(), screen: vt100::Parser::new(ROWS, COLUMNS, 0) }
    }

    /// Reads until that is on the screen.
    fn shows(&mut self, text: &str) {
        while !self.screen.screen().contents().contains(text) {
            let mut piece = [0; 4096];
            let count = self.terminal.read(&mut piece).unwrap_or(0);
            assert!(count > 0, "it ended without {text}:\n{}", self.screen.screen().contents());
            self.screen.process(&piece[..count]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// What it ended with, once all that it draws at its end has been read.
    fn end(mut self) -> ExitStatus {
        let mut rest = Vec::new();
        // The terminal ends with an error when nobody is at its other end any more.
        _ = self.terminal.read_to_end(&mut rest);
        self.program.wait().unwrap()
    }
}

fn top(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
    command.arg("top").args(["--every", "200ms"]).args(arguments).env("TERM", "xterm-256color");
    command.env_remove("FANFARE_SERVER").current_dir(daemon.home().path());
    command
}

/// On a thread of its own: reading waits, and the daemon's answers must not wait for that.
async fn on_terminal(command: Command, watch: impl FnOnce(OnTerminal) + Send + 'static) {
    tokio::task::spawn_blocking(move || watch(OnTerminal::start(command))).await.unwrap();
}

#[actix_web::test]
async fn it_shows_each_of_its_pages_and_leaves_at_a_key() {
    let daemon = Home::new().start(&PushService::start()).await;
    let data = daemon.home().data();
    let command = top(&daemon, &["--data-dir", data.to_str().unwrap()]);
    on_terminal(command, |mut terminal| {
        terminal.shows("SubscriptionSupervisor");
        terminal.shows("Journal");
        terminal.press("2");
        terminal.shows("actors, by busy");
        terminal.press("3");
        terminal.shows("No push service has been asked");
        terminal.press("4");
        terminal.shows("From accept to accepted");
        terminal.press("q");
        assert!(terminal.end().success());
    })
    .await;
}

#[actix_web::test]
async fn it_watches_a_daemon_elsewhere_with_a_key() {
    let daemon = Home::new().start(&PushService::start()).await;
    let command =
        top(&daemon, &["--server", &format!("http://{}", daemon.address()), "--key", KEY]);
    on_terminal(command, |mut terminal| {
        terminal.shows("ChannelSupervisor");
        terminal.press("\x03");
        assert!(terminal.end().success(), "Ctrl-C is a way out like any other");
    })
    .await;
}

#[actix_web::test]
async fn where_there_is_no_terminal_or_no_daemon_it_says_so() {
    let daemon = Home::new().start(&PushService::start()).await;
    let nowhere = daemon.home().beside("nothing");
    let output = top(&daemon, &["--data-dir", &nowhere]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/v1/observe"), "what to use instead: {said}");
    let alone = top(&daemon, &["--data-dir", &nowhere]);
    on_terminal(alone, |terminal| assert_eq!(terminal.end().code(), Some(1))).await;
}
