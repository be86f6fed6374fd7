//! What whoever reports is told: who may, what is wrong with it, and how often.

use fanfare::http::auth::secret;
use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::directory::Scope;
use http::Method;
use serde_json::{Value, json};

use super::{ask, counts};
use crate::harness::api::{Api, KEY};
use crate::harness::call::{Answer, Call};
use crate::harness::house::now;
use crate::harness::ledger::Ledger;

struct Device {
    path: String,
    secret: String,
    one: PublicId,
}

/// A device in `news`, and a notification that was for it.
async fn device(api: &Api, number: usize) -> Device {
    let ledger = Ledger::of(api.store.clone());
    let id = ledger.join(ledger.app, number).await;
    let directory = api.store.directory();
    let secret = secret::mint(&directory, &directory.apps["default"], &id);
    let one = ask(&ledger, ledger.app, now()).await;
    Device { path: format!("/v1/subscriptions/{id}/receipts"), secret, one }
}

fn shown(notification: &PublicId) -> Value {
    json!({ "notification": notification.as_str(), "event": "shown" })
}

/// The status and the kind of a problem.
fn kind(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let kind = answer.json()["type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    (answer.status.as_u16(), kind)
}

#[actix_web::test]
async fn its_own_secret_and_a_backend_may_and_nobody_else() {
    let api = Api::start().await;
    let (mine, other) = (device(&api, 1).await, device(&api, 2).await);
    let app = api.store.directory().apps["default"].id;
    let (backend, reader) = ("fk_a-backend", "fk_a-reader");
    api.create_key(app, backend, &[Scope::Subscribe]).await;
    api.create_key(app, reader, &[Scope::Read, Scope::Notify]).await;
    let call = || api.post(&mine.path).json(&shown(&mine.one));
    let refusals: [(Call, u16); 4] = [
        (call(), 401),
        (call().bearer(&other.secret), 401),
        (call().bearer(reader), 403),
        (call().bearer(&mine.secret).header("fanfare-app", "nowhere"), 404),
    ];
    for (call, expected) in refusals {
        assert_eq!(call.send().await.status, expected);
    }
    let ledger = Ledger::of(api.store.clone());
    assert_eq!(counts(&ledger, &mine.one).await.shown, 0);
    assert_eq!(call().bearer(&mine.secret).send().await.status, 204);
    let clicked = json!({ "notification": mine.one.as_str(), "event": "clicked" });
    assert_eq!(api.post(&mine.path).bearer(backend).json(&clicked).send().await.status, 204);
    let counted = counts(&ledger, &mine.one).await;
    assert_eq!((counted.shown, counted.clicked), (1, 1));
    api.stop().await;
}

#[actix_web::test]
async fn each_refusal_says_why() {
    let api = Api::start().await;
    let (early, late) = (device(&api, 1).await, device(&api, 2).await);
    let ledger = Ledger::of(api.store.clone());
    let silent = ledger.publish(ledger.app, now()).await.id;
    let say = async |device: &Device, notification: &str, event: &str| {
        let body = json!({ "notification": notification, "event": event });
        api.post(&device.path).bearer(&device.secret).json(&body).send().await
    };
    let unknown = "ntf_0123456789abcdefABCDEF";
    for (device, notification, expected) in [
        (&early, silent.as_str(), (409, "receipts-not-asked")),
        (&late, early.one.as_str(), (409, "not-for-subscription")),
        (&early, unknown, (404, "not-found")),
    ] {
        let (status, slug) = expected;
        let said = kind(&say(device, notification, "shown").await);
        assert_eq!(said, (status, slug.to_owned()), "{notification}");
    }
    let bodies = [
        (
            json!({ "notification": "sub_0123456789abcdefABCDEF", "event": "shown" }),
            "#/notification",
        ),
        (json!({ "notification": early.one.as_str(), "event": "seen" }), "#/event"),
        (json!({ "notification": early.one.as_str(), "event": "shown", "at": 1 }), "#/at"),
        (json!({ "event": "shown" }), "#"),
    ];
    for (body, pointer) in bodies {
        let refused = api.post(&early.path).bearer(&early.secret).json(&body).send().await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let id = ledger.join(ledger.app, 3).await;
    let directory = api.store.directory();
    let secret = secret::mint(&directory, &directory.apps["default"], &id);
    let gone = format!("/v1/subscriptions/{id}");
    assert_eq!(api.delete(&gone).bearer(&secret).send().await.status, 204);
    let body = shown(&early.one);
    let forgotten = api.post(&format!("{gone}/receipts")).bearer(&secret).json(&body).send().await;
    assert_eq!(kind(&forgotten), (404, "not-found".to_owned()));
    assert!(forgotten.json()["detail"].as_str().unwrap().contains("subscription"));
    api.stop().await;
}

#[actix_web::test]
async fn a_device_that_reports_without_end_is_told_when_to_go_on_and_others_go_on() {
    let api = Api::start().await;
    let (mine, other) = (device(&api, 1).await, device(&api, 2).await);
    let report = async |device: &Device| {
        api.post(&device.path).bearer(&device.secret).json(&shown(&device.one)).send().await
    };
    // What takes its time earns a few more.
    let (mut taken, mut refused) = (0, report(&mine).await);
    while refused.status == 204 && taken < 1_000 {
        taken += 1;
        refused = report(&mine).await;
    }
    assert!(taken >= 200, "{taken}");
    assert_eq!(kind(&refused), (429, "too-many-requests".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(report(&other).await.status, 204);
    api.stop().await;
}

#[actix_web::test]
async fn a_page_of_a_listed_origin_may_report_and_a_foreign_one_may_not() {
    let origin = "https://shop.example";
    let api = Api::with(|app| app.origins = vec![origin.to_owned()]).await;
    let mine = device(&api, 1).await;
    let preflight = api
        .call(Method::OPTIONS, &mine.path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .send()
        .await;
    assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
    let call = || api.post(&mine.path).bearer(&mine.secret).json(&shown(&mine.one));
    let told = call().header("origin", origin).send().await;
    assert_eq!(
        (told.status.as_u16(), told.header("access-control-allow-origin")),
        (204, Some(origin))
    );
    let foreign = call().header("origin", "https://evil.example").send().await;
    assert_eq!(kind(&foreign), (403, "origin-forbidden".to_owned()));
    api.stop().await;
}

#[actix_web::test]
async fn the_setting_is_off_until_it_is_turned_on_and_can_be_turned_off_again() {
    let api = Api::start().await;
    let app = async |answer: Answer| {
        let app = answer.json();
        app["receipts"].as_bool().unwrap_or_else(|| panic!("{app}"))
    };
    let change = |body: Value| api.call(Method::PATCH, "/v1/apps/default").bearer(KEY).json(&body);
    assert!(!app(api.get("/v1/apps/default").bearer(KEY).send().await).await);
    assert!(app(change(json!({ "receipts": true })).send().await).await);
    assert!(app(change(json!({ "title": "Tea" })).send().await).await, "another field leaves it");
    assert!(!app(change(json!({ "receipts": false })).send().await).await);
    let made = api.post("/v1/apps").bearer(KEY).json(&json!({ "id": "shop", "receipts": true }));
    assert!(app(made.send().await).await);
    let wrong = change(json!({ "receipts": "yes" })).send().await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]),
        (422, &json!("#/receipts"))
    );
    api.stop().await;
}
