//! Receipts: what devices say became of a notification is counted once, for those that it was for, and costs nobody else.

mod beside;
mod kept;
mod merged;
mod migration;
mod moved;
mod recipients;
mod refused;

use serde_json::{Value, json};

use fanfare::clock::Timestamp;
use fanfare::id::{AppId, PublicId};
use fanfare::model::ReceiptEvent;
use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::receipt::{Receipt, ReceiptCounts, ReceiptReply};
use fanfare::webpush::message::{AppDefaults, Content, NotificationRequest};
use http::Method;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::ledger::{Ledger, START};
use crate::harness::push_service::PushService;

/// What is pushed under the app's title, and asks for receipts.
fn asking() -> Content {
    let app = AppDefaults { title: "Teahouse", home: "https://tea.example/", receipts: true };
    NotificationRequest::from_text("Tea is ready", &app).content
}

/// Publishes it to `news`; answers its name.
async fn ask(ledger: &Ledger, app: AppId, now: Timestamp) -> PublicId {
    accepted(ledger, Accept { content: asking(), ..ledger.publishing(app, now) }).await
}

async fn accepted(ledger: &Ledger, command: Accept) -> PublicId {
    match ledger.store.accept(command).await.unwrap() {
        AcceptReply::Accepted { items, .. } => PublicId::from_store(items[0].id.clone()),
        refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => panic!("{refused:?}"),
    }
}

async fn say(
    ledger: &Ledger,
    device: &PublicId,
    notification: &PublicId,
    event: ReceiptEvent,
) -> ReceiptReply {
    let (subscription, notification) = (device.clone(), notification.clone());
    let receipt = Receipt { app: ledger.app, subscription, notification, event };
    ledger.store.receipt(receipt).await.unwrap()
}

async fn leave(ledger: &Ledger, who: Leaver) {
    ledger.store.leave(Leave { app: ledger.app, who, now: START }).await.unwrap();
}

async fn counts(ledger: &Ledger, notification: &PublicId) -> ReceiptCounts {
    let view = ledger.store.notification(ledger.app, notification.clone()).await.unwrap();
    view.unwrap().receipts.expect("it asks for receipts")
}

/// What a device says over the network with its secret; answers the status.
async fn report(daemon: &Daemon, device: &Value, notification: &str, event: &str) -> u16 {
    let id = device["id"].as_str().unwrap();
    let call = daemon.call_of_anybody(Method::POST, &format!("/v1/subscriptions/{id}/receipts"));
    let body = json!({ "notification": notification, "event": event });
    let answer = call.bearer(device["secret"].as_str().unwrap()).json(&body).send().await;
    answer.status.as_u16()
}

/// A daemon whose app asks for receipts, and a device in `news`.
async fn asking_daemon(service: &PushService) -> (Daemon, Value) {
    let daemon = Home::new().start(service).await;
    daemon.fanfare(&["app", "set", "default", "--receipts", "true"]);
    let device = daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    (daemon, device)
}

async fn status(daemon: &Daemon, id: &str) -> Value {
    daemon.call(Method::GET, &format!("/v1/notifications/{id}")).send().await.json()
}

async fn metrics(daemon: &Daemon) -> String {
    let answer = daemon.call_of_anybody(Method::GET, "/metrics").send().await;
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[actix_web::test]
async fn an_app_that_wants_them_gets_each_event_of_each_device_once_also_after_a_kill() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = Browser::new();
    let device = daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let before = daemon.notify("news", "nobody is asked").await;
    assert_eq!(daemon.finished(&before).await.get("receipts"), None);

    daemon.fanfare(&["app", "set", "default", "--receipts", "true"]);
    let app = daemon.call(Method::GET, "/v1/apps/default").send().await.json();
    assert_eq!(app["receipts"], true);
    let id = daemon.notify("news", "Tea is ready").await;
    daemon.finished(&id).await;
    let raw = json!({ "raw": "untouched" });
    let raw = daemon.call(Method::POST, "/v1/channels/news/notifications").json(&raw).send().await;
    let raw = raw.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(daemon.finished(&raw).await.get("receipts"), None);

    let pushes = service.log_of("it");
    let own = |push: usize| {
        browser.decrypt_json(&pushes[push].body)["notification"]["data"]["fanfare"].clone()
    };
    assert_eq!(own(0).get("receipts"), None);
    assert_eq!((&own(1)["receipts"], &own(1)["id"]), (&json!(true), &json!(id)));
    assert_eq!(browser.decrypt(&pushes[2].body), b"untouched");

    assert_eq!(
        status(&daemon, &id).await["receipts"],
        json!({ "shown": 0, "clicked": 0, "closed": 0 })
    );
    for event in ["shown", "clicked", "shown", "shown"] {
        assert_eq!(report(&daemon, &device, &id, event).await, 204, "{event}");
    }
    let expected = json!({ "shown": 1, "clicked": 1, "closed": 0 });
    assert_eq!(status(&daemon, &id).await["receipts"], expected);
    let shown = metrics(&daemon).await;
    for line in
        ["fanfare_receipts_total{event=\"shown\"} 1", "fanfare_receipts_total{event=\"clicked\"} 1"]
    {
        assert!(shown.contains(line), "{line}");
    }

    let daemon = daemon.kill().start(&service).await;
    for event in ["shown", "closed", "clicked"] {
        assert_eq!(report(&daemon, &device, &id, event).await, 204, "{event}");
    }
    let expected = json!({ "shown": 1, "clicked": 1, "closed": 1 });
    assert_eq!(status(&daemon, &id).await["receipts"], expected);
    assert_eq!(report(&daemon, &device, &before, "shown").await, 409);
    assert_eq!(report(&daemon, &device, &raw, "shown").await, 409);
}

#[actix_web::test]
async fn whoever_watches_a_notification_hears_of_what_is_counted_and_of_nothing_else() {
    use futures_util::FutureExt;
    let ledger = Ledger::open().await;
    let device = ledger.join(ledger.app, 1).await;
    let one = ask(&ledger, ledger.app, START).await;
    let mut watch = ledger.store.watch(one.clone());
    assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::Counted);
    assert!(watch.changed().now_or_never().is_some());
    assert_eq!(say(&ledger, &device, &one, ReceiptEvent::Shown).await, ReceiptReply::Repeated);
    assert!(watch.changed().now_or_never().is_none());
}
