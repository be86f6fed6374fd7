//! ntfy as a UnifiedPush distributor: anyone may push to a topic, and errors have codes of five digits.

use serde_json::json;

use super::{Answer, Asked, json};

/// ntfy shows the message that it took: to it, our ciphertext is a file.
pub(crate) fn accepts() -> Answer {
    let body = json!({
        "id": "xE73Iyuabi", "time": 1_673_542_291, "expires": 1_673_585_491, "event": "message",
        "topic": "upDZKgQmf", "message": "AAEC", "encoding": "base64",
    });
    json(200, &body)
}

/// Nobody has listened to this topic lately.
pub(crate) fn no_subscriber() -> Answer {
    let said = "cannot publish to UnifiedPush topic without previously active subscriber";
    error(507, 50701, said)
}

/// Too many requests from our address.
pub(crate) fn too_many_requests() -> Answer {
    error(429, 42901, "limit reached: too many requests")
}

pub(crate) fn refuses(asked: &Asked<'_>) -> Option<Answer> {
    // It looks at no token, and keeps no subscriptions: who stopped listening is a topic without a subscriber.
    asked.subscribed.ended.then(no_subscriber)
}

fn error(status: u16, code: u32, error: &str) -> Answer {
    let link = "https://ntfy.sh/docs/publish/#limitations";
    json(status, &json!({ "code": code, "http": status, "error": error, "link": link }))
}
