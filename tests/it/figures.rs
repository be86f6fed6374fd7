//! The figures of a daemon: as charts, as the system's page, as /metrics, and in what Prometheus and Grafana make of them.

mod charts;
mod cost;
mod exposition;
mod metrics;
mod monitoring;
mod system;

use http::Method;
use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

/// A daemon that has sent one notification to three browsers, of whom one took it at the second try and one never will.
struct Busy {
    daemon: Daemon,
    _service: PushService,
}

impl Busy {
    async fn start() -> Self {
        let service = PushService::start();
        let daemon = Home::new().start(&service).await;
        service.answer("slow", [Answer::status(503)]);
        service.answer("strict", [Answer::status(400)]);
        for token in ["fine", "slow", "strict"] {
            daemon.subscribe(&Browser::new(), &service.endpoint(token), "news").await;
        }
        let id = daemon.notify("news", "hello").await;
        let outcomes = daemon.finished(&id).await["outcomes"].take();
        assert_eq!((&outcomes["accepted"], &outcomes["rejected"]), (&2.into(), &1.into()));
        Self { daemon, _service: service }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.daemon.call(Method::GET, path).send().await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json()
    }

    async fn metrics(&self) -> String {
        let answer = self.daemon.call(Method::GET, "/metrics").send().await;
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    /// The metrics when the sizes of the store have been taken.
    async fn measured(&self) -> String {
        eventually("the store has been measured", || async {
            Some(self.metrics().await).filter(|text| text.contains("fanfare_store_wal_bytes "))
        })
        .await
    }
}
