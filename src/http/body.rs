//! A request's body, read only when a handler asks for it: whoever may not call costs no memory.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::limits::HttpLimits;
use super::problem::{Problem, ProblemKind};
use super::state::State;
use super::streams::Streams;
use crate::webpush::field::FieldError;

/// For bodies about one channel. A payload has 3967 bytes, at most six times as many as JSON writes them
/// (`\u00e9`); the rest is room for exclusions (100 of 29 bytes) and white space.
pub const SMALL: usize = 64 * 1024;

/// For bodies that name channels: 1000 names of 200 bytes are 203 kB, and 603 kB when a client writes everything
/// beyond ASCII as `\u` escapes.
pub const WIDE: usize = 1024 * 1024;

const JSON: &str = "application/json";

/// A body that has not been read yet.
pub struct Body {
    payload: Payload,
    media_type: Option<String>,
    encoded: bool,
    timeout: Duration,
    streams: Streams,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = |name| req.headers().get(name).and_then(|value| value.to_str().ok());
        let media_type = text(header::CONTENT_TYPE).map(|value| value.trim().to_ascii_lowercase());
        let coding = text(header::CONTENT_ENCODING).unwrap_or("identity");
        let encoded = !coding.trim().eq_ignore_ascii_case("identity");
        let state = req.app_data::<web::Data<State>>();
        let limits = state.map_or_else(HttpLimits::default, |state| state.options().limits);
        let timeout = limits.body_timeout;
        let streams = state.map_or_else(Streams::default, |state| state.streams.clone());
        ready(Ok(Self { payload: payload.take(), media_type, encoded, timeout, streams }))
    }
}

impl Body {
    /// `text/plain` of `text/plain; charset=utf-8`, in lower case.
    pub fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref().and_then(|value| value.split(';').next()).map(str::trim)
    }

    /// The charset, in lower case, if one is named.
    pub fn charset(&self) -> Option<&str> {
        let mut parameters = self.media_type.as_deref()?.split(';').skip(1);
        parameters
            .find_map(|parameter| parameter.trim().strip_prefix("charset="))
            .map(|charset| charset.trim_matches('"'))
    }

    /// The whole body as JSON, at most `limit` bytes.
    pub async fn json(self, limit: usize) -> Result<Value, Problem> {
        if self.media_type() != Some(JSON) {
            return Err(Problem::new(
                ProblemKind::UnsupportedMediaType,
                "the body must be JSON, and say so: -H 'Content-Type: application/json'",
            ));
        }
        parse(&self.bytes(limit).await?)
    }

    /// The whole body as a `T`, at most `limit` bytes.
    pub async fn read<T: DeserializeOwned>(self, limit: usize) -> Result<T, Problem> {
        typed(self.json(limit).await?)
    }

    /// The whole body, at most `limit` bytes.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Problem> {
        if self.encoded {
            let detail = "the body must not be compressed: leave Content-Encoding out";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let reading = async {
            let mut whole = BytesMut::new();
            while let Some(chunk) = self.payload.next().await {
                let chunk = chunk.map_err(|_| incomplete())?;
                if whole.len() + chunk.len() > limit {
                    let detail = format!("the body has more than {limit} bytes");
                    return Err(Problem::new(ProblemKind::BodyTooLarge, detail));
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(whole.freeze())
        };
        tokio::select! {
            // What is here already is taken.
            biased;
            whole = reading => whole,
            () = tokio::time::sleep(self.timeout) => {
                let time = humantime::format_duration(self.timeout);
                let detail = format!("the body did not arrive within {time} (limits.body_timeout)");
                Err(Problem::new(ProblemKind::RequestTimeout, detail))
            }
            () = self.streams.ended() => {
                let detail = "the daemon stops, and the body had not arrived: send the request again";
                Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(1))
            }
        }
    }
}

fn incomplete() -> Problem {
    Problem::new(ProblemKind::BadRequest, "the body ended early or is framed wrongly")
}

/// JSON, or where it stops being that.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(
            ProblemKind::BadJson,
            "the body is empty; a JSON object is expected",
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(ProblemKind::BadJson, format!("the body is not JSON: {error}"))
    })
}

/// A value of a type of ours, or the field that is in the way.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        Problem::fields(vec![FieldError::new(pointer, error.into_inner().to_string())])
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::from("#");
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => push_token(&mut pointer, key),
            Segment::Enum { variant } => push_token(&mut pointer, variant),
            Segment::Unknown => pointer.push_str("/?"),
        }
    }
    pointer
}

fn push_token(pointer: &mut String, token: &str) {
    let token: String = token.chars().take(64).collect();
    let token = token.replace('~', "~0").replace('/', "~1");
    let token = percent_encoding::utf8_percent_encode(&token, super::channel_name::ENCODED);
    pointer.push_str(&format!("/{token}"));
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(rename = "items")]
        _items: Vec<u8>,
        #[serde(default, rename = "note")]
        _note: Option<String>,
    }

    async fn body(content_type: &'static str, bytes: &'static [u8]) -> Body {
        let (req, mut payload) = TestRequest::default()
            .insert_header((header::CONTENT_TYPE, content_type))
            .set_payload(bytes)
            .to_http_parts();
        Body::from_request(&req, &mut payload).await.unwrap()
    }

    #[actix_web::test]
    async fn what_is_not_json_is_refused_with_the_place_or_the_type() {
        let cases: [(&str, &[u8], ProblemKind, &str); 5] = [
            ("text/plain", b"{}", ProblemKind::UnsupportedMediaType, "application/json"),
            (JSON, b"{\n  \"a\": }", ProblemKind::BadJson, "line 2 column 8"),
            (JSON, b"", ProblemKind::BadJson, "empty"),
            (JSON, b"\"\xff\"", ProblemKind::BadJson, "line 1"),
            (JSON, b"[1,2,3,4,5,6,7,8,9,0]", ProblemKind::BodyTooLarge, "20 bytes"),
        ];
        for (content_type, bytes, kind, named) in cases {
            let problem = body(content_type, bytes).await.json(20).await.unwrap_err();
            assert_eq!(problem.kind(), kind);
            assert!(problem.to_string().contains(named), "{problem}");
        }
    }

    #[actix_web::test]
    async fn a_media_type_may_have_a_charset() {
        let body = body("Application/JSON; charset=\"UTF-8\"", b"{}").await;
        assert_eq!(body.media_type(), Some(JSON));
        assert_eq!(body.charset(), Some("utf-8"));
        assert_eq!(body.json(20).await.unwrap(), json!({}));
    }

    #[test]
    fn a_field_in_the_way_is_named_by_its_pointer() {
        let cases = [
            (json!({ "items": [1, "x"] }), "#/items/1"),
            (json!({ "items": [], "note": 7 }), "#/note"),
            (json!({ "items": [], "nope": 7 }), "#/nope"),
            (json!({}), "#"),
        ];
        for (value, pointer) in cases {
            let problem = typed::<Order>(value).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::InvalidField);
            assert!(problem.to_string().contains(&format!(" {pointer}:")), "{problem}");
        }
    }
}
