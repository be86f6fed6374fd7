//! No 202 before the commit, seen from below: the notification is written to the log, the log is made durable, and only
//! then the first byte of the answer leaves.

use std::collections::HashMap;

use futures_util::future::join_all;
use http::StatusCode;

use super::{Scene, holds_one, publish};
use crate::harness::disk::Deed;

/// The 202s among the deeds, by the notification that each names.
fn accepted(deeds: &[Deed]) -> Vec<(usize, String)> {
    let name = |(at, deed): (usize, &Deed)| {
        let Deed::Answers(bytes) = deed else { return None };
        let head = String::from_utf8_lossy(bytes).into_owned();
        let location =
            head.lines().find_map(|line| line.strip_prefix("location: /v1/notifications/"));
        head.starts_with("HTTP/1.1 202").then(|| (at, location.expect("a location").to_owned()))
    };
    deeds.iter().enumerate().filter_map(name).collect()
}

/// The notifications whose 202 left before they were durable.
fn early(deeds: &[Deed]) -> Vec<String> {
    let written = first_written(deeds);
    let is_durable = |at: usize, id: &str| {
        let Some(written) = written.get(id.as_bytes()).filter(|written| **written < at) else {
            return false;
        };
        // A sync that had begun before may have missed it.
        let after = &deeds[*written..at];
        let begins = after.iter().position(|deed| *deed == Deed::SyncBegins);
        begins.is_some_and(|begins| after[begins..].contains(&Deed::Synced))
    };
    accepted(deeds).into_iter().filter(|(at, id)| !is_durable(*at, id)).map(|(_, id)| id).collect()
}

/// Where each notification was written first.
fn first_written(deeds: &[Deed]) -> HashMap<&[u8], usize> {
    let mut first = HashMap::new();
    for (at, deed) in deeds.iter().enumerate() {
        let Deed::Wrote(bytes) = deed else { continue };
        let begins = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'n').map(|(at, _)| at);
        for id in begins.map(|begin| &bytes[begin..]).filter(|rest| rest.starts_with(PREFIX)) {
            let ends = id[PREFIX.len()..].iter().position(|byte| !byte.is_ascii_alphanumeric());
            let length = ends.map_or(id.len(), |ends| PREFIX.len() + ends).min(LENGTH);
            first.entry(&id[..length]).or_insert(at);
        }
    }
    first
}

/// How a notification's id begins, and how long it is: whatever may follow it on a page.
const PREFIX: &[u8] = b"ntf_";
const LENGTH: usize = 26;

#[actix_web::test]
async fn every_202_leaves_after_the_sync_that_followed_the_write_of_its_notification() {
    let scene = Scene::of(3).await;
    scene.disk.records();
    for _ in 0..10 {
        let posts = (0..20).map(|n| publish(&scene.daemon, "news", &format!("text {n}")).send());
        for answer in join_all(posts).await {
            assert_eq!(answer.status, StatusCode::ACCEPTED);
        }
    }
    let deeds = scene.disk.deeds();
    assert_eq!(accepted(&deeds).len(), 200);
    assert_eq!(early(&deeds), [""; 0]);
}

#[actix_web::test]
async fn while_a_sync_lasts_its_202_is_not_sent() {
    let scene = Scene::of(1).await;
    scene.disk.records();
    scene.disk.holds_syncs();
    let post = actix_web::rt::spawn(publish(&scene.daemon, "news", "text").send());
    holds_one(&scene.disk).await;
    // Whoever needs no commit is answered meanwhile.
    let alive = scene.daemon.call(http::Method::GET, "/healthz").send().await;
    assert_eq!(alive.status, StatusCode::OK);
    assert_eq!(accepted(&scene.disk.deeds()), []);
    assert_eq!(scene.service.requests(), 0, "nor is it pushed");
    scene.disk.lets_syncs_go();
    assert_eq!(post.await.unwrap().status, StatusCode::ACCEPTED);
    scene.service.wait_for(1).await;
}

fn wrote(text: &str) -> Deed {
    Deed::Wrote(format!("…{text}…").into_bytes())
}

fn answers(id: &str) -> Deed {
    let head = format!("HTTP/1.1 202 Accepted\r\nlocation: /v1/notifications/{id}\r\n\r\n{{}}");
    Deed::Answers(head.into_bytes())
}

#[test]
fn an_answer_that_is_early_is_found_wherever_it_comes() {
    use Deed::{SyncBegins, Synced};
    let rows: [(&str, Vec<Deed>, bool); 8] = [
        ("in order", vec![wrote("ntf_one"), SyncBegins, Synced, answers("ntf_one")], false),
        (
            "with more between",
            vec![
                wrote("ntf_one"),
                wrote("ntf_two"),
                SyncBegins,
                Synced,
                answers("ntf_two"),
                answers("ntf_one"),
            ],
            false,
        ),
        ("before the sync", vec![wrote("ntf_one"), answers("ntf_one"), SyncBegins, Synced], true),
        ("during the sync", vec![wrote("ntf_one"), SyncBegins, answers("ntf_one"), Synced], true),
        ("after a sync that failed", vec![wrote("ntf_one"), SyncBegins, answers("ntf_one")], true),
        ("without a sync", vec![wrote("ntf_one"), answers("ntf_one")], true),
        ("never written", vec![wrote("ntf_two"), SyncBegins, Synced, answers("ntf_one")], true),
        (
            "written during a sync",
            vec![SyncBegins, wrote("ntf_one"), Synced, answers("ntf_one")],
            true,
        ),
    ];
    for (what, deeds, is_early) in rows {
        assert_eq!(early(&deeds).contains(&"ntf_one".to_owned()), is_early, "{what}");
    }
    let refused = Deed::Answers(b"HTTP/1.1 503 Service Unavailable\r\n\r\n".to_vec());
    assert_eq!(early(&[refused]), [""; 0], "only a 202 promises something");
}
