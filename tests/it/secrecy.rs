//! No endpoint, key or payload leaves except to its push service: not even into a log at `debug`.

use http::Method;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Home, KEY};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn a_log_at_debug_holds_no_endpoint_key_or_payload() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let tokens = ["fine-PathOfAnEndpoint", "gone-PathOfAnEndpoint", "broken-PathOfAnEndpoint"];
    service.answer(tokens[1], [Answer::status(410)]);
    let url = service.endpoint(tokens[2]);
    service.answer(
        tokens[2],
        [
            Answer::status(403).body(url.clone()),
            Answer::Reset,
            Answer::Cut,
            Answer::status(400).body(url),
        ],
    );
    let browsers = [Browser::new(), Browser::new(), Browser::new()];
    let mut secrets = vec![KEY.to_owned()];
    for (browser, token) in browsers.iter().zip(tokens) {
        let subscribed = daemon.subscribe(browser, &service.endpoint(token), "news").await;
        secrets.push(subscribed["secret"].as_str().unwrap().to_owned());
        secrets.extend([browser.p256dh(), browser.auth()]);
    }
    let notification = daemon.notify("news", "ThePlaintextOfThePayload").await;
    let status = daemon.finished(&notification).await;
    assert_eq!(status["outcomes"]["gone"], 1, "{status}");
    assert_eq!(status["outcomes"]["rejected"], 1, "{status}");

    let failures = format!("/v1/notifications/{notification}/failures");
    let failures = daemon.call(Method::GET, &failures).send().await;
    let metrics = daemon.call(Method::GET, "/metrics").send().await;
    let members = daemon.call(Method::GET, "/v1/channels/news/subscriptions").send().await;
    // Input that is refused is not echoed either.
    let bad = serde_json::json!({ "endpoint": "http://push.example/PathOfAnEndpoint", "keys": {} });
    let refused =
        daemon.call(Method::POST, "/v1/channels/news/subscriptions").json(&bad).send().await;

    let log = daemon.log();
    assert!(log.contains("an attempt ended") && log.contains("debug") || log.contains("DEBUG"));
    let shown = [&failures.body, &metrics.body, &members.body, &refused.body];
    for text in shown.map(|body| String::from_utf8(body.to_vec()).unwrap()).iter().chain([&log]) {
        for secret in secrets.iter().map(String::as_str).chain(["PathOfAnEndpoint", "ThePlaintext"])
        {
            let line = text.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} is in {line:?}");
        }
    }
}
