//! What the service manager is told, as sd_notify(3) has it: a datagram with lines of `KEY=value` to the socket that
//! `NOTIFY_SOCKET` names. Without one nobody is told anything.
//!
//! The crate `sd-notify` would do but for abstract sockets (`@…`), which it takes for paths.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

/// While a start or a stop takes its time, it asks for more so often.
const EXTEND_EVERY: Duration = Duration::from_secs(5);

/// And for so much, from then on.
const EXTEND_BY: Duration = Duration::from_secs(30);

/// A service manager that does not read for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service manager, if there is one that wants to know.
#[derive(Debug)]
pub(super) struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The one that the environment names.
    pub(super) fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let socket = socket.and_then(|name| match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(%error, ?name, "NOTIFY_SOCKET cannot be reached: nobody is told");
                None
            }
        });
        let watchdog = watchdog(
            variable("WATCHDOG_USEC").as_deref(),
            variable("WATCHDOG_PID").as_deref(),
            std::process::id(),
        );
        Self { socket, watchdog }
    }

    /// How long it waits for a sign of life.
    pub(super) fn watchdog(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.socket.is_some())
    }

    /// It runs.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// It reads its configuration again; [`ServiceManager::ready`] is the end of that.
    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.tell(&format!(
            "RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reading the configuration"
        ));
    }

    /// It ends, which takes at most so long.
    pub(super) fn stopping(&self, within: Duration, status: &str) {
        let micros = (within + EXTEND_BY).as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={micros}\nSTATUS={status}"));
    }

    /// It is alive.
    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// Waits for a part of the start, and asks for more time as long as it goes on.
    pub(super) async fn extend_while<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut ticks = interval(EXTEND_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => {
                    let micros = EXTEND_BY.as_micros();
                    self.tell(&format!("EXTEND_TIMEOUT_USEC={micros}\nSTATUS=opening the database"));
                }
            }
        }
    }

    fn tell(&self, lines: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(lines.as_bytes()) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address(name)?)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(not(target_os = "linux"))]
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(name)
}

/// How long the service manager waits for a sign of life, if it is this process whose it waits for.
fn watchdog(micros: Option<&str>, of: Option<&str>, process: u32) -> Option<Duration> {
    let is_ours = of.is_none_or(|of| of.parse() == Ok(process));
    let micros = micros.filter(|_| is_ours)?.parse().ok().filter(|micros| *micros > 0)?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_watchdog_that_waits_for_this_process_is_heeded() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(Some("1000000"), None, 7), second);
        assert_eq!(watchdog(Some("1000000"), Some("7"), 7), second);
        for (micros, of) in [
            (None, None),
            (Some("0"), None),
            (Some("soon"), None),
            (Some("1000000"), Some("8")),
            (Some("1000000"), Some("")),
        ] {
            assert_eq!(watchdog(micros, of, 7), None, "{micros:?} {of:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_that_takes_long_asks_for_more_time_until_it_is_done() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let manager = ServiceManager { socket: Some(ours), watchdog: None };
        manager.extend_while(tokio::time::sleep(EXTEND_EVERY * 2 + EXTEND_EVERY / 2)).await;
        theirs.set_nonblocking(true).unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 256];
        while let Ok(length) = theirs.recv(&mut buffer) {
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        let more = "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=opening the database".to_owned();
        assert_eq!(heard, vec![more; 2]);
    }
}
