//! The other kind of stream: a snapshot, and then what is new, event by event, for what would be much to send again and
//! again.

use bytes::Bytes;
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::{KEEP_ALIVE, end, state_of, wants_stream};
use crate::http::auth::Caller;
use crate::http::sse;
use crate::http::state::State;
use actix_web::{HttpRequest, HttpResponse, web};

/// An event's name and its data.
pub type Event = (&'static str, String);

/// Answers `first`: alone, or as a stream that goes on with `news`: what each look has found, which may be nothing. The
/// caller has been let in already; a stream ends with its key, which is asked for after each look.
pub fn follow<T, S>(req: &HttpRequest, caller: Caller, first: &T, news: S) -> HttpResponse
where
    T: Serialize,
    S: Stream<Item = Vec<Event>> + 'static,
{
    if !wants_stream(req) {
        return HttpResponse::Ok().json(first);
    }
    let json =
        serde_json::to_string(first).expect("a snapshot is text and numbers, which JSON can hold");
    let feed = Feed { first: Some(json), news: Box::pin(news), state: state_of(req), caller };
    sse::answer(unfold(Some(feed), |feed| async move {
        let mut feed = feed?;
        let (frame, goes_on) = feed.next().await;
        Some((Ok(Bytes::from(frame)), goes_on.then_some(feed)))
    }))
}

struct Feed<S> {
    first: Option<String>,
    news: std::pin::Pin<Box<S>>,
    state: web::Data<State>,
    caller: Caller,
}

impl<S: Stream<Item = Vec<Event>>> Feed<S> {
    /// What is sent next, and whether anything comes after it.
    async fn next(&mut self) -> (String, bool) {
        if let Some(first) = self.first.take() {
            return (sse::event("snapshot", &first), true);
        }
        let silent_until = Instant::now() + KEEP_ALIVE;
        loop {
            let news = tokio::select! {
                biased;
                () = self.state.streams.ended() => return end("the server stops: ask again"),
                news = timeout_at(silent_until, self.news.next()) => news,
            };
            if !self.caller.is_known_to(&self.state.directory()) {
                return end("this key is there no more");
            }
            match news {
                Ok(Some(news)) if news.is_empty() => {}
                Ok(Some(news)) => {
                    let frames = news.iter().map(|(name, json)| sse::event(name, json));
                    return (frames.collect(), true);
                }
                Ok(None) => return end("nothing more comes: ask again"),
                Err(_) => return (sse::comment("still here"), true),
            }
        }
    }
}
