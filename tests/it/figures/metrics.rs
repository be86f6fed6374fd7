//! /metrics is whole and says what happened; its labels are of a fixed set.

use super::Busy;
use super::exposition::Exposition;
use crate::harness::api::Api;

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is not in {text}")).parse().unwrap()
}

#[actix_web::test]
async fn metrics_say_what_happened_and_what_the_process_and_the_store_take() {
    let busy = Busy::start().await;
    let text = busy.measured().await;
    let of = |outcome| format!("push_service=\"other\",outcome=\"{outcome}\"");
    for (series, expected) in [
        ("fanfare_notifications_accepted_total".to_owned(), 1.0),
        (format!("fanfare_deliveries_total{{{}}}", of("accepted")), 2.0),
        (format!("fanfare_deliveries_total{{{}}}", of("rejected")), 1.0),
        ("fanfare_retries_total".to_owned(), 1.0),
        ("fanfare_delivery_seconds_count{push_service=\"other\"}".to_owned(), 2.0),
        ("fanfare_store_writable".to_owned(), 1.0),
        ("fanfare_journal_failed_commits_total".to_owned(), 0.0),
        ("fanfare_actor_restarts_total{kind=\"SubscriptionWorker\"}".to_owned(), 0.0),
        ("fanfare_actors{kind=\"SubscriptionWorker\"}".to_owned(), 3.0),
    ] {
        assert!(
            (value(&text, &series) - expected).abs() < 1e-9,
            "{series} is not {expected} in {text}"
        );
    }
    for status in ["201", "400", "503"] {
        let labels = format!("{{push_service=\"other\",status=\"{status}\"}}");
        let count = value(&text, &format!("fanfare_push_request_seconds_count{labels}"));
        assert!(count >= 1.0, "{status}");
    }
    // Three subscriptions and a publish, and whoever asked how it went.
    assert!(value(&text, "fanfare_http_request_seconds_count{status=\"2xx\"}") >= 5.0);
    assert!(value(&text, "fanfare_http_request_seconds_bucket{le=\"+Inf\",status=\"2xx\"}") >= 5.0);

    let commits = value(&text, "fanfare_journal_commit_seconds_count");
    let rows = value(&text, "fanfare_journal_batch_rows_sum");
    assert!(commits >= 4.0 && rows >= 4.0, "{commits} commits of {rows} rows");
    assert!(value(&text, "fanfare_journal_commit_seconds_sum") > 0.0);
    assert!(value(&text, "fanfare_store_database_bytes") > 4096.0);
    let (free, disk) = ("fanfare_store_free_bytes", "fanfare_store_disk_bytes");
    assert!(value(&text, free) <= value(&text, disk));

    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(value(&text, "process_virtual_memory_bytes") > 1e6);
    assert!(value(&text, "process_cpu_seconds_total") > 0.0);
    assert!(value(&text, "process_threads") > 3.0);
    assert!(value(&text, "process_open_fds") > 3.0);
    assert!(value(&text, "process_max_fds") >= value(&text, "process_open_fds"));
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let now = crate::harness::house::now().as_secs() as f64;
    let age = now - value(&text, "process_start_time_seconds");
    assert!((-2.0..120.0).contains(&age), "{age}");
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
}

#[actix_web::test]
async fn the_metrics_have_as_many_rows_after_five_hundred_requests_as_after_ten() {
    let api = Api::start().await;
    let rows = || api.state.metrics.encode().lines().count();
    let ask = async |count: usize| {
        for index in 0..count {
            let path = format!("/v1/notifications/not_{index}");
            let answer = api.get(&path).bearer(crate::harness::api::KEY).send().await;
            assert_eq!(answer.status, 404);
        }
    };
    ask(10).await;
    let before = rows();
    ask(500).await;
    assert_eq!(rows(), before);
    api.stop().await;
}

#[actix_web::test]
async fn an_answer_of_the_api_is_timed_under_its_class() {
    let api = Api::start().await;
    let counts = || {
        let text = api.state.metrics.encode();
        ["2xx", "4xx"].map(|class| {
            value(&text, &format!("fanfare_http_request_seconds_count{{status=\"{class}\"}}"))
        })
    };
    assert_eq!(counts(), [0.0, 0.0]);
    api.get("/healthz").send().await;
    api.get("/nowhere").send().await;
    api.get("/v1/channels").send().await;
    assert_eq!(counts(), [1.0, 2.0]);
    api.stop().await;
}

#[test]
fn the_text_is_of_names_that_are_there_once() {
    let metrics = fanfare::metrics::Metrics::new();
    _ = metrics.http_request_seconds.get_or_create(&fanfare::metrics::Served {
        status: fanfare::metrics::StatusClass::of(200),
    });
    let found = Exposition::parse(&metrics.encode());
    for sample in found.samples.keys() {
        assert!(found.family_of(sample).is_some(), "{sample} has no type");
    }
}
