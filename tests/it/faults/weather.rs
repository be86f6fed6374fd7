//! Faults of all kinds come and go while a publisher publishes: it repeats what was refused under the same key, and
//! everybody gets everything, once and in order.

use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use rand::RngExt;

use super::{BEGINS, ENDS, Fault, Scene, fails_again, lines, publish};
use crate::harness::disk::Trouble;

const MEMBERS: usize = 30;

/// Spells of bad weather.
const SPELLS: usize = 8;

const FAULTS: [Fault; 9] = [
    Fault::Disk(Trouble::Full(0)),
    Fault::Disk(Trouble::Full(30_000)),
    Fault::Disk(Trouble::Quota),
    Fault::Disk(Trouble::ReadOnly),
    Fault::Disk(Trouble::Write),
    Fault::Disk(Trouble::Sync),
    Fault::Disk(Trouble::Read),
    Fault::Disk(Trouble::Dead),
    Fault::Locked,
];

#[actix_web::test]
async fn whatever_fails_for_a_while_everybody_gets_everything_once_and_in_order() {
    let scene = Scene::of(MEMBERS).await;
    let Scene { service, disk, daemon, .. } = &scene;
    let is_over = AtomicBool::new(false);
    let publisher = async {
        let (mut ids, mut refused) = (Vec::new(), 0);
        while !is_over.load(Ordering::Relaxed) {
            let (text, key) = (format!("{}", ids.len()), format!("k{}", ids.len()));
            let answer =
                publish(daemon, "news", &text).header("idempotency-key", &key).send().await;
            match answer.status {
                StatusCode::ACCEPTED => ids.push(answer.json()["id"].as_str().unwrap().to_owned()),
                StatusCode::SERVICE_UNAVAILABLE => refused += 1,
                other => panic!("{other}: {:?}", answer.body),
            }
        }
        (ids, refused)
    };
    let weather = async {
        let mut told = Vec::new();
        for _ in 0..SPELLS {
            let requests = usize::try_from(service.requests()).unwrap();
            service.wait_for(requests + rand::rng().random_range(1..100)).await;
            let fault = FAULTS[rand::rng().random_range(0..FAULTS.len())];
            told.push(fault);
            let broken = fault.begins(disk, daemon);
            match fault {
                Fault::Disk(Trouble::Read) => {}
                Fault::Disk(_) => fails_again(disk, rand::rng().random_range(1..4)).await,
                Fault::Locked => drop(publish(daemon, "other", "text").send().await),
            }
            drop(broken);
        }
        is_over.store(true, Ordering::Relaxed);
        told
    };
    let ((ids, refused), told) = futures_util::join!(publisher, weather);
    scene.is_ready().await;
    scene.all_arrive(&ids).await;
    let sent: Vec<_> = (0..ids.len()).map(|n| n.to_string()).collect();
    scene.each_once(&sent.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(lines(daemon, BEGINS), lines(daemon, ENDS), "{told:?}");
    assert!(!daemon.log().contains("panicked"), "{told:?}");
    println!("{told:?}: {} accepted, {refused} refused", ids.len());
}
