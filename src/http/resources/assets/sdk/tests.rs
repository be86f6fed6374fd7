//! What a browser gets under each of the SDK's names.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test as requests;
use actix_web::{App, http::header::HeaderName};

use super::*;

async fn ask(path: &str, headers: &[(&str, &str)]) -> ServiceResponse<BoxBody> {
    let app = requests::init_service(App::new().configure(configure)).await;
    let mut request = requests::TestRequest::with_uri(path);
    for (name, value) in headers {
        request = request.insert_header((*name, *value));
    }
    requests::call_service(&app, request.to_request()).await
}

fn told(response: &ServiceResponse<BoxBody>, name: HeaderName) -> &str {
    response.headers().get(&name).map_or("", |value| value.to_str().unwrap())
}

fn is_for_anyone(response: &ServiceResponse<BoxBody>) -> bool {
    told(response, header::CROSS_ORIGIN_RESOURCE_POLICY) == "cross-origin"
        && told(response, header::ACCESS_CONTROL_ALLOW_ORIGIN) == "*"
        && told(response, HeaderName::from_static("service-worker-allowed")) == "/"
}

#[actix_web::test]
async fn a_plain_name_is_asked_for_anew_and_answered_only_when_it_changed() {
    for file in FILES.iter() {
        let path = format!("/sdk/{}", file.plain());
        let response = ask(&path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(told(&response, header::CACHE_CONTROL), "no-cache", "{path}");
        let media_type = if file.extension == ".d.ts" { TYPES } else { SCRIPT };
        assert_eq!(told(&response, header::CONTENT_TYPE), media_type, "{path}");
        assert!(is_for_anyone(&response), "{path}");
        let tag = told(&response, header::ETAG).to_owned();
        assert_eq!(requests::read_body(response).await, file.content.plain(), "{path}");
        let again = ask(&path, &[("If-None-Match", &tag)]).await;
        assert_eq!(again.status(), 304, "{path}");
        assert!(is_for_anyone(&again), "{path}");
    }
}

#[actix_web::test]
async fn the_name_with_todays_hash_is_kept_for_a_year() {
    for file in FILES.iter() {
        let path = format!("/sdk/{}", file.hashed());
        let response = ask(&path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        let caching = told(&response, header::CACHE_CONTROL);
        assert_eq!(caching, "public, max-age=31536000, immutable", "{path}");
        assert!(is_for_anyone(&response), "{path}");
        assert_eq!(requests::read_body(response).await, file.content.plain(), "{path}");
    }
}

#[actix_web::test]
async fn another_hash_leads_to_the_plain_name() {
    for file in FILES.iter().filter(|file| file.stem != WORKER) {
        let path = format!("/sdk/{}.bGFzdF9tb250aA-_{}", file.stem, file.extension);
        let response = ask(&path, &[]).await;
        assert_eq!(response.status(), 307, "{path}");
        assert_eq!(told(&response, header::LOCATION), file.plain());
        assert_eq!(told(&response, header::CACHE_CONTROL), "no-cache", "{path}");
        assert!(is_for_anyone(&response), "{path}");
    }
}

#[actix_web::test]
async fn another_hash_of_the_worker_is_never_redirected() {
    let response = ask("/sdk/fanfare-sw.old.js", &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(told(&response, header::CACHE_CONTROL), "no-cache");
    assert!(is_for_anyone(&response));
    assert_eq!(requests::read_body(response).await, source!("fanfare-sw.js"));
}

#[actix_web::test]
async fn what_has_not_the_form_of_a_hash_is_not_found() {
    let long = format!("/sdk/fanfare.{}.js", "a".repeat(MAX_HASH + 1));
    for path in [
        "/sdk/fanfare..js",
        "/sdk/fanfare.a.b.js",
        "/sdk/fanfare-a.js",
        "/sdk/fanfare.css",
        "/sdk/fanfare.a%0d%0ab.js",
        "/sdk/fanfare.a%2fb.js",
        "/sdk/",
        &long,
    ] {
        assert_eq!(ask(path, &[]).await.status(), 404, "{path}");
    }
}

#[actix_web::test]
async fn the_manifest_names_todays_address_and_digest_of_each() {
    let response = ask("/sdk/manifest.json", &[]).await;
    assert!(is_for_anyone(&response));
    assert_eq!(told(&response, header::CACHE_CONTROL), "no-cache");
    let manifest: Value = requests::read_body_json(response).await;
    let names: Vec<_> = manifest.as_object().unwrap().keys().collect();
    assert_eq!(names, ["fanfare-sw.js", "fanfare.d.ts", "fanfare.js", "fanfare.mjs"]);
    for (name, entry) in manifest.as_object().unwrap() {
        let pinned = ask(entry["url"].as_str().unwrap(), &[]).await;
        assert_eq!(pinned.status(), 200, "{name}");
        assert!(told(&pinned, header::CACHE_CONTROL).contains("immutable"), "{name}");
        let content = requests::read_body(pinned).await;
        let integrity = format!("sha384-{}", STANDARD.encode(digest(&SHA384, &content)));
        assert_eq!(entry["integrity"], integrity, "{name}");
        let plain = ask(&format!("/sdk/{name}"), &[]).await;
        assert_eq!(requests::read_body(plain).await, content, "{name}");
    }
}

#[actix_web::test]
async fn a_head_tells_the_same_without_the_content() {
    let app = requests::init_service(App::new().configure(configure)).await;
    for path in ["/sdk/fanfare.js", "/sdk/fanfare.old.js", "/sdk/manifest.json"] {
        let request = requests::TestRequest::with_uri(path).method(Method::HEAD).to_request();
        let head = requests::call_service(&app, request).await;
        let whole = ask(path, &[]).await;
        assert_eq!(head.status(), whole.status(), "{path}");
        assert_eq!(head.headers().get(header::ETAG), whole.headers().get(header::ETAG), "{path}");
    }
}

#[test]
fn the_module_is_the_script_and_its_exports() {
    let [script, module] = ["fanfare.js", "fanfare.mjs"]
        .map(|name| FILES.iter().find(|file| file.plain() == name).unwrap().content.plain());
    assert_eq!(module, [script, source!("exports.mjs")].concat());
}
