//! Pages of other origins: whose may call which app, what they may read of the answer, and that nothing hangs on a cookie.

use std::collections::BTreeSet;

use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DirectoryChange};
use http::Method;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::browser::Browser;
use crate::harness::call::{Answer, Call};
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

const SHOP: &str = "https://shop.example";
const EVIL: &str = "https://evil.example";
const SUBSCRIBE: &str = "/v1/channels/user:42/subscriptions";

/// The headers of an answer that are about other origins, sorted.
fn about_origins(answer: &Answer) -> Vec<(&str, &str)> {
    let mut found: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-") || *name == "vary")
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    found.sort_unstable();
    found
}

fn kind(answer: &Answer) -> String {
    let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    kind.rsplit('#').next().unwrap_or_default().to_owned()
}

const READABLE: [(&str, &str); 3] = [
    ("access-control-allow-origin", SHOP),
    ("access-control-expose-headers", "ETag, Location, Retry-After, RateLimit, RateLimit-Policy"),
    ("vary", "Origin, Fanfare-App"),
];

#[actix_web::test]
async fn an_app_on_another_origin_subscribes_with_a_token_and_a_foreign_one_once_it_is_allowed() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.fanfare(&["app", "set", "default", "--origin", SHOP]);
    let token = daemon.fanfare(&["token", "--channels", "user:42"]);
    let preflight = daemon
        .call_of_anybody(Method::OPTIONS, SUBSCRIBE)
        .header("origin", SHOP)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await;
    assert_eq!((preflight.status.as_u16(), preflight.body.len()), (204, 0));
    let [allow_origin, expose, vary] = READABLE;
    let expected = [
        (
            "access-control-allow-headers",
            "authorization, content-type, fanfare-app, idempotency-key, if-none-match",
        ),
        ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"),
        allow_origin,
        expose,
        ("access-control-max-age", "600"),
        vary,
    ];
    assert_eq!(about_origins(&preflight), expected);

    let browser = Browser::new();
    let subscribe = |origin: &str| {
        let body = browser.subscription_json(&service.endpoint("it"));
        let call = daemon.call_of_anybody(Method::POST, SUBSCRIBE).header("origin", origin);
        call.bearer(token.trim()).json(&body)
    };
    let refused = subscribe(EVIL).send().await;
    assert_eq!((refused.status.as_u16(), kind(&refused)), (403, "origin-forbidden".to_owned()));
    assert_eq!(about_origins(&refused), [vary], "the page cannot read even that");
    let subscribed = subscribe(SHOP).send().await;
    assert_eq!(subscribed.status, 201, "{:?}", subscribed.body);
    assert_eq!(about_origins(&subscribed), READABLE);

    // What the log says would allow it does.
    let log = daemon.log();
    let said =
        log.lines().find(|line| line.contains("foreign origin")).unwrap_or_else(|| panic!("{log}"));
    let command = said.split("fanfare ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    assert_eq!(command, format!("app set default --origin {SHOP},{EVIL}"));
    assert!(!log.contains(token.trim()), "a token is in the log");
    daemon.fanfare(&command.split(' ').collect::<Vec<_>>());
    for origin in [EVIL, SHOP] {
        let again = subscribe(origin).send().await;
        assert_eq!(
            (again.status.as_u16(), again.header("access-control-allow-origin")),
            (200, Some(origin))
        );
    }
}

#[actix_web::test]
async fn strangers_cannot_fill_the_log_with_refusals() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let calls = 300;
    for origin in [EVIL, "null"] {
        for _ in 0..calls / 2 {
            let call = daemon.call_of_anybody(Method::GET, "/v1/push-key").header("origin", origin);
            assert_eq!(call.send().await.status, 403);
        }
    }
    let told = daemon.log().lines().filter(|line| line.contains("foreign origin")).count();
    assert!((1..calls).contains(&told), "{told} lines for {calls} refusals");
}

