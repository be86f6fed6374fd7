//! The program itself: killed in the middle of a wave, and told by the command line what becomes of it.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::Value;

use super::disowns;
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

const MEMBERS: usize = 250;

const GONE: usize = 150;

/// The one quarantine, when all who went are in it.
async fn held_back(daemon: &Daemon) -> Value {
    let look = || async {
        let list = daemon.call(Method::GET, "/v1/quarantines").send().await.json();
        let first = list["items"][0].clone();
        (first["subscriptions"] == GONE).then_some(first)
    };
    eventually("all who went are held back", look).await
}

#[actix_web::test]
async fn a_wave_survives_kill_9_is_said_once_and_is_undone_by_the_command_line() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..MEMBERS).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    // Too few for the brake before the kill: what it counts by then is on disk alone.
    service.answer_with(|request| {
        let number: usize = request.token.parse().unwrap();
        match (request.index < 90, number < GONE) {
            (true, true) => Answer::status(410),
            (true, false) => Answer::status(201),
            (false, _) => Answer::Never,
        }
    });
    let wave = daemon.notify("news", "the wave").await;
    service.wait_for(91).await;
    let home = daemon.kill();
    let disowned = disowns(&service, GONE);
    let daemon = home.start(&service).await;
    let outcomes = daemon.finished(&wave).await["outcomes"].take();
    assert_eq!((&outcomes["gone"], &outcomes["accepted"]), (&GONE.into(), &100.into()));
    let quarantine = held_back(&daemon).await;
    let id = quarantine["id"].as_str().unwrap().to_owned();
    assert_eq!((&quarantine["cause"], &quarantine["state"]), (&"gone".into(), &"open".into()));
    let home = daemon.kill();
    let said = home.log();
    let alerts: Vec<_> = said.lines().filter(|line| line.contains("too many")).collect();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    for word in ["ERROR", "default", &service.origin(), "subscription restore --quarantine", &id] {
        assert!(alerts[0].contains(word), "{word} is not in {}", alerts[0]);
    }

    disowned.store(0, Ordering::Relaxed);
    let daemon = home.start(&service).await;
    let gauge = "fanfare_quarantined_subscriptions{push_service=\"other\"} 150";
    eventually("the metrics say so", || async {
        let metrics = daemon.call(Method::GET, "/metrics").send().await;
        String::from_utf8_lossy(&metrics.body).contains(gauge).then_some(())
    })
    .await;
    let listed = daemon.fanfare(&["subscription", "list", "--quarantined"]);
    assert!(listed.contains(&id) && listed.contains("150"), "{listed}");
    let undone = daemon.fanfare(&["subscription", "restore", "--quarantine", &id]);
    assert_eq!(undone, "150 subscriptions are back in their channels\n");
    let next = daemon.notify("news", "next").await;
    assert_eq!(daemon.finished(&next).await["outcomes"]["accepted"], MEMBERS);
    let again = daemon.fanfare(&["subscription", "restore", "--all", "--json"]);
    assert_eq!(again, "{\"moved\":0,\"quarantines\":[]}\n");
}
