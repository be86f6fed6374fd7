//! A backup of a store that everything is happening in is one moment of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use futures_util::future::join_all;

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

const MEMBERS: usize = 100;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    public_id: String,
}

fn number(connection: &mut SqliteConnection, query: &str) -> i64 {
    let query = format!("SELECT ({query}) AS value");
    diesel::sql_query(query).get_result::<Number>(connection).unwrap().value
}

/// Notifications whose sum is not that of the cursors before them. All members were there before, and nobody left.
const WRONG_SUMS: &str = "
    SELECT count(*) FROM notification n WHERE
        recipients - accepted - gone - expired - superseded - rejected - too_large - unsubscribed - cancelled
        <> (SELECT count(*) FROM membership m WHERE m.channel_id = n.channel_id AND m.done_seq < n.seq)
        OR (finished IS NULL) <> (recipients > accepted)";

const WRONG_COUNTS: &str = "
    SELECT count(*) FROM channel c WHERE
        open <> (SELECT count(*) FROM notification n WHERE n.channel_id = c.id AND finished IS NULL)
        OR members <> (SELECT count(*) FROM membership m WHERE m.channel_id = c.id)
        OR head <> (SELECT coalesce(max(seq), 0) FROM notification n WHERE n.channel_id = c.id)";

#[actix_web::test]
async fn a_backup_under_load_is_one_moment_with_everything_that_was_answered_before() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..MEMBERS).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    let mut accepted = Vec::new();
    for round in 0..3 {
        let before = join_all((0..10).map(|_| daemon.notify("news", "before"))).await;
        accepted.extend(before);
        service.wait_for(accepted.len() * MEMBERS / 10).await;
        let file = daemon.home().beside(&format!("backup-{round}"));
        let (home, target) = (daemon.home().data(), file.clone());
        let backup = std::thread::spawn(move || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fanfare"));
            command.args(["backup", &target, "--data-dir"]).arg(home).output().unwrap()
        });
        let mut meanwhile = Vec::new();
        while !backup.is_finished() {
            meanwhile.extend(join_all((0..4).map(|_| daemon.notify("news", "meanwhile"))).await);
        }
        let output = backup.join().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(meanwhile.len() >= 4, "it went on beside the daemon");

        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut copy = SqliteConnection::establish(&file).unwrap();
        for wrong in [WRONG_SUMS, WRONG_COUNTS] {
            assert_eq!(number(&mut copy, wrong), 0, "{wrong}");
        }
        let held = diesel::sql_query("SELECT public_id FROM notification").load::<Id>(&mut copy);
        let held: Vec<_> = held.unwrap().into_iter().map(|row| row.public_id).collect();
        assert!(accepted.iter().all(|id| held.contains(id)), "what was answered before is in it");
        accepted.extend(meanwhile);
    }
    for id in &accepted {
        assert_eq!(daemon.finished(id).await["outcomes"]["accepted"], MEMBERS);
    }
    assert!(!Path::new(&daemon.home().beside(".backup-0.part")).exists());
}

#[actix_web::test]
async fn a_backup_overwrites_nothing_unless_it_is_told_to_and_needs_no_daemon() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("one"), "news").await;
    let file = daemon.home().beside("backup");
    std::fs::write(&file, "mine").unwrap();
    let output = daemon.home().run(&["backup", &file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("exists already"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    daemon.fanfare(&["backup", "--force", &file]);
    // What is in the log and not yet in the file is in a backup too, also of a daemon that was killed.
    daemon.subscribe(&Browser::new(), &service.endpoint("two"), "news").await;
    let home = daemon.kill();
    let later = home.beside("later");
    assert!(home.run(&["backup", &later]).status.success());
    let streamed = home.run(&["backup", "-"]);
    assert!(streamed.status.success());
    let third = home.beside("streamed");
    std::fs::write(&third, streamed.stdout).unwrap();
    for (file, expected) in [(&file, 1), (&later, 2), (&third, 2)] {
        let mut copy = SqliteConnection::establish(file).unwrap();
        assert_eq!(number(&mut copy, "SELECT count(*) FROM subscription"), expected);
    }
    let output = Home::new().run(&["backup", &home.beside("none")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("there is no database at"), "{said}");
}
