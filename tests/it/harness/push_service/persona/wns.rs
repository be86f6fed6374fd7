//! Windows Notification Service: its answers are in `X-WNS-*` headers, and its bodies are empty.

use super::{Answer, Asked};

/// 200 whatever `status` says: `received`, `dropped` or `channelthrottled`.
pub(crate) fn accepts(status: &str) -> Answer {
    Answer::status(200)
        .header("x-wns-status", status)
        .header("x-wns-notificationstatus", status)
        .header("x-wns-msg-id", "4D1862580BFBB38D")
}

/// WNS's 429.
pub(crate) fn throttled() -> Answer {
    error(406, "The cloud service exceeded its throttle limit.").header("retry-after", "900")
}

pub(crate) fn refuses(asked: &Asked<'_>) -> Option<Answer> {
    if asked.vapid.is_err() {
        return Some(error(401, "The authorization token is not valid."));
    }
    if asked.is_of_another_key() {
        return Some(error(403, "The cloud service is not authorized to send to this URI."));
    }
    if asked.subscribed.ended {
        return Some(error(410, "The channel expired."));
    }
    // Without a word on it, a message is one to cache.
    let caches = asked.header("x-wns-cache-policy").unwrap_or("cache") == "cache";
    let may_be_kept = asked.header("ttl").is_none_or(|ttl| ttl != "0");
    (caches != may_be_kept).then(|| error(400, "Ttl value conflicts with X-WNS-Cache-Policy."))
}

/// An error with its description.
pub(crate) fn error(status: u16, description: &str) -> Answer {
    Answer::status(status)
        .header("x-wns-error-description", description)
        .header("x-wns-status", "dropped")
        .header("x-wns-notificationstatus", "dropped")
}
