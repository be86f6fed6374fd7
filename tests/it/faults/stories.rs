//! Each fault begins while requests are under way, lasts, and ends: the same story for all of them.

use std::time::Duration;

use http::Method;

use super::{BEGINS, ENDS, Fault, Scene, fails_again, is_refused, lines, publish};
use crate::harness::browser::Browser;
use crate::harness::disk::Trouble;
use crate::harness::push_service::Answer;

const MEMBERS: usize = 20;

/// An answer that takes longer than that comes too late for its caller.
const SOON: Duration = Duration::from_secs(10);

#[actix_web::test]
async fn a_full_disk() {
    tell(Fault::Disk(Trouble::Full(0))).await;
}

#[actix_web::test]
async fn a_disk_that_is_full_in_the_middle_of_a_write() {
    tell(Fault::Disk(Trouble::Full(5000))).await;
}

#[actix_web::test]
async fn a_quota_that_is_used_up() {
    tell(Fault::Disk(Trouble::Quota)).await;
}

#[actix_web::test]
async fn a_file_system_that_has_become_read_only() {
    tell(Fault::Disk(Trouble::ReadOnly)).await;
}

#[actix_web::test]
async fn writes_that_fail() {
    tell(Fault::Disk(Trouble::Write)).await;
}

#[actix_web::test]
async fn a_commit_that_cannot_be_made_durable() {
    tell(Fault::Disk(Trouble::Sync)).await;
}

#[actix_web::test]
async fn a_disk_that_is_gone() {
    tell(Fault::Disk(Trouble::Dead)).await;
}

#[actix_web::test]
async fn a_lock_that_somebody_else_holds() {
    tell(Fault::Locked).await;
}

async fn tell(fault: Fault) {
    let scene = Scene::of(MEMBERS).await;
    let Scene { service, disk, daemon, .. } = &scene;
    let mut ids = vec![daemon.notify("news", "before").await];
    scene.all_arrive(&ids).await;
    // One for everybody is under way, and one more is accepted behind it.
    service.answer_all(Answer::Hold);
    ids.push(daemon.notify("news", "under way").await);
    ids.push(daemon.notify("news", "behind it").await);
    service.wait_for(2 * MEMBERS).await;

    let broken = fault.begins(disk, daemon);
    refuses_changes_and_answers_questions(fault, &scene, &ids).await;
    // The results come in while nothing can be written.
    service.release_all();
    service.answer_all(Answer::status(201));
    for _ in 0..3 {
        if let Fault::Disk(_) = fault {
            fails_again(disk, 2).await;
        }
        is_refused(&publish(daemon, "news", "refused").send().await);
    }
    assert_eq!(service.requests(), 2 * MEMBERS as u64, "{fault:?}: nothing more was begun");
    assert_eq!((lines(daemon, BEGINS), lines(daemon, ENDS)), (1, 0), "{}", daemon.log());

    drop(broken);
    scene.is_ready().await;
    scene.all_arrive(&ids).await;
    ids.push(daemon.notify("news", "afterwards").await);
    scene.all_arrive(&ids).await;
    scene.each_once(&["before", "under way", "behind it", "afterwards"]);
    assert_eq!((lines(daemon, BEGINS), lines(daemon, ENDS)), (1, 1), "{}", daemon.log());
    let log = daemon.log();
    let complaints = complaints(&log);
    // A disk that cannot be read is told as well; what is still in memory can, and then it begins anew.
    let reads = complaints.iter().filter(|line| line.contains("the store cannot be read")).count();
    assert_eq!(reads > 0, fault == Fault::Disk(Trouble::Dead), "{fault:?}: {complaints:#?}");
    assert_eq!(complaints.len() - reads, 1, "{fault:?}: {complaints:#?}");
}

/// The log's lines that an operator would be woken for; what a start says is none of them.
fn complaints(log: &str) -> Vec<&str> {
    let is_one =
        |line: &&str| line.contains(r#""level":"ERROR""#) || line.contains(r#""level":"WARN""#);
    log.lines().filter(is_one).filter(|line| !line.contains("vapid_subject")).collect()
}

async fn refuses_changes_and_answers_questions(fault: Fault, scene: &Scene, ids: &[String]) {
    let Scene { service, daemon, .. } = scene;
    let soon = |call: crate::harness::call::Call| async move {
        tokio::time::timeout(SOON, call.send()).await.expect("an answer that comes soon")
    };
    is_refused(&soon(publish(daemon, "news", "refused")).await);
    let joining = Browser::new().subscription_json(&service.endpoint("late"));
    let join = daemon.call(Method::POST, "/v1/channels/news/subscriptions").json(&joining);
    is_refused(&soon(join).await);
    let cancelled = format!("/v1/notifications/{}", ids[1]);
    is_refused(&soon(daemon.call(Method::DELETE, &cancelled)).await);
    // A test push waits for no store that fails: it says so. Where nothing can be read, it is not even found.
    let test = format!("/v1/subscriptions/{}/test", scene.ids[0]);
    is_refused(&soon(daemon.call(Method::POST, &test)).await);
    let ready = soon(daemon.call(Method::GET, "/readyz")).await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["parts"]["store"].as_str()),
        (503, Some("failing"))
    );
    assert_eq!(soon(daemon.call(Method::GET, "/healthz")).await.status, 200);
    let status = soon(daemon.call(Method::GET, &cancelled)).await;
    if fault == Fault::Disk(Trouble::Dead) {
        return is_refused(&status);
    }
    assert_eq!(status.status, 200, "{:?}", status.body);
    assert_eq!(status.json()["outcomes"]["pending"], MEMBERS, "the cancel did not happen");
}
