//! Receipts where what they are about has moved: out and in by a list, back by a restore, to another endpoint and key.

use http::Method;
use serde_json::{Value, json};

use super::{asking_daemon, report, status};
use crate::harness::browser::Browser;
use crate::harness::push_service::{Answer, PushService};

fn counted(shown: i64, clicked: i64) -> Value {
    json!({ "shown": shown, "clicked": clicked, "closed": 0 })
}

#[actix_web::test]
async fn who_comes_back_by_an_export_tells_of_what_it_gets_and_of_nothing_before() {
    let service = PushService::start();
    let (daemon, device) = asking_daemon(&service).await;
    let settled = daemon.notify("news", "before").await;
    daemon.finished(&settled).await;
    service.answer_all(Answer::Hold);
    // For another one, so that it stays open when this one leaves.
    daemon.subscribe(&Browser::new(), &service.endpoint("other"), "news").await;
    let open = daemon.notify("news", "open").await;
    service.wait_for(3).await;
    let list = daemon.home().beside("list.jsonl");
    daemon.fanfare(&["export", "--channel", "news", &list]);
    let id = device["id"].as_str().unwrap();
    let membership = format!("/v1/channels/news/subscriptions/{id}");
    assert_eq!(daemon.call(Method::DELETE, &membership).send().await.status, 204);
    assert_eq!(report(&daemon, &device, &open, "shown").await, 409, "it is not there");
    daemon.fanfare(&["import", &list]);
    assert_eq!(report(&daemon, &device, &open, "shown").await, 204);
    assert_eq!(report(&daemon, &device, &settled, "shown").await, 409);
    service.answer_all(Answer::status(201));
    service.release_all();
    daemon.finished(&open).await;
}

#[actix_web::test]
async fn a_restored_store_has_the_receipts_of_its_backup_and_goes_on_counting() {
    let service = PushService::start();
    let (daemon, device) = asking_daemon(&service).await;
    let before = daemon.notify("news", "before").await;
    daemon.finished(&before).await;
    assert_eq!(report(&daemon, &device, &before, "shown").await, 204);
    let backup = daemon.home().beside("backup");
    daemon.fanfare(&["backup", &backup]);
    assert_eq!(report(&daemon, &device, &before, "clicked").await, 204);
    let lost = daemon.notify("news", "lost").await;
    daemon.finished(&lost).await;
    assert_eq!(report(&daemon, &device, &lost, "shown").await, 204);
    daemon.terminate();
    let (_, home) = daemon.ended().await;
    let done = home.run(&["restore", &backup]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let daemon = home.start(&service).await;
    assert_eq!(status(&daemon, &before).await["receipts"], counted(1, 0));
    assert_eq!(report(&daemon, &device, &lost, "clicked").await, 404);
    for event in ["shown", "clicked"] {
        assert_eq!(report(&daemon, &device, &before, event).await, 204, "{event}");
    }
    assert_eq!(status(&daemon, &before).await["receipts"], counted(1, 1));
    let after = daemon.notify("news", "after").await;
    assert_eq!(daemon.finished(&after).await["seq"], 2, "the number of the one that is lost");
    assert_eq!(report(&daemon, &device, &after, "shown").await, 204);
    assert_eq!(status(&daemon, &after).await["receipts"], counted(1, 0));
}

#[actix_web::test]
async fn one_that_subscribes_anew_after_a_rotation_tells_of_what_it_got_before_and_after_it() {
    let service = PushService::start();
    let (daemon, device) = asking_daemon(&service).await;
    let before = daemon.notify("news", "before").await;
    daemon.finished(&before).await;
    assert_eq!(report(&daemon, &device, &before, "shown").await, 204);
    daemon.fanfare(&["vapid", "rotate"]);
    assert_eq!(report(&daemon, &device, &before, "clicked").await, 204);

    let path = format!("/v1/subscriptions/{}", device["id"].as_str().unwrap());
    let anew = Browser::new().subscription_json(&service.endpoint("new"));
    let call =
        daemon.call_of_anybody(Method::PUT, &path).bearer(device["secret"].as_str().unwrap());
    assert_eq!(call.json(&anew).send().await.status, 200);
    let after = daemon.notify("news", "after").await;
    daemon.finished(&after).await;
    assert_eq!(service.log_of("new").len(), 1);
    for (one, event) in [(&before, "shown"), (&before, "clicked"), (&after, "shown")] {
        assert_eq!(report(&daemon, &device, one, event).await, 204, "{event}");
    }
    assert_eq!(status(&daemon, &before).await["receipts"], counted(1, 1));
    assert_eq!(status(&daemon, &after).await["receipts"], counted(1, 0));
}
