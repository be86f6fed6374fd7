//! What becomes of a notification whose time comes while commits fail.

use http::StatusCode;
use serde_json::json;

use super::{Scene, fails_again, is_refused, publish};
use crate::harness::disk::{Of, Trouble};
use crate::harness::push_service::Answer;

const MEMBERS: usize = 5;

#[actix_web::test]
async fn what_expires_while_commits_fail_is_not_sent_when_they_succeed_again() {
    let scene = Scene::of(MEMBERS).await;
    let Scene { service, disk, daemon, .. } = &scene;
    service.answer_all(Answer::Hold);
    let first = daemon.notify("news", "first").await;
    let short = json!({ "notification": { "title": "t", "body": "short" }, "ttl": 1 });
    let path = "/v1/channels/news/notifications";
    let answer = daemon.call(http::Method::POST, path).json(&short).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
    let short = answer.json()["id"].as_str().unwrap().to_owned();
    service.wait_for(MEMBERS).await;
    disk.breaks(Trouble::Sync, Of::Everything);
    is_refused(&publish(daemon, "news", "refused").send().await);
    service.release_all();
    service.answer_all(Answer::status(201));
    // A try every quarter of a second: two seconds.
    fails_again(disk, 8).await;
    disk.is_repaired();
    scene.all_arrive(&[first]).await;
    let status = daemon.finished(&short).await;
    assert_eq!(status["outcomes"]["expired"], MEMBERS, "{status}");
    scene.each_once(&["first"]);
}
