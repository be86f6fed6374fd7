//! What is wrong, as the daemon gathers it: each with what to do about it, and gone with its cause.

use http::Method;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home, KEY};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};
use crate::harness::stream::Stream;

async fn warnings(daemon: &Daemon) -> Vec<Value> {
    let answer = daemon.call(Method::GET, "/v1/observe/warnings").send().await.json();
    let items = answer["items"].as_array().unwrap().iter();
    // How full the disk is that the tests run on, and how busy, is no matter of theirs.
    let is_of_disk =
        |item: &&Value| ["disk_nearly_full", "store_slow"].iter().any(|of| item["code"] == *of);
    items.filter(|item| !is_of_disk(item)).cloned().collect()
}

fn codes(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["code"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_refused_key_is_critical_names_the_key_and_goes_when_it_is_taken() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let found = warnings(&daemon).await;
    assert_eq!(codes(&found), ["vapid_subject_missing"]);
    assert!(found[0]["remedy"].as_str().unwrap().contains("--vapid-subject mailto:"));

    let mut stream = Stream::open(daemon.address(), "/v1/observe/warnings", KEY).await;
    assert_eq!(stream.next().await.unwrap().0, "snapshot");
    service.answer_all(Answer::status(403));
    // One that is refused alone speaks for itself; so many, of one key, for the key.
    let browsers: Vec<_> = (0..10).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    daemon.notify("news", "text").await;
    let refused = eventually("the stream tells of the key", || async {
        let found = warnings(&daemon).await;
        found.into_iter().find(|item| item["code"] == "vapid_key_paused")
    })
    .await;
    assert_eq!(
        (&refused["severity"], &refused["page"]),
        (&"critical".into(), &"push-services".into())
    );
    assert!(refused["subject"].as_str().unwrap().starts_with(&service.origin()), "{refused}");
    let listed = daemon.fanfare(&["vapid", "list", "--json"]);
    let name = refused["subject"].as_str().unwrap().split(' ').nth(1).unwrap();
    assert!(name.starts_with("vpk_") && listed.contains(name), "{name} is not in {listed}");
    assert!(refused["detail"].as_str().unwrap().contains("of the app default"), "{refused}");
    let again = warnings(&daemon).await;
    assert_eq!(again[0]["since"], refused["since"], "the worst is first, and has been since then");
    assert_eq!(again[0]["count"], 1);
    loop {
        let (_, snapshot) = stream.next().await.expect("a stream that goes on");
        if codes(snapshot["items"].as_array().unwrap()).contains(&"vapid_key_paused") {
            break;
        }
    }

    service.answer_all(Answer::status(201));
    eventually("the key is taken again", || async {
        (codes(&warnings(&daemon).await) == ["vapid_subject_missing"]).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_drained_node_is_a_warning_until_it_is_resumed() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.args(["--observe-acting", "true"]);
    let daemon = home.start_with(command).await;
    let act =
        async |path: &str| assert_eq!(daemon.call(Method::POST, path).send().await.status, 200);
    act("/v1/observe/drain").await;
    assert_eq!(codes(&warnings(&daemon).await), ["draining", "vapid_subject_missing"]);
    act("/v1/observe/resume").await;
    assert_eq!(codes(&warnings(&daemon).await), ["vapid_subject_missing"]);
    act("/v1/observe/drain").await;
    assert_eq!(warnings(&daemon).await[0]["count"], 2, "for the second time");
}

#[actix_web::test]
async fn files_that_are_nearly_used_up_are_a_warning_while_they_are() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let open = std::fs::read_dir(format!("/proc/{}/fd", daemon.id())).unwrap().count() as u64;
    limit_open_files(&daemon, open * 10 / 9);
    let found = warnings(&daemon).await;
    let files = found.iter().find(|item| item["code"] == "files_nearly_used_up");
    let detail = files.expect("nine in ten are open")["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("of {} files and connections", open * 10 / 9)), "{detail}");
    limit_open_files(&daemon, 4096);
    assert_eq!(codes(&warnings(&daemon).await), ["vapid_subject_missing"]);
}

fn limit_open_files(daemon: &Daemon, files: u64) {
    let id = Pid::from_raw(daemon.id().try_into().unwrap());
    // The daemon has the hard limit of whoever started it, and that stays.
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(id, Resource::Nofile, Rlimit { current: Some(files), maximum }).unwrap();
}
