//! Two daemons on one data directory, or on one database: the second is refused, and the first does not notice.

use super::refused;
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

#[actix_web::test]
async fn a_second_daemon_is_told_who_has_the_directory_and_the_first_goes_on() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let said = refused(&daemon.home().data(), &[]).await;
    let holder = format!("is used by another fanfare (process {}): stop that one", daemon.id());
    assert!(said.contains(&holder), "{said}");
    // Commands go through the socket, which is the first one's still.
    assert!(daemon.fanfare(&["channel", "list"]).contains("news"));
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
    // A lock ends with its process.
    let home = daemon.kill();
    drop(home.start(&service).await);
}

#[actix_web::test]
async fn a_database_that_two_directories_name_has_one_daemon() {
    let service = PushService::start();
    let home = Home::new();
    let database = home.path().join("shared.db");
    let url = format!("sqlite:{}", database.display());
    let mut command = home.command(&service);
    command.args(["--database-url", &url]);
    let daemon = home.start_with(command).await;
    let other = Home::new();
    let said = refused(&other.data(), &["--database-url", &url]).await;
    let holder = format!(
        "the database {} is used by another fanfare (process {})",
        database.display(),
        daemon.id()
    );
    assert!(said.contains(&holder), "{said}");
}
