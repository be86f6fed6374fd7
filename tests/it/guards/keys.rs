//! A VAPID key that is missing or was changed while subscriptions were made with it: refused, until it is back.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::webpush::vapid::VapidKey;

use super::refused;
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

/// A home in which a browser has subscribed, its key in the file that an import reads, and the key's public half.
async fn subscribed(service: &PushService) -> (Home, std::path::PathBuf, String) {
    let daemon = Home::new().start(service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let pair = daemon.fanfare(&["vapid", "export"]);
    let public = VapidKey::import(&pair).unwrap().public_base64url().to_owned();
    let file = daemon.home().path().join("key.json");
    std::fs::write(&file, pair).unwrap();
    daemon.terminate();
    (daemon.ended().await.1, file, public)
}

fn execute(home: &Home, sql: &str) {
    let database = home.database();
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    connection.batch_execute(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn import(home: &Home, file: &Path) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["vapid", "import", file.to_str().unwrap(), "--data-dir"])
        .arg(home.data())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[actix_web::test]
async fn a_key_that_is_missing_or_changed_is_refused_until_it_is_imported_again() {
    let service = PushService::start();
    let other = VapidKey::generate().unwrap();
    let (public, scalar) = (hex(other.public()), hex(other.scalar()));
    let damages = [
        ("DELETE FROM vapid_key".to_owned(), "is missing"),
        (
            format!("UPDATE vapid_key SET public = x'{public}', scalar = x'{scalar}'"),
            "has been changed",
        ),
        (format!("UPDATE vapid_key SET scalar = x'{scalar}'"), "does not belong to the public one"),
        (format!("UPDATE vapid_key SET public = x'{public}'"), "does not belong to the public one"),
    ];
    for (damage, words) in damages {
        let (home, file, key) = subscribed(&service).await;
        execute(&home, &damage);
        let said = refused(&home.data(), &[]).await;
        assert!(
            said.starts_with("error: app default: ") || said.contains("app default: "),
            "{said}"
        );
        assert!(said.contains(words), "{words}: {said}");
        assert!(said.contains("`fanfare vapid import --app default FILE`"), "{said}");
        assert!(said.contains("`fanfare restore`"), "{said}");
        import(&home, &file);
        let daemon = home.start(&service).await;
        let id = daemon.notify("news", "text").await;
        assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1, "{damage}");
        let sent = service.log_of("it").last().unwrap().header("authorization").to_owned();
        assert!(sent.ends_with(&format!("k={key}")), "{sent}");
    }
}

#[actix_web::test]
async fn a_subscription_whose_key_nobody_knows_is_refused() {
    let service = PushService::start();
    let (home, ..) = subscribed(&service).await;
    execute(&home, "UPDATE subscription SET vapid_key_id = 999");
    let said = refused(&home.data(), &[]).await;
    assert!(said.contains("app default: its VAPID key is missing"), "{said}");
}

#[actix_web::test]
async fn an_older_key_is_needed_as_long_as_somebody_has_it() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let made = daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    daemon.fanfare(&["vapid", "rotate"]);
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    execute(&home, "DELETE FROM vapid_key WHERE NOT is_current");
    refused(&home.data(), &[]).await;
    execute(
        &home,
        &format!(
            "DELETE FROM membership; DELETE FROM subscription WHERE public_id = '{}'",
            made["id"].as_str().unwrap()
        ),
    );
    drop(home.start(&service).await);
}

#[actix_web::test]
async fn where_nobody_has_subscribed_a_lost_key_is_replaced() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    execute(&home, "DELETE FROM vapid_key");
    let daemon = home.start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
    // And that one is missed.
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    execute(&home, "DELETE FROM vapid_key");
    assert!(refused(&home.data(), &[]).await.contains("is missing"));
}
