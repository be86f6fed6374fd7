//! A backup in the database's place: what it held goes on, what came after it is kept aside, and what is no backup
//! changes nothing.

use std::collections::HashSet;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use http::Method;
use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::push_service::{Answer, PushService};

fn epochs(service: &PushService, token: &str, browser: &Browser) -> HashSet<String> {
    let log = service.log_of(token);
    let epoch = |body: &[u8]| {
        browser.decrypt_json(body)["notification"]["data"]["fanfare"]["epoch"]
            .as_str()
            .map(str::to_owned)
    };
    log.iter().filter_map(|request| epoch(&request.body)).collect()
}

async fn status(daemon: &Daemon, id: &str) -> u16 {
    let path = format!("/v1/notifications/{id}");
    daemon.call(Method::GET, &path).send().await.status.as_u16()
}

#[actix_web::test]
async fn a_restored_store_goes_on_where_the_backup_was_made_and_repeats_no_number() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers = [Browser::new(), Browser::new()];
    let made = daemon.subscribe(&browsers[0], &service.endpoint("one"), "news").await;
    daemon.subscribe(&browsers[1], &service.endpoint("two"), "news").await;
    let settled = daemon.notify("news", "settled").await;
    daemon.finished(&settled).await;
    service.answer_all(Answer::Hold);
    let open = daemon.notify("news", "open").await;
    service.wait_for(4).await;
    let backup = daemon.home().beside("backup");
    daemon.fanfare(&["backup", &backup]);
    service.answer_all(Answer::status(201));
    service.release_all();
    daemon.finished(&open).await;
    let later = daemon.notify("news", "later").await;
    daemon.finished(&later).await;

    let refused = daemon.home().run(&["restore", &backup]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("stop that one first"), "{said}");
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    let done = home.run(&["restore", &backup, "--json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&done["subscriptions"], &done["open"]), (&2.into(), &1.into()));

    let before = service.requests();
    let daemon = home.start(&service).await;
    let view = daemon.finished(&open).await;
    assert_eq!(view["outcomes"]["accepted"], 2, "{view}");
    assert_eq!(service.requests(), before + 2, "what was open is sent again, and nothing else");
    assert_eq!((status(&daemon, &settled).await, status(&daemon, &later).await), (200, 404));
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    let own = daemon.call_of_anybody(Method::GET, &path).bearer(made["secret"].as_str().unwrap());
    assert_eq!(own.send().await.status, 200, "what was given to a browser opens what it opened");
    let next = daemon.notify("news", "next").await;
    assert_eq!(daemon.finished(&next).await["seq"], 3, "a number that was given before");
    assert_eq!(epochs(&service, "one", &browsers[0]).len(), 2, "in another life of the channel");

    // And back again.
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    let back = home.run(&["restore", done["kept"].as_str().unwrap()]);
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    let daemon = home.start(&service).await;
    assert_eq!((status(&daemon, &next).await, status(&daemon, &later).await), (404, 200));
    assert_eq!(epochs(&service, "two", &browsers[1]).len(), 2);
}

#[actix_web::test]
async fn what_is_no_backup_of_ours_changes_nothing() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("one"), "news").await;
    let backup = daemon.home().beside("backup");
    daemon.fanfare(&["backup", &backup]);
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    let whole = std::fs::read(&backup).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = home.beside(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let damaged: Vec<_> = whole
        .iter()
        .enumerate()
        .map(|(at, byte)| if at / 4096 == 3 { !byte } else { *byte })
        .collect();
    let newer = file("newer", &whole);
    let mut connection = SqliteConnection::establish(&newer).unwrap();
    let later = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990000000000')";
    connection.batch_execute(later).unwrap();
    let foreign = home.beside("foreign");
    let mut other = SqliteConnection::establish(&foreign).unwrap();
    other.batch_execute("CREATE TABLE meta (key TEXT); CREATE TABLE other (x)").unwrap();
    let in_use = file("in-use", &whole);
    file("in-use-wal", b"something");
    let cases = [
        (file("text", b"fanfare"), "is damaged"),
        (file("empty", b""), "is no database of Fanfare's"),
        (file("damaged", &damaged), "is damaged"),
        (file("cut", &whole[..whole.len() / 2]), "is damaged"),
        (newer, "is of a newer version"),
        (foreign, "is no database of Fanfare's"),
        (in_use, "has a write-ahead log beside it"),
        (home.beside("nowhere"), "cannot be read"),
    ];
    let before = std::fs::read(home.database()).unwrap();
    for (path, words) in cases {
        let refused = home.run(&["restore", &path]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(words), "{path}: {said}");
        assert!(std::fs::read(home.database()).unwrap() == before, "{path}");
        let names = std::fs::read_dir(home.data()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        let left = names.iter().filter(|name| name.to_string_lossy().contains("restor"));
        assert_eq!(left.count(), 0, "{names:?}");
    }
    let daemon = home.start(&service).await;
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
}

/// A database as the first version left it.
fn oldest(path: &str) {
    let mut connection = SqliteConnection::establish(path).unwrap();
    let migrations =
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,
                          run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
                      INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000001');";
    connection.batch_execute(migrations).unwrap();
    let tables = include_str!("../../../migrations/sqlite/00000000000001_create_tables/up.sql");
    connection.batch_execute(tables).unwrap();
    let rows = "INSERT INTO app (id, name, settings, token_secret, created) VALUES (1, 'default', '{}', x'00', 0);
                INSERT INTO channel (app_id, name, epoch, head) VALUES (1, 'news', '000000000000', 7);";
    connection.batch_execute(rows).unwrap();
}

#[actix_web::test]
async fn an_older_backup_is_brought_up_to_date_also_where_nothing_was() {
    let home = Home::new();
    let backup = home.beside("oldest");
    oldest(&backup);
    let done = home.run(&["restore", &backup, "--json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(done["kept"].is_null(), "{done}");
    assert!(!Path::new(&format!("{}-wal", home.database().display())).exists());
    let shown = home.run(&["channel", "show", "news", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["head"], 7, "{shown}");
    let mut connection = SqliteConnection::establish(home.database().to_str().unwrap()).unwrap();
    let another = "UPDATE channel SET epoch = 'changed' WHERE epoch <> '000000000000'";
    let changed = diesel::sql_query(another).execute(&mut connection).unwrap();
    assert_eq!(changed, 1, "it is another life of the channel");
}
