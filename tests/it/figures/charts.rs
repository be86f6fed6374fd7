//! The charts of a real daemon, once and as a stream.

use fanfare::store::Store;
use fanfare::store::directory::Scope;
use http::{Method, StatusCode};
use serde_json::Value;

use super::Busy;
use crate::harness::api::Api;
use crate::harness::daemon::KEY;
use crate::harness::house::eventually;
use crate::harness::stream::Stream;

/// The values of a series that are not null.
fn values(charts: &Value, name: &str, labels: &Value) -> Vec<f64> {
    let all = charts["series"].as_array().unwrap();
    let mut series = all.iter().filter(|it| it["name"] == name && it["labels"] == *labels);
    let found = series.next().unwrap_or_else(|| panic!("{name} {labels} is not there"));
    assert!(series.next().is_none(), "{name} {labels} is there twice");
    let values = found["values"].as_array().unwrap();
    assert_eq!(values.len(), charts["at"].as_array().unwrap().len(), "{name}");
    values.iter().filter_map(Value::as_f64).collect()
}

#[actix_web::test]
async fn charts_show_the_deliveries_that_were_made_and_what_the_process_takes() {
    let busy = Busy::start().await;
    let sum = |charts: &Value, name: &str, labels: Value| -> f64 {
        values(charts, name, &labels).iter().sum()
    };
    // A point a second, so that the rates of all of them are about what happened.
    let charts = eventually("all of it has been sampled", || async {
        let charts = busy.get("/v1/observe/charts").await;
        let deliveries =
            sum(&charts, "deliveries_per_second", serde_json::json!({"push_service": "other"}));
        (deliveries > 2.0).then_some(charts)
    })
    .await;
    let close = |found: f64, expected: f64, what: &str| {
        assert!((expected * 0.5..expected * 2.0).contains(&found), "{what}: {found}");
    };
    let json = |name: &str, value: &str| serde_json::json!({ name: value });
    close(sum(&charts, "deliveries_per_second", json("outcome", "accepted")), 2.0, "accepted");
    close(sum(&charts, "deliveries_per_second", json("outcome", "rejected")), 1.0, "rejected");
    close(sum(&charts, "requests_per_second", serde_json::json!({})), 4.0, "requests");
    close(sum(&charts, "retries_per_second", serde_json::json!({})), 1.0, "retries");
    close(sum(&charts, "accepts_per_second", serde_json::json!({})), 1.0, "accepts");
    let actors = values(&charts, "actors", &json("kind", "SubscriptionWorker"));
    assert!(actors.contains(&3.0), "{actors:?}");
    let resident = values(&charts, "resident_bytes", &serde_json::json!({}));
    assert!(resident.iter().all(|bytes| *bytes > 1e6), "{resident:?}");
    let commits = json("quantile", "0.99");
    assert!(!values(&charts, "journal_commit_seconds", &commits).is_empty());
    assert!(!values(&charts, "delivery_seconds", &json("quantile", "0.5")).is_empty());
    assert!(!values(&charts, "push_request_seconds", &json("quantile", "0.99")).is_empty());
    assert!(!values(&charts, "cpu", &serde_json::json!({})).is_empty());
    assert_eq!(charts["step_seconds"], 1);
    let now = crate::harness::house::now().as_secs();
    let last = charts["at"].as_array().unwrap().last().unwrap().as_i64().unwrap();
    assert!((now - 5..=now).contains(&last), "{last} is not about {now}");
    for (span, step) in [("10m", 1), ("1h", 10), ("6h", 60), ("24h", 120)] {
        let charts = busy.get(&format!("/v1/observe/charts?span={span}")).await;
        assert_eq!(charts["step_seconds"], step, "{span}");
        assert!(charts["at"].as_array().unwrap().len() <= 720, "{span}");
    }
}

#[actix_web::test]
async fn whoever_follows_gets_all_of_it_and_then_point_by_point() {
    let busy = Busy::start().await;
    let path = "/v1/observe/charts?span=10m";
    let mut stream = Stream::open(busy.daemon.address(), path, KEY).await;
    let (name, snapshot) = stream.next().await.unwrap();
    assert_eq!(name, "snapshot");
    let width = snapshot["series"].as_array().unwrap().len();
    let mut last = snapshot["at"].as_array().unwrap().last().map_or(0, |at| at.as_i64().unwrap());
    for _ in 0..3 {
        let (name, point) = stream.next().await.unwrap();
        assert_eq!(name, "point");
        assert_eq!(point["values"].as_array().unwrap().len(), width);
        let at = point["at"].as_i64().unwrap();
        assert!(at > last, "{at} after {last}");
        last = at;
    }
    // The points that were sent are those that whoever asks now is told of.
    let charts = busy.get("/v1/observe/charts").await;
    assert!(charts["at"].as_array().unwrap().contains(&last.into()), "{last}");
}

#[actix_web::test]
async fn charts_are_for_who_may_read_the_app_default_and_a_span_is_one_of_four() {
    let busy = Busy::start().await;
    let nobody = busy.daemon.call_of_anybody(Method::GET, "/v1/observe/charts").send().await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    for query in [
        "charts?span=2h",
        "charts?every=0",
        "charts?every=61",
        "charts?since=now",
        "push-services?since=now",
        "system?since=now",
        "warnings?since=now",
        "actors/root?since=now",
    ] {
        let path = format!("/v1/observe/{query}");
        let answer = busy.daemon.call(Method::GET, &path).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }

    let api = Api::start().await;
    let other = api.create_app("other").await;
    let scopes = [Scope::Admin, Scope::Read];
    api.create_key(other, "fk_of-another-app-0123456789abcdefghi", &scopes).await;
    let default = api.store.directory().apps["default"].id;
    api.create_key(default, "fk_that-reads-0123456789abcdefghijkl", &scopes[1..]).await;
    for (key, path, status) in [
        ("fk_of-another-app-0123456789abcdefghi", "charts", StatusCode::FORBIDDEN),
        ("fk_of-another-app-0123456789abcdefghi", "system", StatusCode::FORBIDDEN),
        ("fk_that-reads-0123456789abcdefghijkl", "charts", StatusCode::OK),
        ("fk_that-reads-0123456789abcdefghijkl", "system", StatusCode::FORBIDDEN),
    ] {
        let answer = api.get(&format!("/v1/observe/{path}")).bearer(key).send().await;
        assert_eq!(answer.status, status, "{path} with {key}");
    }
    api.stop().await;
}
