//! What is asked of the daemon: one notification to everybody, timed.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::client::Client;
use crate::daemon::{Daemon, notification, notifications};
use crate::machine::{self, Memory};
use crate::recorder::Recorder;

/// The channel that everybody is in.
pub(crate) const FULL: &str = "full";

/// A channel that nobody is in.
const EMPTY: &str = "empty";

/// One notification to everybody, timed from its POST.
pub(crate) struct FannedOut {
    /// Until its 202.
    pub(crate) accepted: Duration,
    /// Until the push service had the last request.
    pub(crate) delivered: Duration,
    /// Until the last outcome was on disk.
    pub(crate) settled: Duration,
}

impl Daemon {
    pub(crate) fn memory(&self) -> Memory {
        machine::memory(&self.process())
    }

    /// One notification to everybody in the channel.
    pub(crate) fn notify_all(&self, recorder: &mut Recorder, count: usize) -> FannedOut {
        let before = recorder.wait_for(0);
        self.block_on(async {
            let mut client = self.client().await;
            let started = Instant::now();
            let id = notify_all(&mut client, count).await;
            let accepted = started.elapsed();
            let requests = recorder.wait_for(before + count as u64) - before;
            let delivered = started.elapsed();
            assert_eq!(requests, count as u64, "every subscription is sent one request");
            until_settled(&mut client, &id, count).await;
            FannedOut { accepted, delivered, settled: started.elapsed() }
        })
    }

    /// One more notification to everybody, and how long each 202 takes, one call after the other, until it is settled.
    pub(crate) fn accepts_while_busy(&self, count: usize) -> Vec<Duration> {
        self.block_on(async {
            let mut client = self.client().await;
            let id = notify_all(&mut client, count).await;
            let mut accepts = Vec::new();
            let calling = async {
                let (mut client, empty) = (self.client().await, notifications(EMPTY));
                let mut pace = tokio::time::interval(Duration::from_millis(10));
                loop {
                    pace.tick().await;
                    let answered = client.post(&empty, notification(), StatusCode::ACCEPTED).await;
                    accepts.push(answered.took);
                }
            };
            tokio::select! {
                () = calling => {}
                () = until_settled(&mut client, &id, count) => {}
            }
            accepts
        })
    }
}

/// Its id.
async fn notify_all(client: &mut Client, count: usize) -> String {
    let json = client.post(&notifications(FULL), notification(), StatusCode::ACCEPTED).await.json;
    assert_eq!(json["recipients"], count);
    json["id"].as_str().unwrap().to_owned()
}

async fn until_settled(client: &mut Client, id: &str, count: usize) {
    let path = format!("/v1/notifications/{id}");
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    loop {
        pace.tick().await;
        let status = client.get(&path).await.json;
        let outcomes = &status["outcomes"];
        let pending = outcomes["pending"].as_u64().unwrap();
        assert_eq!(outcomes["accepted"], count as u64 - pending, "all end as accepted");
        if pending == 0 {
            return;
        }
    }
}
