//! Mozilla's autopush: strict about headers, and exact about what was wrong, by `errno`.

use serde_json::json;

use super::vapid::Flaw;
use super::{Answer, Asked, Recorded, is_topic, json};

/// What a longer TTL is silently cut to: 30 days, in seconds.
const MAX_TTL: i64 = 2_592_000;

/// A 201 says how long the message is kept; one of TTL 0 is dropped when the browser is away, and the answer is the same.
pub(crate) fn accepts(request: &Recorded) -> Answer {
    let kept = request.header("ttl").parse().unwrap_or(0).min(MAX_TTL);
    Answer::status(201)
        .header("location", "https://updates.push.services.mozilla.com/m/gAAAAABk")
        .header("ttl", &kept.to_string())
}

/// Overloaded.
pub(crate) fn busy() -> Answer {
    error(503, None, "Service Unavailable", "Database error").header("retry-after", "120")
}

pub(crate) fn refuses(asked: &Asked<'_>) -> Option<Answer> {
    if asked.is_of_another_key() {
        // So it was for years; of late it is a 401 with errno 109.
        return Some(error(404, Some(102), "Not Found", "Request did not validate invalid token"));
    }
    if asked.subscribed.ended {
        return Some(error(410, Some(106), "Gone", "No such subscription"));
    }
    if let Err(flaw) = &asked.vapid {
        let said = match flaw {
            Flaw::Missing => "Missing VAPID public key",
            Flaw::Malformed => "Missing VAPID token",
            Flaw::Signature => "InvalidSignature",
            Flaw::Audience => "Invalid VAPID audience",
            Flaw::ExpiryIsNoNumber => "JSON error: invalid type: string, expected u64",
            Flaw::Expired => "ExpiredSignature",
            Flaw::TooFarAhead => "The VAPID token expiration is too long",
        };
        return Some(error(401, Some(109), "Unauthorized", said));
    }
    if asked.is_too_large() {
        let said = "This message is intended for a constrained device and is limited in size";
        return Some(error(413, Some(104), "Payload Too Large", said));
    }
    let (errno, said) = headers(asked).err()?;
    Some(error(400, Some(errno), "Bad Request", said))
}

fn headers(asked: &Asked<'_>) -> Result<(), (u16, &'static str)> {
    let ttl: i64 =
        asked.header("ttl").and_then(|ttl| ttl.parse().ok()).ok_or((111, "Missing TTL value"))?;
    if ttl < 0 {
        return Err((114, "TTL must be greater than 0"));
    }
    if asked.header("topic").is_some_and(|topic| !is_topic(topic)) {
        return Err((113, "Topic must be URL and Filename safe Base64 alphabet"));
    }
    if asked.request.body.is_empty() {
        return Ok(());
    }
    match asked.header("content-encoding") {
        None => Err((110, "Missing Content-Encoding header")),
        // Those headers are of the encoding's drafts (RFC 8188 has them in the body).
        Some("aes128gcm") if asked.header("encryption").is_some() => {
            Err((110, "Do not include 'salt' header in aes128gcm Encryption header"))
        }
        Some("aes128gcm") if asked.header("crypto-key").is_some() => {
            Err((110, "Do not include 'dh' header in aes128gcm Crypto-Key header"))
        }
        Some("aes128gcm") => Ok(()),
        Some(_) => Err((110, "Unknown Content-Encoding header")),
    }
}

/// An error in autopush's five fields.
pub(crate) fn error(status: u16, errno: Option<u16>, error: &str, message: &str) -> Answer {
    let body = json!({
        "code": status,
        "errno": errno,
        "error": error,
        "message": message,
        "more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
    });
    json(status, &body)
}
