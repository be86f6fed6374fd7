//! Commits begin to fail in the middle of a fan-out of a thousand.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use super::{BEGINS, ENDS, Scene, fails_again, is_refused, lines, publish};
use crate::harness::daemon::Daemon;
use crate::harness::disk::{Of, Trouble};
use crate::harness::house::now;
use crate::harness::push_service::Answer;

const MEMBERS: usize = 1000;

/// As many requests as a push service is asked at once of which nothing is known yet.
const AT_ONCE: usize = 64;

#[actix_web::test]
async fn of_a_thousand_only_those_under_way_are_asked_while_commits_fail_and_the_rest_afterwards() {
    let scene = Scene::of(MEMBERS).await;
    let Scene { service, disk, daemon, .. } = &scene;
    service.answer_all(Answer::Hold);
    let id = daemon.notify("news", "to all").await;
    service.wait_for(AT_ONCE).await;
    disk.breaks(Trouble::Sync, Of::Everything);
    is_refused(&publish(daemon, "news", "refused").send().await);
    // Their results come in, and the gate has room for others.
    service.release_all();
    service.answer_all(Answer::status(201));
    // For longer than anybody stands in line before a gate: a try every quarter of a second.
    fails_again(disk, 12).await;
    assert_eq!(service.requests(), AT_ONCE as u64, "nothing was begun");
    disk.is_repaired();
    scene.is_ready().await;
    assert_eq!(put_off(daemon), 0, "nobody was sent away as from a slow push service");
    scene.all_arrive(&[id]).await;
    scene.each_once(&["to all"]);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many are to come again in more than five seconds.
fn put_off(daemon: &Daemon) -> i64 {
    let file = daemon.home().database();
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let until = now().as_millis() + 5000;
    let query = format!("SELECT count(*) AS count FROM subscription WHERE not_before > {until}");
    diesel::sql_query(query).get_result::<Count>(&mut connection).unwrap().count
}

#[actix_web::test]
async fn a_fan_out_that_is_broken_off_three_times_reaches_everybody_once_and_in_order() {
    let scene = Scene::of(MEMBERS / 2).await;
    let Scene { service, disk, daemon, .. } = &scene;
    let ids = [daemon.notify("news", "first").await, daemon.notify("news", "second").await];
    for (sent, trouble) in [(150, Trouble::Sync), (400, Trouble::Full(0)), (650, Trouble::ReadOnly)]
    {
        service.wait_for(sent).await;
        disk.breaks(trouble, Of::Everything);
        fails_again(disk, 3).await;
        disk.is_repaired();
        scene.is_ready().await;
    }
    scene.all_arrive(&ids).await;
    scene.each_once(&["first", "second"]);
    assert_eq!((lines(daemon, BEGINS), lines(daemon, ENDS)), (3, 3), "{}", daemon.log());
}
