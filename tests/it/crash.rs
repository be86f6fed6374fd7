//! SIGKILL in the middle of a fan-out: nothing lost, order kept, repeats only of what was under way.

use std::collections::HashSet;

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

const MEMBERS: usize = 2000;

/// Two arbiters (or as many as there are cores), each with so many deliveries under way at most.
const CREDITS: usize = 2048;

#[actix_web::test]
async fn kill_9_while_a_fan_out_of_two_thousand_is_under_way_loses_nothing_and_keeps_the_order() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..MEMBERS).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    let first = daemon.notify("news", "first").await;
    let second = daemon.notify("news", "second").await;
    service.wait_for(700).await;
    let home = daemon.kill();
    let before = service.requests();
    assert!(before < 2 * MEMBERS as u64, "the kill came before the end");

    let daemon = home.start(&service).await;
    for id in [&first, &second] {
        let status = daemon.finished(id).await;
        assert_eq!(status["outcomes"]["accepted"], MEMBERS, "{status}");
    }
    let mut repeats = 0;
    for (index, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&index.to_string());
        let bodies: Vec<_> = log
            .iter()
            .map(|request| {
                let body = browser.decrypt_json(&request.body);
                body["notification"]["body"].as_str().unwrap().to_owned()
            })
            .collect();
        let distinct: HashSet<_> = bodies.iter().collect();
        assert_eq!(distinct.len(), 2, "subscription {index} got {bodies:?}");
        assert!(bodies.is_sorted(), "subscription {index} got {bodies:?}: first, then second");
        repeats += bodies.len() - distinct.len();
    }
    let arbiters = std::thread::available_parallelism().unwrap().get();
    assert!(
        repeats <= arbiters * CREDITS,
        "{repeats} repeats of {before} requests before the kill"
    );
    println!(
        "killed after {before} requests; {repeats} were repeated, none lost, none out of order"
    );
}
