//! `Idempotency-Key`: a caller's name for a call, so that a repeat of it changes nothing.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use aws_lc_rs::digest::{Context, SHA256};

use super::problem::{Problem, ProblemKind};
use crate::store::publish::Idempotency;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_LEN: usize = 255;

/// What makes a repeat of this request the same call, when its caller has named it.
pub fn of(
    req: &HttpRequest,
    media_type: &str,
    bytes: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = key(req.headers())? else { return Ok(None) };
    let mut context = Context::new(&SHA256);
    for part in [req.uri().path().as_bytes(), media_type.as_bytes(), bytes] {
        // Each with its length, so that no two requests are the same bytes.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let fingerprint = context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
    Ok(Some(Idempotency { key, fingerprint }))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(NAME);
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(key)), None) if (1..=MAX_LEN).contains(&key.len()) => Ok(Some(key.to_owned())),
        (Some(_), _) => Err(Problem::new(
            ProblemKind::BadRequest,
            format!("Idempotency-Key must be there once, with 1 to {MAX_LEN} ASCII characters"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_fingerprint_differs_with_path_type_and_body() {
        let of = |path: &str, media_type: &str, body: &str| {
            let req = TestRequest::with_uri(path).insert_header((NAME, "k")).to_http_request();
            super::of(&req, media_type, body.as_bytes()).unwrap().unwrap().fingerprint
        };
        let first = of("/a", "text/plain", "x");
        assert_eq!(of("/a", "text/plain", "x"), first);
        for other in [
            of("/b", "text/plain", "x"),
            of("/a", "application/json", "x"),
            of("/a", "text/plain", "y"),
            of("/a", "text/plainx", ""),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn an_idempotency_key_has_a_length() {
        let long = "k".repeat(256);
        for (text, fine) in [("k", true), (&long[..255], true), (&long, false), ("", false)] {
            let req = TestRequest::default().insert_header((NAME, text)).to_http_request();
            assert_eq!(key(req.headers()).is_ok(), fine, "{}", text.len());
        }
    }
}
