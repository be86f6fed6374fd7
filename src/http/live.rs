//! An answer that can be had once, as JSON, or again and again, as server-sent events: whoever asks says which by
//! `Accept`. A stream reads only while somebody takes what it reads: with no dashboard open, nothing is read at all.
//!
//! `event: snapshot` comes at once and then whenever what is read has changed, every `every` seconds at most; a comment
//! comes after 15 s of silence. A stream that ends was cut off, as by a restart, or by its key's end: ask again.

use std::future::Future;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;

pub mod follow;

use super::auth::Caller;
use super::problem::{Problem, ProblemKind};
use super::sse;
use super::state::State;

/// Proxies close a connection that says nothing for a minute (nginx, by default).
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Seconds between two looks at most.
const LONGEST_PAUSE: u64 = 60;

/// How often a stream looks.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Every {
    /// Seconds between two snapshots of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    pub every: Option<u64>,
}

impl Every {
    /// The same as a duration.
    pub fn pause(self) -> Result<Duration, Problem> {
        match self.every.unwrap_or(1) {
            seconds @ 1..=LONGEST_PAUSE => Ok(Duration::from_secs(seconds)),
            _ => {
                let detail = format!("`every` must be from 1 to {LONGEST_PAUSE} seconds");
                Err(Problem::new(ProblemKind::BadQuery, detail))
            }
        }
    }
}

/// Answers what `read` reads: once, or as a stream. The caller has been let in already; a stream ends with its key.
pub async fn answer<T, R, F>(
    req: &HttpRequest,
    caller: Caller,
    every: Every,
    read: R,
) -> Result<HttpResponse, Problem>
where
    T: Serialize + 'static,
    R: Fn() -> F + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    let pause = every.pause()?;
    let first = read().await?;
    if !wants_stream(req) {
        return Ok(HttpResponse::Ok().json(first));
    }
    let feed = Feed {
        first: Some(first),
        shown: String::new(),
        pause,
        looked: Instant::now(),
        said: Instant::now(),
        state: state_of(req),
        caller,
        read,
    };
    Ok(sse::answer(unfold(Some(feed), |feed| async move {
        let mut feed = feed?;
        let (frame, goes_on) = feed.next().await;
        Some((Ok(Bytes::from(frame)), goes_on.then_some(feed)))
    })))
}

fn state_of(req: &HttpRequest) -> Data<State> {
    req.app_data::<Data<State>>().expect("`configure` has put it there").clone()
}

/// Whether `Accept` names the events' media type.
pub fn wants_stream(req: &HttpRequest) -> bool {
    let accept = req.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| {
        accept.split(',').any(|part| part.trim().starts_with(sse::MEDIA_TYPE))
    })
}

/// One stream.
struct Feed<T, R> {
    first: Option<T>,
    /// The last snapshot that was sent.
    shown: String,
    pause: Duration,
    /// When it was last read.
    looked: Instant,
    /// When something was last sent.
    said: Instant,
    state: Data<State>,
    caller: Caller,
    read: R,
}

impl<T, R, F> Feed<T, R>
where
    T: Serialize,
    R: Fn() -> F,
    F: Future<Output = Result<T, Problem>>,
{
    /// What is sent next, and whether anything comes after it.
    async fn next(&mut self) -> (String, bool) {
        let (frame, goes_on) = match self.first.take() {
            Some(first) => (self.show(&first).unwrap_or_default(), true),
            None => self.wait().await,
        };
        self.said = Instant::now();
        (frame, goes_on)
    }

    async fn wait(&mut self) -> (String, bool) {
        loop {
            tokio::select! {
                biased;
                () = self.state.streams.ended() => return end("the server stops: ask again"),
                () = sleep_until(self.looked + self.pause) => {
                    if !self.caller.is_known_to(&self.state.directory()) {
                        return end("this key is there no more");
                    }
                    let read = (self.read)().await;
                    self.looked = Instant::now();
                    match read {
                        Err(_) => return end("this cannot be read: ask again"),
                        Ok(read) => if let Some(frame) = self.show(&read) {
                            return (frame, true);
                        }
                    }
                    if self.said.elapsed() >= KEEP_ALIVE {
                        return (sse::comment("still here"), true);
                    }
                }
            }
        }
    }

    /// The frame of a snapshot, if it is not the last one again.
    fn show(&mut self, read: &T) -> Option<String> {
        let json = serde_json::to_string(read)
            .expect("a snapshot is text and numbers, which JSON can hold");
        if json == self.shown {
            return None;
        }
        let frame = sse::event("snapshot", &json);
        self.shown = json;
        Some(frame)
    }
}

fn end(why: &str) -> (String, bool) {
    (sse::comment(why), false)
}
