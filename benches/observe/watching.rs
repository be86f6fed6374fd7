//! Somebody who watches: page after page, and all pages at once as streams.

use std::time::Duration;

use futures_util::future::join_all;
use http::header::ACCEPT;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
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
    let count = async |path: &&str| {
        let mut client = daemon.client().await;
        let mut events = follow(&mut client, path).await;
        let mut count = 0;
        while let Ok(Some(frame)) = timeout_at(until, next(&mut events)).await {
            count += frame.matches("\nevent: ").count() + usize::from(frame.starts_with("event: "));
        }
        count
    };
    join_all(paths.iter().map(count)).await.into_iter().sum()
}

async fn follow(client: &mut Client, path: &str) -> Incoming {
    let request = client.request(Method::GET, path).header(ACCEPT, "text/event-stream");
    let answer = client.sender.send_request(request.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.into_body()
}

/// The next piece; `None`: it has ended.
async fn next(events: &mut Incoming) -> Option<String> {
    let frame = events.frame().await?.unwrap();
    frame.into_data().ok().map(|data| String::from_utf8_lossy(&data).into_owned())
}
