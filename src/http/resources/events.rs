//! How a notification goes on: server-sent events, read by `fetch`, which can send a credential.
//!
//! A stream reads the status by its key, when the writer says that it has changed and at most every `PAUSE`. Whoever
//! reads slowly gets the latest and not all; whoever is dead holds a connection and an entry in a table, until a write
//! to it fails. A stream that ends without `done` was cut off: ask again.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::{Instant, sleep_until};

use super::notification::{NotificationStatus, id, unknown};
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::sse;
use crate::http::state::State;
use crate::http::streams::Streams;
use crate::store::StoreError;
use crate::store::directory::Scope;
use crate::store::progress::Watch;

/// Between two statuses: five a second are as many as somebody who looks at a bar can tell apart, and a fan-out commits
/// hundreds of times a second.
const PAUSE: Duration = Duration::from_millis(200);

/// A comment is sent after so long a silence: proxies close a connection that says nothing for a minute (nginx, by default).
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How a notification goes on: `event: status` with its status at once and at each change, a comment every 15 s, and at
/// the end `event: done` with the last status.
#[utoipa::path(
    get, path = "/v1/notifications/{id}/events", operation_id = "watchNotification", tag = "notifications",
    params(("id" = String, Path, description = "The notification's name")),
    responses((status = 200, content_type = "text/event-stream", body = String,
        description = "Server-sent events, their data the JSON of `getNotification`. A stream that ends without `done` \
                       was cut off, as by a restart: ask again.")),
    security(("api_key" = ["read"]), ("api_key" = ["notify"])),
)]
pub async fn watch(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_any(&[Scope::Read, Scope::Notify])?;
    let id = id(&path)?;
    // Before it is read, so that no change falls in between.
    let watch = state.store.watch(id.clone());
    let first = state.store.notification(caller.app.id, id.clone()).await?.ok_or_else(unknown)?;
    let streams = state.streams.clone();
    let read = move || {
        let may = caller.is_known_to(&state.directory());
        let found = state.store.notification(caller.app.id, id.clone());
        async move { Ok(if may { found.await?.map(NotificationStatus::from) } else { None }) }
    };
    Ok(sse::answer(events(first.into(), watch, streams, read)))
}

/// The stream: `read` answers how the notification stands; `None`: whoever reads it has no business there any more.
fn events<R, F>(
    first: NotificationStatus,
    watch: Watch,
    streams: Streams,
    read: R,
) -> impl Stream<Item = Result<Bytes, Infallible>>
where
    R: Fn() -> F,
    F: Future<Output = Result<Option<NotificationStatus>, StoreError>>,
{
    let now = Instant::now();
    let feed = Feed {
        first: Some(first),
        shown: String::new(),
        looked: now,
        said: now,
        watch,
        streams,
        read,
    };
    unfold(Some(feed), |feed| async move {
        let mut feed = feed?;
        let (frame, goes_on) = feed.next().await;
        Some((Ok(frame), goes_on.then_some(feed)))
    })
}

/// One stream.
struct Feed<R> {
    first: Option<NotificationStatus>,
    /// The last status that was sent.
    shown: String,
    /// When the status was last read.
    looked: Instant,
    /// When something was last sent.
    said: Instant,
    watch: Watch,
    streams: Streams,
    read: R,
}

impl<R, F> Feed<R>
where
    R: Fn() -> F,
    F: Future<Output = Result<Option<NotificationStatus>, StoreError>>,
{
    /// What is sent next, and whether anything comes after it.
    async fn next(&mut self) -> (Bytes, bool) {
        let (frame, goes_on) = match self.first.take() {
            Some(first) => self.show(&first).unwrap_or_default(),
            None => self.wait().await,
        };
        self.said = Instant::now();
        (frame.into(), goes_on)
    }

    async fn wait(&mut self) -> (String, bool) {
        loop {
            tokio::select! {
                biased;
                () = self.streams.ended() => return end("the server stops: ask again"),
                () = later(self.looked + PAUSE, self.watch.changed()) => {
                    if let Some(frame) = self.look().await {
                        return frame;
                    }
                }
                () = sleep_until(self.said + KEEP_ALIVE) => return self.keep_alive().await,
            }
        }
    }

    /// Reads the status, and shows it if it is another one.
    async fn look(&mut self) -> Option<(String, bool)> {
        let read = (self.read)().await;
        self.looked = Instant::now();
        match read {
            Ok(Some(status)) => self.show(&status),
            Ok(None) => Some(end("there is nothing to see any more")),
            Err(_) => Some(end("the status cannot be read: ask again")),
        }
    }

    /// Whoever may not see it any more does not wait for it either. And what a commit changed that seemed to fail, which
    /// nobody was told of, is seen here at last.
    async fn keep_alive(&mut self) -> (String, bool) {
        match (self.read)().await {
            Ok(None) => end("there is nothing to see any more"),
            Ok(Some(status)) => self.show(&status).unwrap_or_else(still_here),
            Err(_) => still_here(),
        }
    }

    /// The frame of a status, if it is not the last one again.
    fn show(&mut self, status: &NotificationStatus) -> Option<(String, bool)> {
        let json = serde_json::to_string(status)
            .expect("a status is text and numbers, which JSON can hold");
        if json == self.shown {
            return None;
        }
        let is_over = status.is_over();
        let mut frame = sse::event("status", &json);
        if is_over {
            frame += &sse::event("done", &json);
        }
        self.shown = json;
        Some((frame, !is_over))
    }
}

/// Waits until then, and for that.
async fn later(then: Instant, end: impl Future<Output = ()>) {
    sleep_until(then).await;
    end.await;
}

/// Nothing has changed.
fn still_here() -> (String, bool) {
    (sse::comment("still here"), true)
}

/// The last that is sent: a comment, which readers pass over, for whoever looks at the stream itself.
fn end(why: &str) -> (String, bool) {
    (sse::comment(why), false)
}

#[cfg(test)]
mod tests;
