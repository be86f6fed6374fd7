//! A publish: what the store is asked to accept, and what becomes of it.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{AppId, PublicId};
use crate::webpush::message::Content;
use crate::webpush::request::Urgency;

/// A publish: what was parsed and checked, for one or several channels of an app.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The app.
    pub app: AppId,
    /// Names of channels, each once.
    pub channels: Vec<String>,
    /// What the browser will get.
    pub content: Content,
    /// When it is to be sent, if that is later than now.
    pub send_at: Option<Timestamp>,
    /// How long it may wait, from then on.
    pub ttl: Duration,
    /// RFC 8030 §5.3.
    pub urgency: Urgency,
    /// The caller's own words; the wire's form is derived from them.
    pub topic: Option<String>,
    /// Who does not get it.
    pub exclude: Vec<PublicId>,
    /// What makes a repeat of this call the same call.
    pub idempotency: Option<Idempotency>,
    /// When it is.
    pub now: Timestamp,
}

/// An `Idempotency-Key` with the fingerprint of the request that it came with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotency {
    /// 1–255 bytes, opaque.
    pub key: String,
    /// SHA-256 over path, media type and body.
    pub fingerprint: [u8; 32],
}

/// What became of a publish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AcceptReply {
    /// Stored, one for each channel, in the order of the call; `replayed` when an earlier call did it.
    Accepted {
        /// The notifications.
        items: Vec<Accepted>,
        /// Whether the same Idempotency-Key had stored them before.
        replayed: bool,
    },
    /// The Idempotency-Key came with another request before.
    KeyReused,
    /// This channel has as many open notifications as it may (10,000); or as many open and scheduled ones, when another was
    /// to be scheduled.
    ChannelFull(String),
}

/// One notification in one channel's log, or on its way there.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// Its name.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Its number there; `None`: it has none before it is due.
    pub seq: Option<i64>,
    /// How many subscriptions are to get it; `None`: that is not known before it is due.
    pub recipients: Option<i64>,
}