#[actix_web::test]
async fn an_apps_origin_opens_that_app_and_no_other() {
    let api = Api::with(|app| app.origins = vec![SHOP.to_owned()]).await;
    api.create_app("tea").await;
    let settings =
        AppSettings { origins: vec!["https://tea.example".to_owned()], ..AppSettings::default() };
    let change = DirectoryChange::UpdateApp { name: "tea".to_owned(), settings };
    api.store.change_directory(change).await.unwrap().unwrap();
    let own = api.origin();
    // origin, app; may it call, may its pages read the answer
    let cases = [
        (SHOP, "default", true, true),
        (SHOP, "tea", false, true),
        ("https://tea.example", "tea", true, true),
        ("https://tea.example", "default", false, true),
        (own.as_str(), "default", true, true),
        (own.as_str(), "tea", true, true),
        (EVIL, "default", false, false),
        ("null", "default", false, false),
        ("http://shop.example", "default", false, false),
        ("https://shop.example:444", "default", false, false),
        ("https://SHOP.example", "default", false, false),
        ("https://shop.example/", "default", false, false),
        ("https://shop.example.evil.example", "default", false, false),
        ("https://sub.shop.example", "default", false, false),
    ];
    for (origin, app, may_call, may_read) in cases {
        let call = api.get("/v1/push-key").header("origin", origin).header("fanfare-app", app);
        let answer = call.send().await;
        let expected = if may_call { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{origin} calls {app}");
        let readable = answer.header("access-control-allow-origin");
        assert_eq!(readable, may_read.then_some(origin), "{origin} calls {app}");
        let preflight = api
            .call(Method::OPTIONS, "/v1/push-key")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .send()
            .await;
        assert_eq!(preflight.header("access-control-allow-origin"), readable, "{origin}");
    }
    // Whoever holds a key of one app does not get around that by a page of another's.
    let call = api.get("/v1/channels").bearer(KEY).header("origin", "https://tea.example");
    assert_eq!(kind(&call.send().await), "origin-forbidden");
    assert_eq!(api.get("/v1/channels").bearer(KEY).send().await.status, 200, "no browser");
    api.stop().await;
}

#[actix_web::test]
async fn an_origin_that_no_app_can_list_is_told_so_and_not_how() {
    let api = Api::start().await;
    for origin in ["null", "http://shop.example", "file://", "moz-extension://0123", "x;y"] {
        let refused = api.get("/v1/push-key").header("origin", origin).send().await;
        assert_eq!((refused.status.as_u16(), kind(&refused)), (403, "origin-forbidden".to_owned()));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(!detail.contains("fanfare app set"), "{origin}: {detail}");
        assert!(detail.contains("https"), "{origin}: {detail}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn pages_that_are_refused_without_end_fill_no_log_and_none_is_told_a_command_that_is_none() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let call = |method| daemon.call_of_anybody(method, "/v1/push-key");
    for origin in ["null", "http://shop.example"] {
        assert_eq!(call(Method::OPTIONS).header("origin", origin).send().await.status, 204);
        assert_eq!(call(Method::GET).header("origin", origin).send().await.status, 403);
    }
    let told = || {
        let log = daemon.log();
        let lines = log.lines().filter(|line| line.contains("foreign origin"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = told();
    assert_eq!(first.len(), 4, "{first:?}");
    for line in first {
        assert!(line.contains("it must be https") && !line.contains("fanfare app set"), "{line}");
    }
    for method in [Method::GET, Method::OPTIONS] {
        for _ in 0..200 {
            call(method.clone()).header("origin", EVIL).send().await;
        }
    }
    let lines = told().len();
    assert!((60..200).contains(&lines), "{lines} lines of 404");
}

#[actix_web::test]
async fn errors_can_be_read_by_the_page_that_made_them() {
    let api = Api::with(|app| app.origins = vec![SHOP.to_owned()]).await;
    let demo = "/v1/channels/demo/subscriptions";
    let long = format!("/v1/{}", "x".repeat(20_000));
    let publish = || api.post("/v1/channels/demo/notifications").bearer(KEY);
    let calls: Vec<(Call, u16)> = vec![
        (api.post(demo).text("application/json", "{"), 400),
        (api.post(SUBSCRIBE).json(&json!({})), 401),
        (api.get("/v1/channels").bearer("fk_unknown"), 401),
        (api.post("/v1/apps").json(&json!({})), 401),
        (api.get("/v1/nowhere"), 404),
        (api.call(Method::PATCH, demo), 405),
        (publish().json(&json!({ "raw": "x".repeat(3968) })), 413),
        (api.get(&long), 414),
        (publish().text("image/png", "x"), 415),
        (api.post(demo).json(&json!({ "endpoint": 1 })), 422),
    ];
    for (call, status) in calls {
        let answer = call.header("origin", SHOP).send().await;
        assert_eq!(answer.status, status);
        assert_eq!(about_origins(&answer), READABLE, "{status}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{status}");
    }
    api.stop().await;
}

/// What is the same in two answers to the same request: all but when and under which number they were given.
fn lasting(answer: &Answer) -> (u16, BTreeSet<String>, Vec<(&str, &str)>) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status.as_u16(), names, about_origins(answer))
}

/// A problem without the request's number.
fn problem(answer: &Answer) -> Option<Value> {
    let is_problem = answer.header("content-type") == Some("application/problem+json");
    let mut problem = is_problem.then(|| answer.json())?;
    problem.as_object_mut().unwrap().remove("instance");
    Some(problem)
}

#[actix_web::test]
async fn no_route_sets_a_cookie_reads_one_or_asks_for_credentials() {
    let api = Api::with(|app| app.origins = vec![SHOP.to_owned()]).await;
    let document = api.get("/openapi.json").send().await.json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) {
                routes.push((method, path.replace(['{', '}'], "")));
            }
        }
    }
    assert!(routes.len() >= 40, "{}", routes.len());
    for page in [
        "/",
        "/demo",
        "/dashboard",
        "/docs",
        "/openapi.json",
        "/sdk/fanfare.js",
        "/sdk/fanfare-sw.js",
        "/nowhere",
    ] {
        routes.push((Method::GET, page.to_owned()));
    }
    let cookie = format!("session=1; authorization=Bearer {KEY}; key={KEY}; fanfare-app=tea");
    for (method, path) in routes {
        for credential in [None, Some(KEY)] {
            let call = || {
                let call = api.call(method.clone(), &path).header("origin", SHOP);
                credential.iter().fold(call, |call, key| call.bearer(key))
            };
            let without = call().send().await;
            let with = call().header("cookie", &cookie).send().await;
            assert_eq!(lasting(&with), lasting(&without), "{method} {path}");
            assert_eq!(problem(&with), problem(&without), "{method} {path}");
            for answer in [&with, &without] {
                for name in ["set-cookie", "access-control-allow-credentials"] {
                    assert_eq!(answer.header(name), None, "{method} {path}");
                }
            }
        }
        let preflight = api.call(Method::OPTIONS, &path).header("origin", SHOP);
        let preflight = preflight.header("cookie", &cookie).send().await;
        assert_eq!(preflight.header("access-control-allow-credentials"), None, "{path}");
    }
    api.stop().await;
}
