//! A file that cannot be the database: refused before it is changed.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::refused;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

/// A data directory that a daemon has used and left.
async fn used() -> Home {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.terminate();
    let home = daemon.ended().await.1;
    // What a reader still held open at the end is folded in, so that the file is all there is.
    execute(&home.database(), "PRAGMA wal_checkpoint(TRUNCATE)");
    home
}

fn execute(database: &Path, sql: &str) {
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

#[actix_web::test]
async fn one_of_a_newer_version_is_refused_and_left_as_it_is() {
    let home = used().await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000009999')";
    execute(&home.database(), newer);
    let said = refused(&home.data(), &[]).await;
    assert!(
        said.contains("newer version (00000000009999): start the Fanfare that made it"),
        "{said}"
    );
}

#[actix_web::test]
async fn another_programs_database_is_refused() {
    for made in [
        "CREATE TABLE theirs (a)",
        "CREATE TABLE __diesel_schema_migrations (version TEXT); \
         INSERT INTO __diesel_schema_migrations VALUES ('20180114171611')",
    ] {
        let home = used().await;
        fs::remove_file(home.database()).unwrap();
        execute(&home.database(), made);
        let said = refused(&home.data(), &[]).await;
        assert!(said.contains("is another program's database: name another file"), "{said}");
    }
}

#[actix_web::test]
async fn what_is_no_database_or_no_whole_one_is_refused_with_a_backup_as_the_remedy() {
    let home = used().await;
    let whole = fs::read(home.database()).unwrap();
    let mut scribbled = whole.clone();
    scribbled[100..200].fill(0xff);
    let rows = [
        (b"not a database".to_vec(), "is not an SQLite database"),
        (vec![0; 4096], "is not an SQLite database"),
        (whole[..whole.len() - 4096].to_vec(), "so a part of the database is missing"),
        (whole[..500].to_vec(), "so a part of the database is missing"),
        (scribbled, "the file is damaged"),
    ];
    for (bytes, words) in rows {
        fs::write(home.database(), bytes).unwrap();
        let said = refused(&home.data(), &[]).await;
        assert!(said.contains(words) && said.contains("fanfare restore"), "{words}: {said}");
    }
    fs::remove_file(home.database()).unwrap();
    fs::create_dir(home.database()).unwrap();
    let said = refused(&home.data(), &[]).await;
    assert!(said.contains("is not an SQLite database"), "{said}");
}

#[actix_web::test]
async fn a_log_without_its_database_is_not_thrown_away() {
    let home = used().await;
    let log = home.data().join("fanfare.db-wal");
    for is_there in [true, false] {
        fs::write(home.database(), "").unwrap();
        if !is_there {
            fs::remove_file(home.database()).unwrap();
        }
        fs::write(&log, "what was committed last").unwrap();
        let said = refused(&home.data(), &[]).await;
        assert!(said.contains("put the database back, or restore a backup"), "{said}");
        assert_eq!(home.database().exists(), is_there, "none is made");
    }
}

#[actix_web::test]
async fn an_empty_file_becomes_a_new_database_as_after_a_first_start_that_was_cut_short() {
    let service = PushService::start();
    let home = used().await;
    fs::write(home.database(), "").unwrap();
    let daemon = home.start(&service).await;
    daemon
        .subscribe(&crate::harness::browser::Browser::new(), &service.endpoint("it"), "news")
        .await;
}

#[actix_web::test]
async fn one_that_was_killed_with_its_log_full_is_whole() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = crate::harness::browser::Browser::new();
    daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let home = daemon.kill();
    assert!(fs::metadata(home.data().join("fanfare.db-wal")).unwrap().len() > 0);
    let daemon = home.start(&service).await;
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
}
