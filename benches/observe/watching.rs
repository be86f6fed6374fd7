//! Somebody who watches: page after page, and all pages at once as streams.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::daemon::Daemon;

/// How many actors are alive.
pub(crate) async fn alive(daemon: &Daemon) -> u64 {
    let answer = daemon.client().await.get("/v1/observe/actors?limit=1").await;
    answer.json["total"].as_u64().unwrap()
}

/// How long a page takes, again and again, fastest first.
pub(crate) async fn times(daemon: &Daemon, path: &str, times: usize) -> Vec<Duration> {
    let mut client = daemon.client().await;
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        took.push(client.get(path).await.took);
    }
    took.sort_unstable();
    took
}

/// Follows all of these for so long; how many events came.
pub(crate) async fn watch(daemon: &Daemon, paths: &[&str], spell: Duration) -> usize {
    let until = Instant::now() + spell;
    let follow = async |path: &&str| {
        let mut client = daemon.client().await;
        let mut events = client.follow(path).await;
        let mut count = 0;
        while let Ok(Some(frame)) = timeout_at(until, events.next()).await {
            count += frame.matches("\nevent: ").count() + usize::from(frame.starts_with("event: "));
        }
        count
    };
    join_all(paths.iter().map(follow)).await.into_iter().sum()
}
