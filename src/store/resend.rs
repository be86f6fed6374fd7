//! Sending a notification again, to those alone to whom it could not be delivered.

use std::time::Duration;

use super::StoreFuture;
use super::publish::{Accepted, Idempotency};
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, SubscriptionId};

/// So many get it at most by one call: the others by another.
pub const MAX_NAMED: usize = 10_000;

/// How long a request may take, when nobody says otherwise.
pub const DEFAULT_REQUEST: Duration = Duration::from_secs(10);
/// How long its result may take from then on until it is on disk.
pub const TO_DISK: Duration = Duration::from_secs(5);

/// A notification to be sent again.
#[derive(Clone, Debug)]
pub struct Resend {
    /// The app.
    pub app: AppId,
    /// Which.
    pub id: PublicId,
    /// Where the call before ended.
    pub after: SubscriptionId,
    /// How many get it at most.
    pub limit: usize,
    /// What makes a repeat of this call the same call.
    pub idempotency: Option<Idempotency>,
    /// When it is.
    pub now: Timestamp,
}

/// What was sent again.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Resent {
    /// The new notification.
    pub item: Accepted,
    /// Where the next call begins, if there are more than one call is for.
    pub next: Option<i64>,
}

/// What became of a [`Resend`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResendReply {
    /// It is in its channel's log again, under another name; `replayed` when an earlier call did it.
    Resent {
        /// What was sent.
        resent: Resent,
        /// Whether the same Idempotency-Key had done it before.
        replayed: bool,
    },
    /// No such notification in the app.
    Unknown,
    /// Nobody is to get it again.
    Nothing,
    /// Until then a request that began just before the TTL ended may be under way: whoever accepts that one must not get
    /// another.
    UnderWay(Timestamp),
    /// The Idempotency-Key came with another request before.
    KeyReused,
    /// This channel has as many open notifications as it may (10,000).
    ChannelFull(String),
}

/// What the store can be asked about sending again.
pub trait Resends {
    /// Sends a notification again, to those members alone whose delivery expired, was rejected or was too large.
    fn resend(&self, command: Resend) -> StoreFuture<ResendReply>;
}
