//! Server-sent events (HTML, § 9.2) as every stream of ours writes them. They are read by `fetch`, which can send a
//! credential.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use futures_util::Stream;

/// What a request's `Accept` names to get a stream.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// An event; its data has no line breaks, because JSON writes them otherwise.
pub fn event(name: &str, json: &str) -> String {
    format!("event: {name}\ndata: {json}\n\n")
}

/// What readers pass over, and whoever looks at the stream itself sees.
pub fn comment(text: &str) -> String {
    format!(": {text}\n\n")
}

/// The answer that a stream is the body of.
pub fn answer(events: impl Stream<Item = Result<Bytes, Infallible>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx passes on what it gets only when it is told to.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events)
}
