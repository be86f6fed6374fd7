//! Who may act, and when: nobody unless it is configured, and then the instance's admin alone.

use fanfare::store::Store;
use fanfare::store::audit::Audit;
use fanfare::store::directory::Scope;
use fanfare::store::pause::Pauses;
use http::Method;
use serde_json::{Value, json};

use super::{ORIGIN, act, acts, allow};
use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::Call;
use crate::harness::daemon::Home;
use crate::harness::house::eventually;
use crate::harness::push_service::PushService;

fn call(api: &Api, path: &str, body: Option<Value>) -> Call {
    let call = api.post(path);
    match &body {
        Some(body) => call.json(body),
        None => call,
    }
}

/// Nothing was done, and nothing is written of it.
async fn assert_untouched(api: &Api, what: &str) {
    assert!(!api.state.tree.is_draining(), "{what}");
    assert_eq!(api.store.directory().pauses, Pauses::default(), "{what}");
    assert_eq!(api.store.audited(None, 10).await.unwrap(), [], "{what}");
}

/// A channel, and somebody who lives at the push service; answers the subscription's secret.
async fn inhabited(api: &Api) -> String {
    publish(api, "news").await;
    let body = Browser::new().subscription_json(&format!("{ORIGIN}/it"));
    let made = api.post("/v1/channels/demo/subscriptions").json(&body).send().await.json();
    made["secret"].as_str().unwrap().to_owned()
}

async fn publish(api: &Api, channel: &str) {
    let path = format!("/v1/channels/{channel}/notifications");
    assert_eq!(api.post(&path).bearer(KEY).text("text/plain", "x").send().await.status, 202);
}

