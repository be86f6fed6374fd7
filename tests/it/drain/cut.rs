//! Ends that cut something off, and that come before there is anything to end: the status says which.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use http::Method;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn what_the_deadline_cuts_off_is_said_and_goes_out_again() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.args(["--drain-deadline", "20ms"]);
    let daemon = home.start_with(command).await;
    for index in 0..3 {
        daemon.subscribe(&Browser::new(), &service.endpoint(&index.to_string()), "news").await;
    }
    service.answer_all(Answer::Hold);
    let id = daemon.notify("news", "text").await;
    service.wait_for(3).await;
    daemon.terminate();
    let (status, home) = daemon.ended().await;
    assert_eq!(status.code(), Some(1));
    let said = "drain_deadline (20ms) is over: 3 deliveries and 0 requests to the API were cut off; \
                those deliveries go out again after the next start";
    assert!(home.log().contains(said), "{}", home.log());
    service.release_all();
    service.answer_all(Answer::status(201));
    let daemon = home.start(&service).await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 3);
}

#[actix_web::test]
async fn a_request_that_the_deadline_cuts_off_is_said_too() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    // Not whole seconds, in which the server underneath would count.
    command.args(["--drain-deadline", "1500ms"]);
    let daemon = home.start_with(command).await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("it"));
    let subscription = daemon.subscribe(&browser, &endpoint, "news").await;
    service.answer_all(Answer::Hold);
    // It is answered when the push service has answered.
    let path = format!("/v1/subscriptions/{}/test", subscription["id"].as_str().unwrap());
    let _test = actix_web::rt::spawn(daemon.call(Method::POST, &path).try_send());
    service.wait_for(1).await;
    daemon.terminate();
    let said =
        "drain_deadline (1s 500ms) is over: 1 deliveries and 1 requests to the API were cut off";
    eventually("what was cut off is said", || async { daemon.log().contains(said).then_some(()) })
        .await;
    assert_eq!(daemon.ended().await.0.code(), Some(1));
}

#[actix_web::test]
async fn any_second_signal_ends_the_daemon_at_once() {
    for (first, second) in [(Signal::INT, Signal::INT), (Signal::TERM, Signal::INT)] {
        let service = PushService::start();
        let home = Home::new();
        let mut command = home.command(&service);
        command.args(["--drain-deadline", "1h"]);
        let daemon = home.start_with(command).await;
        daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
        service.answer_all(Answer::Hold);
        daemon.notify("news", "text").await;
        service.wait_for(1).await;
        daemon.signal(first);
        eventually("the daemon has heard it", || async {
            daemon.log().contains("stopping").then_some(())
        })
        .await;
        // It is asked to reload at a bad time, and does not mind.
        daemon.signal(Signal::HUP);
        daemon.signal(second);
        let (status, home) = daemon.ended().await;
        assert_eq!(status.code(), Some(1));
        assert!(home.log().contains("told to end a second time"), "{}", home.log());
        service.release_all();
    }
}

#[actix_web::test]
async fn a_daemon_that_cannot_write_its_database_ends_by_the_deadline_and_says_why() {
    let service = PushService::start();
    let home = Home::new();
    // A file that would grow too large is refused to it, and not its end.
    let mut command = Command::new("sh");
    let plain = home.plain_command();
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_fanfare")])
        .args(plain.get_args())
        .args(["--drain-deadline", "50ms", "--egress-allow", service.authority()])
        .args(["--egress-ca-file".as_ref(), service.ca_file().as_os_str()])
        .env("FANFARE_BOOTSTRAP_KEY", crate::harness::daemon::KEY);
    let daemon = home.start_with(command).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    service.answer_all(Answer::Hold);
    let id = daemon.notify("news", "text").await;
    service.wait_for(1).await;
    let wal = std::fs::metadata(daemon.home().data().join("fanfare.db-wal")).unwrap().len();
    assert!(wal > daemon.log().len() as u64, "the log can still grow");
    let process = Pid::from_raw(daemon.id().cast_signed());
    prlimit(process, Resource::Fsize, Rlimit { current: Some(wal), maximum: None }).unwrap();
    let refused = daemon.call(Method::POST, "/v1/channels/news/notifications");
    assert_eq!(refused.text("text/plain", "refused").send().await.status, 503);
    service.release_all();
    daemon.terminate();
    let (status, home) = daemon.ended().await;
    assert_eq!(status.code(), Some(1));
    let said = "1 deliveries and 0 requests to the API were cut off, because the database cannot be written";
    assert!(home.log().contains(said), "{}", home.log());

    service.answer_all(Answer::status(201));
    let daemon = home.start(&service).await;
    assert_eq!(
        daemon.finished(&id).await["outcomes"]["accepted"],
        1,
        "its result was lost, not it"
    );
    assert_eq!(service.requests(), 2);
}

#[actix_web::test]
async fn a_signal_during_the_start_ends_it_and_harms_nothing() {
    let service = PushService::start();
    let mut home = Home::new();
    for come_so_far in ["lock", "fanfare.db", "fanfare.db-wal", "control.sock"] {
        let (out, err) = (Stdio::null(), Stdio::null());
        let mut process = home.command(&service).stdout(out).stderr(err).spawn().unwrap();
        let file = home.data().join(come_so_far);
        eventually("the start has come so far", || async { file.exists().then_some(()) }).await;
        let id = Pid::from_child(&process);
        kill_process(id, Signal::TERM).unwrap();
        let status = process.wait().unwrap();
        let by_signal = status.signal() == Some(Signal::TERM.as_raw());
        assert!(status.success() || by_signal, "{come_so_far}: {status}");
        let daemon = home.start(&service).await;
        daemon.terminate();
        home = daemon.ended().await.1;
        std::fs::remove_dir_all(home.data()).unwrap();
    }
}
