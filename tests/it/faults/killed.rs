//! Commits fail, and the daemon is killed before they succeed again: what was answered 503 may have happened, and what
//! was answered 202 has.

use std::collections::HashSet;

use http::{Method, StatusCode};

use super::{Scene, fails_again, holds_one, is_ready, is_refused, publish, text};
use crate::harness::disk::{Of, Trouble};
use crate::harness::push_service::Answer;

const MEMBERS: usize = 20;

#[actix_web::test]
async fn killed_while_commits_fail_it_repeats_at_most_what_was_under_way() {
    let Scene { service, disk, daemon, browsers, .. } = Scene::of(MEMBERS).await;
    let before = daemon.notify("news", "before").await;
    daemon.finished(&before).await;
    service.answer_all(Answer::Hold);
    let ids = [daemon.notify("news", "first").await, daemon.notify("news", "second").await];
    service.wait_for(2 * MEMBERS).await;
    disk.breaks(Trouble::Sync, Of::Everything);
    is_refused(&publish(&daemon, "news", "third").header("idempotency-key", "k").send().await);
    service.release_all();
    service.answer_all(Answer::status(201));
    fails_again(&disk, 3).await;
    let home = daemon.kill();

    disk.is_repaired();
    let daemon = home.start_on(&disk, &service).await;
    // It was not known whether it was stored: with its key, it is safe to repeat.
    let again = publish(&daemon, "news", "third").header("idempotency-key", "k").send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{:?}", again.body);
    let third = again.json()["id"].as_str().unwrap().to_owned();
    for id in [&before, &ids[0], &ids[1], &third] {
        let status = daemon.finished(id).await;
        assert_eq!(status["outcomes"]["accepted"], MEMBERS, "{status}");
    }
    for (index, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&index.to_string());
        let texts: Vec<_> = log.iter().map(|request| text(browser, &request.body)).collect();
        let first_times: Vec<_> = {
            let mut seen = HashSet::new();
            texts.iter().filter(|text| seen.insert(*text)).collect()
        };
        assert_eq!(first_times, ["before", "first", "second", "third"], "{texts:?}");
        assert!(texts.iter().filter(|text| *text != "first").count() == 3, "repeated: {texts:?}");
    }
}

/// The one who asked never heard of it; the log of SQLite's holds it all the same.
#[actix_web::test]
async fn killed_between_the_write_and_the_sync_a_publish_is_found_again_by_its_key() {
    let scene = Scene::of(MEMBERS).await;
    scene.disk.holds_syncs();
    let path = scene.daemon.call(Method::POST, "/v1/channels/news/notifications");
    let call = path.text("text/plain", "once").header("idempotency-key", "k");
    let unanswered = actix_web::rt::spawn(async move { call.try_send().await.is_err() });
    holds_one(&scene.disk).await;
    let Scene { service, disk, daemon, .. } = scene;
    let home = daemon.kill();
    assert!(unanswered.await.unwrap(), "there is no answer from the dead");

    disk.lets_syncs_go();
    let daemon = home.start_on(&disk, &service).await;
    is_ready(&daemon).await;
    let again = publish(&daemon, "news", "once").header("idempotency-key", "k").send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{:?}", again.body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "it had been stored");
    let id = again.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], MEMBERS);
    assert_eq!(service.requests(), MEMBERS as u64, "to each once");
}
