//! The log's tail: from a request to the deliveries that it set in motion, and back; and the same in the log itself.

use futures_util::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY as API_KEY};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home, KEY};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};
use crate::harness::stream::Stream;

const NOTIFICATIONS: &str = "/v1/channels/news/notifications";

/// What the log's tail says.
async fn tail(daemon: &Daemon, query: &str) -> Value {
    let answer = daemon.call(Method::GET, &format!("/v1/observe/log?{query}")).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    answer.json()
}

/// Its lines.
async fn lines(daemon: &Daemon, query: &str) -> Vec<Value> {
    tail(daemon, query).await["lines"].as_array().unwrap().clone()
}

fn saying<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

/// Publishes to `news`; answers the request's id and the notification's.
async fn publish(daemon: &Daemon, text: &str) -> (String, String) {
    let call = daemon.call(Method::POST, NOTIFICATIONS).text("text/plain", text.to_owned());
    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let request = answer.header("x-request-id").unwrap().to_owned();
    (request, answer.json()["id"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_request_leads_to_its_deliveries_and_each_line_says_whom_it_is_about() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    service.answer("broken", [Answer::status(400)]);
    let browsers = [Browser::new(), Browser::new()];
    let fine = daemon.subscribe(&browsers[0], &service.endpoint("fine"), "news").await;
    let broken = daemon.subscribe(&browsers[1], &service.endpoint("broken"), "news").await;
    let (request, notification) = publish(&daemon, "ThePlaintext").await;
    daemon.finished(&notification).await;

    // By the request: what it accepted, for whom, and how it was answered.
    let of_request = lines(&daemon, &format!("request={request}")).await;
    assert!(of_request.iter().all(|line| line["request"] == *request), "{of_request:?}");
    let [accepted] = saying(&of_request, "a notification was accepted")[..] else {
        panic!("{of_request:?}")
    };
    assert_eq!(accepted["notification"], *notification);
    let fields = &accepted["fields"];
    assert_eq!((&fields["channel"], &fields["recipients"]), (&json!("news"), &json!(2)));
    assert!(fields["by"].as_str().unwrap().starts_with("key_"), "{accepted}");
    let [answered] = saying(&of_request, "answered")[..] else { panic!("{of_request:?}") };
    assert_eq!(answered["notification"], *notification, "the request's span has learnt it");

    // By the notification: one sweep, and an end for each delivery.
    let of_notification = lines(&daemon, &format!("notification={notification}")).await;
    let [swept] = saying(&of_notification, "a sweep has handed out what is open")[..] else {
        panic!("{of_notification:?}")
    };
    assert!(swept["actor"].as_str().unwrap().starts_with("channels."), "{swept}");
    let ended = saying(&of_notification, "an attempt ended");
    assert_eq!(ended.len(), 2, "{of_notification:?}");
    let of = |subscription: &Value, outcome: &str| {
        let line = ended.iter().find(|line| line["subscription"] == subscription["id"]).unwrap();
        assert_eq!(line["fields"]["outcome"], outcome, "{line}");
        line["actor"].as_str().unwrap().to_owned()
    };
    let actors = [of(&fine, "accepted"), of(&broken, "rejected")];
    assert_ne!(actors[0], actors[1]);

    // By the actor, and by the subscription.
    for actor in &actors {
        let parts: Vec<_> = actor.split('.').collect();
        assert_eq!((parts[0], parts.len()), ("subscriptions", 3), "{actor}");
        let of_actor = lines(&daemon, &format!("actor={actor}")).await;
        assert!(of_actor.iter().all(|line| line["actor"] == **actor), "{of_actor:?}");
        assert_eq!(saying(&of_actor, "an attempt ended").len(), 1);
    }
    let id = broken["id"].as_str().unwrap();
    let of_subscription = lines(&daemon, &format!("subscription={id}&q=REJECTED")).await;
    assert_eq!(of_subscription.len(), 1, "{of_subscription:?}");
    assert!(lines(&daemon, "level=warn&q=attempt").await.is_empty());

    // The log itself says the same, in JSON.
    let log = daemon.log();
    let found: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["fields"]["message"] == "an attempt ended")
        .filter(|line| line["fields"]["subscription"] == id)
        .collect();
    let [line] = &found[..] else { panic!("{found:?}") };
    assert_eq!(line["level"], "DEBUG");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
    assert_eq!(line["fields"]["notification"], *notification);
    assert_eq!(line["fields"]["actor"], *actors[1]);
    let accepted = log.lines().find(|line| line.contains("a notification was accepted")).unwrap();
    let accepted: Value = serde_json::from_str(accepted).unwrap();
    assert_eq!(accepted["span"]["request"], *request, "{accepted}");
}

#[actix_web::test]
async fn not_even_at_trace_is_an_endpoint_a_key_or_a_payload_in_the_log_or_its_tail() {
    let service = PushService::start();
    let home = Home::new();
    let mut command = home.plain_command();
    command
        .args(["--log", "trace", "--delivery-retry-min", "10ms"])
        .args(["--egress-allow", service.authority()])
        .args(["--egress-ca-file".as_ref(), service.ca_file().as_os_str()]);
    let daemon = home.start_with(command).await;
    service.answer("broken-PathOfAnEndpoint", [Answer::status(500), Answer::status(400)]);
    let mut secrets = vec![KEY.to_owned(), "PathOfAnEndpoint".into(), "ThePlaintext".into()];
    let of_subscriber = json!({ "channels": ["news"], "expires_in": 600 });
    let made = daemon.call(Method::POST, "/v1/tokens").json(&of_subscriber).send().await.json();
    let of_subscriber = made["token"].as_str().unwrap();
    secrets.push(of_subscriber.to_owned());
    let another = Browser::new().subscription_json(&service.endpoint("another-PathOfAnEndpoint"));
    let path = "/v1/channels/news/subscriptions";
    let call = daemon.call_of_anybody(Method::POST, path).bearer(of_subscriber);
    assert_eq!(call.json(&another).send().await.status, StatusCode::CREATED);
    for token in ["fine-PathOfAnEndpoint", "broken-PathOfAnEndpoint"] {
        let browser = Browser::new();
        let subscribed = daemon.subscribe(&browser, &service.endpoint(token), "news").await;
        secrets.push(subscribed["secret"].as_str().unwrap().to_owned());
        secrets.extend([browser.p256dh(), browser.auth()]);
    }
    let (_, notification) = publish(&daemon, "ThePlaintextOfThePayload").await;
    daemon.finished(&notification).await;
    for request in service.log() {
        let vapid = request.header("authorization").split(['=', ',']).nth(1).unwrap().to_owned();
        assert_eq!(vapid.split('.').count(), 3, "a JWT");
        secrets.push(vapid);
    }
    let tail = tail(&daemon, "limit=2000").await.to_string();
    let log = daemon.log();
    assert!(log.contains("TRACE") && tail.contains("\"trace\""), "that is what was asked for");
    for secret in &secrets {
        assert!(!tail.contains(secret), "{secret} is in the tail");
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in {line:?}");
    }
}

#[actix_web::test]
async fn a_stream_goes_on_from_its_snapshot_without_a_gap_and_ends_with_its_key() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let path = "/v1/apps/default/keys";
    let key = json!({ "title": "a watcher", "scopes": ["admin"] });
    let key = daemon.call(Method::POST, path).json(&key).send().await.json();
    let (earlier, _) = publish(&daemon, "earlier").await;
    let query = "/v1/observe/log?q=a%20notification%20was";
    let mut stream = Stream::open(daemon.address(), query, key["key"].as_str().unwrap()).await;
    let (event, snapshot) = stream.next().await.unwrap();
    assert_eq!(event, "snapshot");
    assert_eq!(snapshot["lines"][0]["request"], *earlier);
    assert_eq!(snapshot["lines"].as_array().unwrap().len(), 1);

    let mut published = Vec::new();
    for number in 0..3 {
        published.push(publish(&daemon, &format!("text {number}")).await.0);
    }
    let mut seen: Vec<Value> = Vec::new();
    while seen.len() < 3 {
        let (event, news) = stream.next().await.unwrap();
        assert_eq!((event.as_str(), &news["dropped"]), ("lines", &json!(0)));
        seen.extend(news["lines"].as_array().unwrap().iter().cloned());
    }
    let requests: Vec<_> = seen.iter().map(|line| line["request"].as_str().unwrap()).collect();
    assert_eq!(requests, published, "each once, in their order");

    let revoked = format!("{path}/{}", key["id"].as_str().unwrap());
    assert_eq!(daemon.call(Method::DELETE, &revoked).send().await.status, 204);
    assert_eq!(stream.next().await.unwrap().0, ": this key is there no more");
    assert_eq!(stream.next().await, None);
}

