//! What systemd is told (sd_notify(3)), and when it is not.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::task::Poll;
use std::time::Duration;

use fanfare::daemon::watchdog::Pulse;
use fanfare::tree::sabotage::{Place, Sabotage};
use rustix::process::Signal;

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::PushService;

/// A socket that the daemon tells things.
struct Manager(UnixDatagram);

impl Manager {
    fn at(address: &SocketAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        // Long enough for any machine, so that a test which waits in vain ends.
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(socket)
    }

    /// The next message, line by line.
    async fn next(&self) -> Vec<String> {
        let socket = self.0.try_clone().unwrap();
        let message = tokio::task::spawn_blocking(move || {
            let mut buffer = [0; 4096];
            let length = socket.recv(&mut buffer).expect("the daemon says something");
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        });
        message.await.unwrap().lines().map(str::to_owned).collect()
    }

    /// The next message that is more than a sign of life.
    async fn next_news(&self) -> Vec<String> {
        loop {
            let message = self.next().await;
            if message != ["WATCHDOG=1"] {
                return message;
            }
        }
    }

    fn has_heard_nothing(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        self.0.recv(&mut [0; 16]).is_err()
    }
}

fn has(message: &[String], start: &str) -> bool {
    message.iter().any(|line| line.starts_with(start))
}

async fn a_life_is_told(manager: Manager, name: &str) {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.env("NOTIFY_SOCKET", name).env("WATCHDOG_USEC", "400000");
    let daemon = home.start_with(command).await;
    let ready = manager.next_news().await;
    assert!(
        has(&ready, "READY=1") && has(&ready, "STATUS=listens on http://127.0.0.1:"),
        "{ready:?}"
    );
    for _ in 0..3 {
        assert_eq!(manager.next().await, ["WATCHDOG=1"]);
    }

    daemon.signal(Signal::HUP);
    let reloading = manager.next_news().await;
    let (is_told, has_time) = (has(&reloading, "RELOADING=1"), has(&reloading, "MONOTONIC_USEC="));
    assert!(is_told && has_time, "{reloading:?}");
    assert!(has(&manager.next_news().await, "READY=1"), "the reload has an end");

    daemon.terminate();
    let stopping = manager.next_news().await;
    assert!(has(&stopping, "STOPPING=1") && has(&stopping, "EXTEND_TIMEOUT_USEC="), "{stopping:?}");
    let (status, _home) = daemon.ended().await;
    assert!(status.success());
}

#[actix_web::test]
async fn a_start_a_reload_and_an_end_are_told_and_signs_of_life_in_between() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).unwrap());
    a_life_is_told(manager, path.to_str().unwrap()).await;
}

#[actix_web::test]
async fn an_abstract_socket_is_told_as_well() {
    let name = format!("fanfare-test-{}", std::process::id());
    let manager = Manager::at(&SocketAddr::from_abstract_name(&name).unwrap());
    a_life_is_told(manager, &format!("@{name}")).await;
}

#[actix_web::test]
async fn a_start_that_is_refused_is_never_ready() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["--listen", "127.0.0.1:0", "--data-dir", "/proc/fanfare-data"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "100")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(manager.has_heard_nothing());
}

#[actix_web::test]
async fn a_socket_that_nobody_has_stops_nobody() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.env("NOTIFY_SOCKET", "/nowhere/notify").env("WATCHDOG_USEC", "1000");
    let daemon = home.start_with(command).await;
    daemon.terminate();
    let (status, home) = daemon.ended().await;
    assert!(status.success());
    assert!(home.log().contains("NOTIFY_SOCKET cannot be reached"), "{}", home.log());
}

#[actix_web::test]
async fn a_daemon_with_an_arbiter_that_hangs_has_no_pulse() {
    let service = PushService::start();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    static HANGS: AtomicBool = AtomicBool::new(false);
    let hang = move |place: Place<'_>| {
        if let Place::Attempt(_) = place {
            HANGS.store(true, Ordering::SeqCst);
            // Until the sender is dropped.
            let _ = released.lock().unwrap().recv();
        }
        false
    };
    let house = House::with(&[&service], |options| options.sabotage = Sabotage::when(hang)).await;
    let mut pulse = Pulse::new(house.tree.clone(), house.store.clone());
    assert!(pulse.beats().await);
    house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    let sent = house.notify("news", "text").await;
    eventually("the arbiter hangs", || async { HANGS.load(Ordering::SeqCst).then_some(()) }).await;
    let mut beat = Box::pin(pulse.beats());
    // All that does not hang has answered many times over.
    for _ in 0..50 {
        let beats = futures_util::poll!(&mut beat);
        assert_eq!(beats, Poll::Pending, "an arbiter hangs");
        house.status(sent.id.as_str()).await;
    }
    drop(release);
    assert!(beat.await, "and it goes on");
    house.stop().await;
}
