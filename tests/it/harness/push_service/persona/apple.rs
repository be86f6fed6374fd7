//! Apple: alone in reading `sub`, and alone in decoding the topic; it says why in `reason`.

use serde_json::json;

use super::vapid::Vapid;
use super::{Answer, Asked, is_topic, json};

pub(crate) fn accepts() -> Answer {
    Answer::status(201).header("apns-id", "2F3A9C3E-8B0C-4D3B-9D6E-0C1B5F1E7A10")
}

pub(crate) fn refuses(asked: &Asked<'_>) -> Option<Answer> {
    match &asked.vapid {
        Err(_) => return Some(error(403, "BadJwtToken")),
        Ok(vapid) if !has_contact(vapid) => return Some(error(403, "BadJwtToken")),
        Ok(_) => {}
    }
    if asked.is_of_another_key() {
        return Some(error(400, "VapidPkHashMismatch"));
    }
    if asked.subscribed.ended {
        return Some(error(410, "Unregistered"));
    }
    if asked.header("topic").is_some_and(|topic| !is_topic(topic) || topic.len() % 4 == 1) {
        return Some(error(400, "BadWebPushTopic"));
    }
    match asked.header("urgency") {
        None | Some("very-low" | "low" | "normal" | "high") => None,
        Some(_) => Some(error(400, "BadUrgency")),
    }
}

/// Whether `sub` is a contact that Apple believes in.
fn has_contact(vapid: &Vapid) -> bool {
    let Some(sub) = &vapid.sub else { return false };
    let Some(rest) = sub.strip_prefix("mailto:").or_else(|| sub.strip_prefix("https://")) else {
        return false;
    };
    let host = rest.rsplit('@').next().unwrap_or(rest);
    let host = host.split(['/', ':', '?']).next().unwrap_or(host);
    let private = ["localhost", "local", "invalid"];
    !sub.contains([' ', '<', '>'])
        && host.split('.').next_back().is_some_and(|last| !private.contains(&last))
}

/// An error in Apple's one field.
pub(crate) fn error(status: u16, reason: &str) -> Answer {
    json(status, &json!({ "reason": reason }))
}
