//! What a push service's answer means: one total table from status to verdict (RFC 8030 §5, §7.3, §8.4, and what
//! the services really do). Each row is a test by name.

mod date;
mod reason;
mod retry_after;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

pub use date::date;
pub use reason::{dropped, reason};
pub use retry_after::retry_after;

use crate::clock::Timestamp;
use crate::webpush::service::PushService;

/// A push service's whole answer, as far as it was read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, cut at the egress's limit.
    pub body: Bytes,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The push service took the message.
    Accepted,
    /// The subscription has ended: that generation is deleted, through the brake.
    Gone,
    /// Too large for this service or device: the message ends, the subscription stays.
    TooLarge,
    /// Our request or this message is wrong: the message ends, the subscription stays.
    Rejected,
    /// Not now: the message waits, in its place.
    Retry {
        /// At least so long, when the push service said so.
        after: Option<Duration>,
        /// Who waits.
        scope: Scope,
    },
    /// Our key, claims or clock are refused: origin and VAPID key pause, and the token is signed anew. Never
    /// the subscriber's fault.
    Unauthorized,
    /// Nobody has listened lately (ntfy's 507): a long back-off, and gone only after days of it.
    NoSubscriber,
}

/// Whom a [`Verdict::Retry`] speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// This endpoint alone.
    Endpoint,
    /// The push service does not say: this endpoint, and when several hear it in a short time, the origin.
    Unsaid,
    /// Everyone at the origin.
    Origin,
}

impl Answer {
    /// Whether this is a failure of the push service itself, which counts against its origin's breaker. That
    /// it asks us to slow down (429, 406) is none, nor is what it says of one subscription (507).
    pub fn is_outage(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 500..=506 | 508..=599)
    }

    /// Whether the push service asks us to slow down.
    pub fn is_throttling(&self) -> bool {
        matches!(self.status.as_u16(), 406 | 429)
    }
}

/// What `answer` of `service`, come at `now`, means.
pub fn classify(service: PushService, answer: &Answer, now: Timestamp) -> Verdict {
    match answer.status.as_u16() {
        // Mozilla says 201 even to a message of TTL 0 that it dropped, WNS 200 to one that it throttled: it is
        // theirs now, and `dropped` shows it.
        200..=299 => Verdict::Accepted,
        401 | 403 => Verdict::Unauthorized,
        404 | 410 => Verdict::Gone,
        // WNS's 429.
        406 => retry(answer, Scope::Origin, now),
        // 421 and 425 (RFC 9110 §15.5.20, RFC 8470 §5.2) ask for the same request again.
        408 | 421 | 425 => retry(answer, Scope::Endpoint, now),
        413 => Verdict::TooLarge,
        429 => retry(answer, throttled(service, answer), now),
        507 => Verdict::NoSubscriber,
        // FCM's 503 may have delivered all the same; the tag makes a repeat replace itself.
        500..=599 => retry(answer, Scope::Endpoint, now),
        // 1xx is never final, 3xx is never followed (the endpoint is a stranger's URL), 400 and the rest of 4xx
        // are about our request, which would be the same again; there is nothing from 600 on.
        ..=199 | 300..=499 | 600.. => Verdict::Rejected,
    }
}

/// Whom a 429 speaks of.
fn throttled(service: PushService, answer: &Answer) -> Scope {
    match service {
        // As Apple documents these reasons for APNs: one device's token was pushed to too fast, or our own
        // token is signed anew too often.
        PushService::Apple => match reason(service, answer).as_deref() {
            Some("TooManyRequests") => Scope::Endpoint,
            Some("TooManyProviderTokenUpdates") => Scope::Origin,
            Some(_) | None => Scope::Unsaid,
        },
        PushService::Fcm
        | PushService::Mozilla
        | PushService::Wns
        | PushService::Ntfy
        | PushService::Other => Scope::Unsaid,
    }
}

fn retry(answer: &Answer, scope: Scope, now: Timestamp) -> Verdict {
    Verdict::Retry { after: retry_after(&answer.headers, now), scope }
}

#[cfg(test)]
mod tests;
