//! What holds for every path: errors as problem documents, CORS, tags, methods, health.

use actix_web::middleware::from_fn;
use actix_web::{App, test, web};
use fanfare::http::answer::answer;
use fanfare::store::Committed;
use http::Method;
use serde_json::Value;

use crate::harness::api::{Api, KEY};

#[actix_web::test]
async fn every_operation_that_is_described_is_there() {
    let api = Api::start().await;
    let document = api.get("/openapi.json").send().await.json();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            let answer = api.call(method.clone(), &path.replace(['{', '}'], "")).send().await;
            assert_ne!(answer.status, 405, "{method} {path}");
            let nothing = String::from_utf8_lossy(&answer.body).contains("nothing at this path");
            assert!(!nothing, "{method} {path}");
            count += 1;
        }
    }
    assert!(count >= 30, "{count}");
    api.stop().await;
}

#[actix_web::test]
async fn every_error_is_a_problem_document_with_the_requests_id() {
    let api = Api::start().await;
    let rows = [
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/v1/notifications/ntf_x/nothing", 404),
        (Method::PATCH, "/v1/push-key", 405),
        (Method::GET, "/v1/channels/%ff", 422),
        (Method::GET, "/v1/channels/..%2F", 401),
        (Method::GET, "/v1/apps?x=%ff", 401),
    ];
    for (method, path, status) in rows {
        let answer = api.call(method, path).send().await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"].as_str(), answer.header("x-request-id"), "{path}");
        let slug = problem["type"].as_str().unwrap().split('#').nth(1).unwrap();
        let docs = api.get("/docs").send().await;
        assert!(String::from_utf8_lossy(&docs.body).contains(&format!("id=\"{slug}\"")), "{slug}");
    }
    let wrong = api.call(Method::PATCH, "/v1/subscriptions/x").send().await;
    let mut allowed: Vec<_> = wrong.header("allow").unwrap().split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "PUT"]);
    api.stop().await;
}

#[actix_web::test]
async fn a_panic_is_a_500_with_an_id_and_no_details() {
    async fn panics() -> &'static str {
        panic!("details that are nobody's business")
    }
    let api = Api::start().await;
    let routes = App::new()
        .wrap(from_fn(answer))
        .app_data(api.state.clone())
        .route("/panics", web::get().to(panics));
    let app = test::init_service(routes).await;
    let call = test::TestRequest::with_uri("/panics").to_request();
    let error = test::try_call_service(&app, call).await.expect_err("the answer rides in an error");
    let response = error.error_response();
    assert_eq!(response.status(), 500);
    assert!(response.headers().contains_key("x-request-id"));
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert!(problem["type"].as_str().unwrap().ends_with("#internal"));
    assert!(!problem.to_string().contains("nobody's business"));
    api.stop().await;
}

#[actix_web::test]
async fn pages_of_listed_origins_may_call_and_others_are_told_how() {
    let origin = "https://shop.example";
    let api = Api::with(|app| app.origins = vec![origin.to_owned()]).await;
    let preflight = api
        .call(Method::OPTIONS, "/v1/channels/demo/subscriptions")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .send()
        .await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
    let headers = preflight.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "fanfare-app", "idempotency-key", "if-none-match"]
    {
        assert!(headers.contains(name), "{name}");
    }
    let foreign =
        api.call(Method::OPTIONS, "/v1/push-key").header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.header("access-control-allow-origin"), None);

    let read = api.get("/v1/push-key").header("origin", origin).send().await;
    assert_eq!(
        (read.status.as_u16(), read.header("access-control-allow-origin")),
        (200, Some(origin))
    );
    assert_eq!(read.header("vary"), Some("Origin, Fanfare-App"));
    assert!(read.header("access-control-expose-headers").unwrap().contains("ETag"));
    let error = api.get("/nowhere").header("origin", origin).send().await;
    assert_eq!(error.header("access-control-allow-origin"), Some(origin));

    let refused = api.get("/v1/push-key").header("origin", "https://evil.example").send().await;
    assert_eq!(refused.status, 403);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("--origin https://shop.example,https://evil.example"), "{detail}");
    let own = api.get("/v1/push-key").header("origin", &api.origin()).send().await;
    assert_eq!(own.status, 200);
    api.stop().await;
}

#[actix_web::test]
async fn what_a_client_has_is_not_sent_again() {
    let api = Api::start().await;
    for path in
        ["/v1/push-key", "/openapi.json", "/docs", "/demo", "/dashboard", "/sdk/fanfare.mjs"]
    {
        let first = api.get(path).send().await;
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path}")).to_owned();
        let again = api.get(path).header("if-none-match", &tag).send().await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        assert_ne!(again.header("cache-control"), Some("no-store"), "{path}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let api = Api::start().await;
    for path in [
        "/demo",
        "/dashboard",
        "/docs",
        "/healthz",
        "/__lbheartbeat__",
        "/v1/push-key",
        "/openapi.json",
    ] {
        let get = api.get(path).send().await;
        let head = api.call(Method::HEAD, path).send().await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    api.stop().await;
}

#[actix_web::test]
async fn home_is_the_demo_where_anybody_may_subscribe_to_it_and_else_the_dashboard() {
    let api = Api::start().await;
    let home = async || api.get("/").send().await.header("location").unwrap().to_owned();
    assert_eq!(home().await, "/demo");
    let closed = serde_json::json!({ "public_channels": ["news"] });
    let change = api.call(Method::PATCH, "/v1/apps/default").bearer(KEY).json(&closed);
    assert_eq!(change.send().await.status, 200);
    assert_eq!(home().await, "/dashboard");
    api.stop().await;
}

#[actix_web::test]
async fn metrics_are_anyones_on_loopback_but_not_through_a_proxy() {
    let api = Api::start().await;
    let direct = api.get("/metrics").send().await;
    assert_eq!(direct.status, 200);
    let proxied = || api.get("/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(proxied().send().await.status, 401);
    assert_eq!(proxied().bearer(KEY).send().await.status, 200);
    api.stop().await;
}

#[actix_web::test]
async fn health_is_told_part_by_part() {
    let api = Api::start().await;
    assert_eq!(api.get("/healthz").send().await.status, 200);
    let ready = api.get("/__heartbeat__").send().await.json();
    assert_eq!(ready["parts"]["store"], "ok");
    api.state.tree.committed(Committed::Writable(false));
    let failing = api.get("/readyz").send().await;
    assert_eq!((failing.status.as_u16(), failing.header("retry-after")), (503, Some("1")));
    assert_eq!(failing.json()["parts"]["tree"], "failing");
    assert_eq!(failing.json()["parts"]["delivery"], "ok");
    assert_eq!(api.get("/healthz").send().await.status, 200, "no restart would help");
    let version = api.get("/__version__").send().await.json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    api.stop().await;
}
