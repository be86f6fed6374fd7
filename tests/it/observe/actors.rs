//! The tree and its actors over the API of a daemon that delivers.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

async fn get(daemon: &Daemon, path: &str) -> Value {
    let answer = daemon.call(Method::GET, path).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {:?}", answer.body);
    answer.json()
}

fn ids(nodes: &Value) -> Vec<&str> {
    nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect()
}

/// A daemon of whose notification to ten devices nothing is answered yet.
async fn daemon() -> (PushService, Daemon) {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.command(&service);
    command.args(["--observe-acting", "true"]);
    let daemon = home.start_with(command).await;
    let browsers: Vec<_> = (0..10).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    service.answer_all(Answer::Hold);
    daemon.notify("news", "text").await;
    service.wait_for(10).await;
    (service, daemon)
}

#[actix_web::test]
async fn the_tree_lists_parents_first_and_the_children_of_those_that_are_opened() {
    let (_service, daemon) = daemon().await;
    let tree = get(&daemon, "/v1/observe/tree").await;
    let closed = ids(&tree["nodes"]);
    assert_eq!(closed[..4], ["root", "journal", "http", "channels"]);
    assert!(closed[4..].iter().enumerate().all(|(n, id)| *id == format!("subscriptions.{n}")));
    let alive: u64 = tree["nodes"].as_array().unwrap()[4..]
        .iter()
        .map(|node| {
            assert_eq!(node["hidden"], node["children"]["alive"]);
            node["children"]["alive"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(alive, 10);
    let open = get(&daemon, "/v1/observe/tree?expand=channels,subscriptions.0&limit=2").await;
    let nodes = open["nodes"].as_array().unwrap();
    let channel = nodes.iter().find(|node| node["kind"] == "ChannelWorker").unwrap();
    assert_eq!(
        (channel["name"].as_str(), channel["parent"].as_str()),
        (Some("news"), Some("channels"))
    );
    assert_eq!(channel["hidden"], Value::Null);
    let below = nodes.iter().filter(|node| node["parent"] == "subscriptions.0").count() as u64;
    let supervisor = nodes.iter().find(|node| node["id"] == "subscriptions.0").unwrap();
    let children = supervisor["children"]["alive"].as_u64().unwrap();
    assert_eq!((below, supervisor["hidden"].as_u64()), (children.min(2), Some(children - below)));
    let bad = daemon.call(Method::GET, "/v1/observe/tree?expand=nobody").send().await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn actors_are_searched_sorted_and_paged() {
    let (_service, daemon) = daemon().await;
    let all = get(&daemon, "/v1/observe/actors?kind=SubscriptionWorker&limit=3&offset=1").await;
    let supervisors = get(&daemon, "/v1/observe/actors?kind=SubscriptionSupervisor").await;
    let arbiters = supervisors["matched"].as_u64().unwrap();
    assert_eq!(all["total"].as_u64(), Some(10 + 1 + 1 + 1 + arbiters));
    assert_eq!((all["matched"].as_u64(), all["offset"].as_u64()), (Some(10), Some(1)));
    let items = all["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.iter().all(|name| name.starts_with("sub_")), "{names:?}");
    let found = get(&daemon, &format!("/v1/observe/actors?q={}", names[1].to_uppercase())).await;
    assert_eq!(ids(&found["items"]), [items[1]["id"].as_str().unwrap()]);
    let working = get(&daemon, "/v1/observe/actors?state=working&limit=200").await;
    assert_eq!(working["matched"].as_u64(), Some(10));
    let busiest = get(&daemon, "/v1/observe/actors?sort=messages&order=desc&window=start").await;
    let counts: Vec<_> =
        busiest["items"].as_array().unwrap().iter().map(|row| row["messages"].as_u64()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b) && counts[0] > Some(0), "{counts:?}");
    for query in
        ["kind=Nobody", "sort=colour", "window=1h", "limit=0", "limit=201", "offset=10001", "x=1"]
    {
        let answer = daemon.call(Method::GET, &format!("/v1/observe/actors?{query}")).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[actix_web::test]
async fn one_actor_tells_all_of_itself_and_is_killed_and_delivers() {
    let (service, daemon) = daemon().await;
    let workers = get(&daemon, "/v1/observe/actors?kind=SubscriptionWorker&limit=1").await;
    let id = workers["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/observe/actors/{id}");
    let before = get(&daemon, &path).await;
    assert_eq!(
        (before["app"].as_str(), &before["subscription"]),
        (Some("default"), &before["name"])
    );
    assert_eq!(before["recent_messages"][0]["message"], "Deliver");
    assert_eq!(before["latency"]["of"], "attempts");
    assert_eq!(
        (&before["restarts"], &before["restart_history"]),
        (&0.into(), &serde_json::json!([]))
    );
    let told: Vec<_> =
        before["details"].as_array().unwrap().iter().map(|detail| &detail["name"]).collect();
    assert!(told.contains(&&"push_service".into()), "{told:?}");

    let killed = daemon.call(Method::POST, &format!("{path}/kill")).send().await;
    assert_eq!(
        (killed.status, killed.json()),
        (StatusCode::OK, serde_json::json!({"id": id, "restarts": 1}))
    );
    // What it had in flight comes again.
    service.wait_for(11).await;
    let after = get(&daemon, &path).await;
    assert_eq!(
        (&after["restarts"], &after["restart_history"][0]["by"]),
        (&1.into(), &"operator".into())
    );
    service.release_all();
    service.answer_all(Answer::status(201));
    let latency = eventually("its attempt has ended", || async {
        let actor = get(&daemon, &path).await;
        let seen = actor["latency"]["p50_seconds"].as_f64().is_some();
        (seen && actor["state"] == "resting").then_some(actor["latency"].clone())
    })
    .await;
    let counts = latency["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 1);

    let audit = get(&daemon, "/v1/observe/audit").await;
    assert_eq!(
        (&audit["items"][0]["act"], &audit["items"][0]["target"]),
        (&"kill".into(), &id.as_str().into())
    );
    let root = get(&daemon, "/v1/observe/actors/root").await;
    assert!(root["children_sample"]["items"].as_array().unwrap().len() >= 2);
    let supervisor = get(&daemon, "/v1/observe/actors/channels").await;
    assert_eq!(supervisor["children_sample"]["items"][0]["name"], "news");
    for (id, status) in
        [("journal", 409), ("http", 409), ("channels.99999", 404), ("nonsense", 404)]
    {
        let answer =
            daemon.call(Method::POST, &format!("/v1/observe/actors/{id}/kill")).send().await;
        assert_eq!(answer.status, status, "{id}");
    }
    for (id, status) in
        [("journal", 200), ("http", 200), ("channels.99999", 404), ("nonsense", 404)]
    {
        let answer = daemon.call(Method::GET, &format!("/v1/observe/actors/{id}")).send().await;
        assert_eq!(answer.status, status, "{id}");
    }
}

#[actix_web::test]
async fn metrics_count_the_actors_of_every_kind_and_what_waits_for_them() {
    let (_service, daemon) = daemon().await;
    let metrics = daemon.call(Method::GET, "/metrics").send().await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    for kind in [
        "Root",
        "ChannelSupervisor",
        "ChannelWorker",
        "SubscriptionSupervisor",
        "SubscriptionWorker",
    ] {
        let count = if kind == "SubscriptionWorker" { "10" } else { "" };
        assert!(text.contains(&format!("fanfare_actors{{kind=\"{kind}\"}} {count}")), "{text}");
        assert!(!text.contains(&format!("fanfare_actors{{kind=\"{kind}\"}} 0")), "{text}");
        for name in ["actor_mailbox_messages", "actor_restarts_total"] {
            assert!(
                text.contains(&format!("fanfare_{name}{{kind=\"{kind}\"}} 0")),
                "{name} {kind}\n{text}"
            );
        }
    }
}

#[actix_web::test]
async fn who_may_not_see_the_instance_sees_no_actor_and_kills_none() {
    let (_service, daemon) = daemon().await;
    for path in ["/v1/observe/tree", "/v1/observe/actors", "/v1/observe/actors/root"] {
        let answer = daemon.call_of_anybody(Method::GET, path).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let answer = daemon.call_of_anybody(Method::POST, "/v1/observe/actors/root/kill").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
