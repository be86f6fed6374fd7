//! What watching costs while nobody looks: a sample a second, and rings that are full from the start.

use std::sync::Arc;
use std::time::Duration;

use fanfare::clock::Clock;
use fanfare::metrics::{Answered, Ended, Metrics, Of, OutcomeLabel, PushServiceLabel, StatusLabel};
use fanfare::model::Outcome;
use fanfare::observe::figures::Figures;
use fanfare::observe::process::Process;
use fanfare::observe::sampler::Sampler;
use fanfare::store::Store;
use fanfare::store::sqlite::SqliteStore;
use fanfare::tree::Tree;
use fanfare::webpush::service::PushService;

/// Samples that are timed.
const SAMPLES: u32 = 4_000;

/// Every counter that there can be.
fn all_counters() -> Metrics {
    let metrics = Metrics::new();
    for service in PushService::ALL {
        let push_service = PushServiceLabel(service);
        metrics.delivery_seconds.get_or_create(&Of { push_service }).observe(0.1);
        for outcome in Outcome::ALL {
            let outcome = OutcomeLabel(outcome);
            metrics.deliveries.get_or_create(&Ended { push_service, outcome }).inc();
        }
        for status in StatusLabel::all() {
            let answered = Answered { push_service, status };
            metrics.push_request_seconds.get_or_create(&answered).observe(0.1);
        }
    }
    metrics
}

#[actix_web::test]
async fn sampling_takes_less_than_a_hundredth_of_a_core() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("fanfare.db")).unwrap();
    let store = Arc::new(store) as Arc<dyn Store>;
    let (tree, metrics) = (Tree::bare(Arc::clone(&store)), Arc::new(all_counters()));
    let sampler = Sampler { metrics, store, tree, clock: Clock::System };
    let resident = || Process::now().resident_bytes.unwrap();
    let before = resident();
    let figures = Figures::default();
    let start = std::time::Instant::now();
    for second in 0..SAMPLES {
        sampler.take(&figures, Duration::from_secs(second.into()));
    }
    let each = start.elapsed() / SAMPLES;
    let grown = resident().saturating_sub(before) / 1024;
    // By hand, alone and with --nocapture: the process's memory has that of other tests in it.
    println!("a sample takes {each:?}; {SAMPLES} of them take {grown} kB");
    assert!(each < Duration::from_millis(10), "a sample takes {each:?}");
}
