//! What is on the disk cannot be read: no panic, no end of the process, and an answer that says so.

use std::os::unix::fs::FileExt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use http::Method;

use super::{Scene, is_ready, is_refused, lines, publish};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::disk::{Of, Trouble};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn reads_that_fail_are_answered_503_told_once_and_over_when_they_are() {
    let scene = Scene::of(5).await;
    let Scene { disk, daemon, .. } = &scene;
    for (trouble, text) in [(Trouble::Read, "one"), (Trouble::Dead, "two")] {
        let id = daemon.notify("news", text).await;
        daemon.finished(&id).await;
        let path = format!("/v1/notifications/{id}");
        // What was read before this commit is read anew, and no longer from memory.
        daemon.notify("nobody", text).await;
        disk.breaks(trouble, Of::Everything);
        for _ in 0..20 {
            is_refused(&daemon.call(Method::GET, &path).send().await);
        }
        assert_eq!(daemon.call(Method::GET, "/healthz").send().await.status, 200);
        disk.is_repaired();
        scene.is_ready().await;
        assert_eq!(daemon.call(Method::GET, &path).send().await.status, 200);
    }
    assert_eq!(lines(daemon, "the store cannot be read"), 2, "{}", daemon.log());
    assert_eq!(lines(daemon, "the store can be read again"), 2, "{}", daemon.log());
    let id = daemon.notify("news", "afterwards").await;
    scene.all_arrive(&[id]).await;
    scene.each_once(&["one", "two", "afterwards"]);
    has_not_panicked(daemon);
}

/// What is open is open: the daemon opens no further file that it could be refused.
#[actix_web::test]
async fn where_no_file_can_be_opened_any_more_all_goes_on() {
    let scene = Scene::of(5).await;
    let Scene { disk, daemon, .. } = &scene;
    disk.breaks(Trouble::Open, Of::Everything);
    for n in 0..20 {
        let id = daemon.notify("news", &format!("{n}")).await;
        let path = format!("/v1/notifications/{id}");
        let asked = (0..8).map(|_| daemon.call(Method::GET, &path).send());
        for answer in futures_util::future::join_all(asked).await {
            assert_eq!(answer.status, 200);
        }
    }
    has_not_panicked(daemon);
}

fn has_not_panicked(daemon: &Daemon) {
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
}

#[derive(QueryableByName)]
struct Root {
    #[diesel(sql_type = BigInt)]
    rootpage: i64,
}

/// Writes nonsense over the first page of a table.
fn damage(home: &Home, table: &str) {
    let file = home.database();
    let root = {
        let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        let query = format!("SELECT rootpage FROM sqlite_master WHERE name = '{table}'");
        diesel::sql_query(query).get_result::<Root>(&mut connection).unwrap().rootpage
    };
    let offset = (u64::try_from(root).unwrap() - 1) * 4096;
    let file = std::fs::File::options().write(true).open(file).unwrap();
    file.write_all_at(&[0xa5; 4096], offset).unwrap();
}

/// A daemon that has delivered one notification, started anew over a damaged table.
async fn over_damaged(table: &str, service: &PushService) -> Daemon {
    let daemon = Home::new().start(service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let id = daemon.notify("news", "text").await;
    daemon.finished(&id).await;
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    damage(&home, table);
    home.start(service).await
}

async fn says_what_to_do(daemon: &Daemon) {
    let says = || async { daemon.log().contains("restore a backup").then_some(()) };
    eventually("the log says what to do", says).await;
    assert_eq!(daemon.call(Method::GET, "/healthz").send().await.status, 200);
    has_not_panicked(daemon);
}

#[actix_web::test]
async fn a_damaged_table_ends_no_process_and_the_log_says_what_to_do() {
    for table in ["notification", "idempotency", "channel"] {
        let service = PushService::start();
        let daemon = over_damaged(table, &service).await;
        for _ in 0..20 {
            let call = publish(&daemon, "news", "text").header("idempotency-key", "k");
            is_refused(&call.send().await);
        }
        says_what_to_do(&daemon).await;
        // In writing, in reading, and in the upkeep of each half second: each told once.
        let told = lines(&daemon, "is malformed");
        assert!(told <= 3, "{table}: {told} lines: {}", daemon.log());
        assert_eq!(service.requests(), 1, "{table}");
    }
}

#[actix_web::test]
async fn where_a_result_cannot_be_recorded_nothing_more_is_sent() {
    let service = PushService::start();
    // A table that only refusals need.
    let daemon = over_damaged("failure", &service).await;
    service.answer("it", [Answer::status(400)]);
    daemon.notify("news", "refused by the push service").await;
    daemon.notify("news", "next").await;
    says_what_to_do(&daemon).await;
    is_refused(&publish(&daemon, "news", "text").send().await);
    assert_eq!(daemon.call(Method::GET, "/readyz").send().await.status, 503);
    assert_eq!(service.requests(), 2, "neither the next one, nor the same again");
}

#[actix_web::test]
async fn a_start_on_a_disk_that_cannot_be_read_is_refused_with_a_reason() {
    let Scene { service, disk, daemon, .. } = Scene::of(1).await;
    let home = daemon.kill();
    disk.breaks(Trouble::Read, Of::Everything);
    let said = home.fail_to_start_on(&disk, &service);
    assert!(said.contains("the kernel's log says more") && !said.contains("panicked"), "{said}");
    disk.is_repaired();
    is_ready(&home.start_on(&disk, &service).await).await;
}