#[actix_web::test]
async fn who_comes_back_too_late_is_told_how_many_lines_went_by() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let after = tail(&daemon, "limit=1").await["next_after"].as_u64().unwrap();
    let what = "more lines were logged than are kept";
    eventually(what, || async {
        // Each is answered, and that is a line.
        join_all((0..200).map(|_| daemon.call(Method::GET, "/healthz").send())).await;
        let now = tail(&daemon, "limit=1").await["next_after"].as_u64().unwrap();
        (now > after + 2100).then_some(())
    })
    .await;
    let late = tail(&daemon, &format!("after={after}&limit=5")).await;
    let dropped = late["dropped"].as_u64().unwrap();
    assert!(dropped >= 100, "{late}");
    assert_eq!(late["lines"][0]["n"], after + dropped + 1, "what is there begins where that ends");
    assert_eq!(late["lines"].as_array().unwrap().len(), 5);
    assert_eq!(late["next_after"], late["lines"][4]["n"]);
    let next = tail(&daemon, &format!("after={}&limit=1", late["next_after"])).await;
    assert_eq!(next["lines"][0]["n"], late["lines"][4]["n"].as_u64().unwrap() + 1);
}

#[actix_web::test]
async fn the_log_is_the_instances_and_a_query_is_understood_or_refused() {
    let api = Api::start().await;
    let shop = api.create_app("shop").await;
    let key = "fk_a-key-of-another-app-0123456789abcdef";
    api.create_key(shop, key, &fanfare::store::directory::Scope::ALL).await;
    for path in ["/v1/observe/log", "/v1/observe/log/level", "/v1/observe/warnings"] {
        assert_eq!(api.get(path).send().await.status, 401, "{path}");
        assert_eq!(api.get(path).bearer(key).send().await.status, 403, "{path}");
        assert_eq!(api.get(path).bearer(API_KEY).send().await.status, 200, "{path}");
    }
    for (query, named) in [
        ("level=loud", "level"),
        ("limit=0", "limit"),
        ("limit=2001", "limit"),
        ("after=-1", "digit"),
        ("every=61", "every"),
        ("origin=x", "origin"),
    ] {
        let path = format!("/v1/observe/log?{query}");
        let answer = api.get(&path).bearer(API_KEY).send().await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 400, "{query}");
        assert!(detail.contains(named), "{query}: {detail}");
    }
    api.stop().await;
}
