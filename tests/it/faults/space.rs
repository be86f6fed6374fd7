//! Space that runs out for real: files that may not grow, a disk with a little to spare, a log that cannot be folded into
//! the database.

use std::path::PathBuf;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use http::{Method, StatusCode};
use serde_json::json;

use super::{BEGINS, ENDS, Scene, fails_again, is_ready, is_refused, lines, publish};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::disk::{Of, Trouble};
use crate::harness::house::eventually;
use crate::harness::push_service::PushService;

/// A log of this size is folded into the database.
const FOLDED_AT: u64 = 16 << 20;

fn wal(home: &Home) -> PathBuf {
    let mut file = home.database().into_os_string();
    file.push("-wal");
    file.into()
}

fn size_of_wal(daemon: &Daemon) -> u64 {
    std::fs::metadata(wal(daemon.home())).map_or(0, |file| file.len())
}

/// Publishes until it is refused; answers the ids of what was accepted.
async fn publish_until_refused(daemon: &Daemon, channel: &str) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let answer = publish(daemon, channel, &format!("text {}", ids.len())).send().await;
        if answer.status != StatusCode::ACCEPTED {
            is_refused(&answer);
            return ids;
        }
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
}

#[actix_web::test]
async fn where_the_kernel_lets_no_file_grow_it_waits_until_they_may() {
    let service = PushService::start();
    let daemon = Home::new().start_limited(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    daemon.limit_files(Some(size_of_wal(&daemon) + 200_000));
    let ids = publish_until_refused(&daemon, "news").await;
    assert!(!ids.is_empty());
    assert_eq!(daemon.call(Method::GET, "/readyz").send().await.status, 503);
    daemon.limit_files(None);
    is_ready(&daemon).await;
    for id in &ids {
        assert_eq!(daemon.finished(id).await["outcomes"]["accepted"], 1);
    }
    assert_eq!(service.requests(), ids.len() as u64, "each once");
    assert_eq!((lines(&daemon, BEGINS), lines(&daemon, ENDS)), (1, 1), "{}", daemon.log());
}

/// Something small still fits where a batch does not: that must not make it open and shut all the time.
#[actix_web::test]
async fn a_disk_with_a_little_to_spare_is_full_until_there_is_room_for_more() {
    for room in [60_000, 400_000] {
        let scene = Scene::of(3).await;
        let Scene { disk, daemon, .. } = &scene;
        disk.breaks(Trouble::Full(room), Of::Everything);
        let mut ids = publish_until_refused(daemon, "news").await;
        for _ in 0..5 {
            fails_again(disk, 1).await;
            is_refused(&publish(daemon, "news", "refused").send().await);
        }
        assert_eq!((lines(daemon, BEGINS), lines(daemon, ENDS)), (1, 0), "{room}");
        disk.is_repaired();
        scene.is_ready().await;
        ids.push(daemon.notify("news", "afterwards").await);
        scene.all_arrive(&ids).await;
        let texts = scene.texts();
        assert!(texts.iter().all(|texts| texts.len() == ids.len()), "each once: {texts:?}");
    }
}

/// Publishes to channels without members, `nobody` among them, until the log is so large.
async fn grow_wal_to(daemon: &Daemon, size: u64) -> usize {
    let mut channels: Vec<_> = (1..50).map(|n| format!("nobody:{n}")).collect();
    channels.push("nobody".to_owned());
    let body = json!({ "channels": channels, "notification": { "title": "t".repeat(2000) } });
    let mut published = 0;
    while size_of_wal(daemon) < size {
        let answer = daemon.call(Method::POST, "/v1/notifications").json(&body).send().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
        published += 1;
    }
    published
}

#[derive(QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[actix_web::test]
async fn a_log_that_cannot_be_folded_into_the_database_grows_and_loses_nothing() {
    let scene = Scene::of(1).await;
    let Scene { service, disk, daemon, .. } = scene;
    disk.breaks(Trouble::Write, Of::Database);
    let mut published = grow_wal_to(&daemon, FOLDED_AT + FOLDED_AT / 2).await;
    let (begins, ends) =
        ("cannot be folded into the database", "has been folded into the database");
    assert_eq!(
        (lines(&daemon, begins), lines(&daemon, ends)),
        (1, 0),
        "tried three times, told once"
    );
    assert_eq!(lines(&daemon, BEGINS), 0, "it takes notifications all the while");
    disk.is_repaired();
    let folded = || async {
        published_one(&daemon).await;
        (size_of_wal(&daemon) < FOLDED_AT).then_some(())
    };
    eventually("the log is folded", folded).await;
    assert_eq!((lines(&daemon, begins), lines(&daemon, ends)), (1, 1));

    // It cannot be cut short, and the daemon is killed over it.
    disk.breaks(Trouble::Truncate, Of::Everything);
    published += grow_wal_to(&daemon, FOLDED_AT + 1).await;
    let failed = || async { (lines(&daemon, begins) == 2).then_some(()) };
    eventually("it has been tried", failed).await;
    let last = daemon.notify("news", "last").await;
    let home = daemon.kill();
    disk.is_repaired();
    let daemon = home.start_on(&disk, &service).await;
    assert!(size_of_wal(&daemon) < FOLDED_AT, "a start folds what a crash has left");
    assert_eq!(daemon.finished(&last).await["outcomes"]["accepted"], 1);
    let path = daemon.call(Method::GET, "/v1/channels/nobody/notifications?limit=1").send().await;
    let newest = path.json()["items"][0]["seq"].as_u64().unwrap();
    assert!(newest >= published as u64, "{newest} of {published}");
    let (_, home) = {
        daemon.terminate();
        daemon.ended().await
    };
    let mut connection = SqliteConnection::establish(&home.database().to_string_lossy()).unwrap();
    let found: Vec<Integrity> =
        diesel::sql_query("PRAGMA integrity_check").load(&mut connection).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].integrity_check, "ok");
}

async fn published_one(daemon: &Daemon) {
    daemon.notify("nobody", "text").await;
}