#[actix_web::test]
async fn unless_it_is_configured_nobody_acts_and_is_told_how() {
    let api = Api::start().await;
    inhabited(&api).await;
    let overview = |answer: Value| (answer["instance"].clone(), answer["acting"].clone());
    let seen = api.get("/v1/observe").bearer(KEY).send().await.json();
    assert_eq!(overview(seen), (json!(true), json!(false)));
    for (path, body, _) in acts() {
        let refused = [
            call(&api, path, body.clone()).bearer(KEY).send().await,
            call(&api, path, body).send_on_control().await,
        ];
        for refused in refused {
            assert_eq!(refused.status, 403, "{path}");
            let problem = refused.json();
            let kind = problem["type"].as_str().unwrap();
            assert!(kind.ends_with("/docs#acting-off"), "{path}: {problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("--observe-acting true"), "{path}: {detail}");
        }
        assert_untouched(&api, path).await;
    }
    allow(&api, true);
    let seen = api.get("/v1/observe").bearer(KEY).send().await.json();
    assert_eq!(overview(seen), (json!(true), json!(true)));
    for (path, body, done) in acts() {
        assert_eq!(call(&api, path, body).bearer(KEY).send().await.status, done, "{path}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn the_instances_admin_alone_acts() {
    let api = Api::start().await;
    let secret = inhabited(&api).await;
    allow(&api, true);
    let default = api.state.directory().apps["default"].id;
    let shop = api.create_app("shop").await;
    let named = |name: &str| format!("fk_{name}-0123456789-0123456789-0123456789");
    for scope in [Scope::Notify, Scope::Subscribe, Scope::Read] {
        api.create_key(default, &named(scope.label()), &[scope]).await;
    }
    api.create_key(shop, &named("shop"), &Scope::ALL).await;
    let token = api.post("/v1/tokens").bearer(KEY).json(&json!({ "channels": ["news"] }));
    let token = token.send().await.json()["token"].as_str().unwrap().to_owned();

    let refused = [
        (None, 401),
        (Some("fk_nobody-has-this-key-0123456789-0123456789".to_owned()), 401),
        (Some(named("notify")), 403),
        (Some(named("subscribe")), 403),
        (Some(named("read")), 403),
        (Some(named("shop")), 403),
        (Some(token), 403),
        (Some(secret), 403),
    ];
    for (path, body, _) in acts() {
        for (credential, status) in &refused {
            let call = call(&api, path, body.clone());
            let call = match credential {
                Some(credential) => call.bearer(credential),
                None => call,
            };
            let answer = call.send().await;
            assert_eq!(answer.status, *status, "{path} with {credential:?}: {:?}", answer.body);
            assert_untouched(&api, path).await;
        }
    }
    for (path, body, done) in acts() {
        assert_eq!(call(&api, path, body.clone()).bearer(KEY).send().await.status, done, "{path}");
        assert_eq!(call(&api, path, body).send_on_control().await.status, done, "{path}");
    }
    let seen = api.get("/v1/observe").bearer(&named("read")).send().await.json();
    assert_eq!(seen["acting"], false, "who only reads cannot act: {seen}");
    for credential in ["read", "shop"].map(named) {
        let audit = api.get("/v1/observe/audit").bearer(&credential).send().await;
        assert_eq!(audit.status, 403, "nor see who did");
    }
    api.stop().await;
}

#[actix_web::test]
async fn what_is_not_there_is_said_and_not_written_down() {
    let api = Api::start().await;
    publish(&api, "news").await;
    allow(&api, true);
    let rows = [
        (json!({ "channel": "nowhere" }), 404, ""),
        (json!({ "channel": "news", "app": "nobody" }), 404, ""),
        (json!({ "channel": "a*" }), 422, "#/channel"),
        (json!({ "channel": "news", "because": "x" }), 422, "#/because"),
        (json!({}), 422, "#"),
    ];
    for (body, status, pointer) in rows {
        for path in ["/v1/observe/channels/pause", "/v1/observe/channels/resume"] {
            let answer = call(&api, path, Some(body.clone())).bearer(KEY).send().await;
            assert_eq!(answer.status, status, "{path} {body}: {:?}", answer.body);
            let named = answer.json()["errors"][0]["pointer"].as_str().map(ToOwned::to_owned);
            assert_eq!(named.unwrap_or_default(), pointer, "{path} {body}");
        }
    }
    assert_untouched(&api, "of what is not there").await;
    api.stop().await;
}

#[actix_web::test]
async fn acting_is_allowed_and_forbidden_while_the_daemon_runs() {
    let service = PushService::start();
    let home = Home::new();
    let configure = |home: &Home, acting: bool| {
        let text = format!("log_format = \"text\"\nobserve_acting = {acting}\n");
        std::fs::write(home.path().join("fanfare.toml"), text).unwrap();
    };
    configure(&home, false);
    let command = home.plain_command();
    let daemon = home.start_with(command).await;
    let drain = || daemon.call(Method::POST, "/v1/observe/drain");
    assert_eq!(drain().send().await.status, 403);
    for (acting, status) in [(true, 200), (false, 403)] {
        configure(daemon.home(), acting);
        daemon.signal(rustix::process::Signal::HUP);
        let said = format!("changed observe_acting = {acting} (was {})", !acting);
        eventually(&said, || async { daemon.log().contains(&said).then_some(()) }).await;
        assert_eq!(drain().send().await.status, status, "{said}");
    }
    let seen = daemon.call(Method::GET, "/v1/observe").send().await.json();
    assert_eq!(seen["draining"], true, "what was done stays done: {seen}");
    drop(service);
}

#[actix_web::test]
async fn what_pauses_over_http_is_shown_where_channels_are() {
    let service = PushService::start();
    let daemon = super::daemon(Home::new(), &service).await;
    daemon.notify("news", "text").await;
    daemon.notify("other", "text").await;
    let shown = |path: &'static str| {
        let call = daemon.call(Method::GET, path);
        async move { call.send().await.json() }
    };
    assert_eq!(shown("/v1/channels/news").await["paused"], Value::Null);
    let said = act(&daemon, "/v1/observe/channels/pause", Some(json!({ "channel": "news" }))).await;
    assert_eq!(said, json!({ "app": "default", "channel": "news", "paused": true }));
    let paused = shown("/v1/channels/news").await["paused"].clone();
    assert!(paused["by"].as_str().unwrap().starts_with("key_"), "{paused}");
    let warned = shown("/v1/observe/warnings").await;
    let items = warned["items"].as_array().unwrap();
    let warning = items.iter().find(|warning| warning["code"] == "channel_paused").unwrap();
    assert_eq!(
        (&warning["subject"], &warning["since"]),
        (&json!("default/news"), &paused["since"])
    );
    assert!(warning["detail"].as_str().unwrap().contains(paused["by"].as_str().unwrap()));
    let again =
        act(&daemon, "/v1/observe/channels/pause", Some(json!({ "channel": "news" }))).await;
    assert_eq!(again, said);
    let all = shown("/v1/channels").await;
    let of = |name: &str| {
        let items = all["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap()["paused"].clone()
    };
    assert_eq!((of("news"), of("other")), (paused, Value::Null), "since the first time");
    let all = shown("/v1/observe/channels").await;
    let of =
        |index: usize| (all["items"][index]["name"].clone(), all["items"][index]["paused"].clone());
    assert_eq!([of(0), of(1)], [("news".into(), true.into()), ("other".into(), false.into())]);
    let said =
        act(&daemon, "/v1/observe/channels/resume", Some(json!({ "channel": "news" }))).await;
    assert_eq!(said, json!({ "app": "default", "channel": "news", "paused": false }));
    assert_eq!(shown("/v1/channels/news").await["paused"], Value::Null);
}
