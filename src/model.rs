//! The words of Fanfare as values: what the store keeps, the tree hands around and the API shows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, Seq, SubscriptionId, VapidKeyId};
use crate::webpush::request::{Topic, Urgency};
use crate::webpush::subscription::{Endpoint, Keys};
use audience::Audience;

pub mod audience;

/// What became of a notification on a device's screen, by the device's own word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReceiptEvent {
    /// It was shown.
    Shown,
    /// It, or one of its actions, was clicked.
    Clicked,
    /// It was closed without a click.
    Closed,
}

impl ReceiptEvent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shown, Self::Clicked, Self::Closed];

    /// The name in the API and in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Clicked => "clicked",
            Self::Closed => "closed",
        }
    }
}

/// How a delivery ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The push service took it.
    Accepted,
    /// The push service said that the subscription does not exist any more.
    Gone,
    /// Its TTL ended first.
    Expired,
    /// A newer notification of the same topic was accepted first.
    Superseded,
    /// The push service, or Fanfare itself, refused this message.
    Rejected,
    /// The push service refused its size.
    TooLarge,
    /// The subscription left the channel first.
    Unsubscribed,
    /// The backend took the notification back first.
    Cancelled,
}

impl Outcome {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Gone,
        Self::Expired,
        Self::Superseded,
        Self::Rejected,
        Self::TooLarge,
        Self::Unsubscribed,
        Self::Cancelled,
    ];

    /// The name in the API, in metrics and in the log.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Gone => "gone",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
            Self::TooLarge => "too_large",
            Self::Unsubscribed => "unsubscribed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The number in the store. Never renumber: old rows hold it.
    pub const fn code(self) -> i16 {
        match self {
            Self::Accepted => 1,
            Self::Gone => 2,
            Self::Expired => 3,
            Self::Superseded => 4,
            Self::Rejected => 5,
            Self::TooLarge => 6,
            Self::Unsubscribed => 7,
            Self::Cancelled => 8,
        }
    }

    /// The outcome that the store calls `code`.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// How many deliveries of a notification ended in each way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcomes([i64; 8]);

impl Outcomes {
    /// The count of one outcome.
    pub fn get(&self, outcome: Outcome) -> i64 {
        self.0[outcome as usize]
    }

    /// Adds to the count of one outcome; negative numbers take away.
    pub fn add(&mut self, outcome: Outcome, count: i64) {
        self.0[outcome as usize] += count;
    }

    /// All deliveries that have ended.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }
}

/// One accepted publish to one channel, ready to be sent: the payload is what the browser will read.
#[derive(Debug)]
pub struct Notification {
    /// Its channel.
    pub channel: ChannelId,
    /// Its number in the channel's log.
    pub seq: Seq,
    /// Its name outside.
    pub id: PublicId,
    /// The plaintext for the browser, at most 3967 bytes; `None` is a push without payload.
    pub payload: Option<Payload>,
    /// When it was accepted (for a scheduled one: when it became due).
    pub accepted: Timestamp,
    /// From when on no attempt begins.
    pub expires: Timestamp,
    /// TTL 0: one attempt, and the push service is asked to drop it rather than store it.
    pub now_or_never: bool,
    /// RFC 8030 §5.3.
    pub urgency: Urgency,
    /// RFC 8030 §5.4, as it goes over the wire.
    pub topic: Option<Topic>,
    /// Which members of the channel get it.
    pub audience: Audience,
    /// Set once it has been cancelled, superseded or has expired: no attempt begins any more.
    pub closed: Closed,
}

impl Notification {
    /// Whether an attempt for `subscription` may begin at `now`.
    pub fn is_open_for(&self, subscription: SubscriptionId, now: Timestamp) -> bool {
        !self.closed.is_set() && now < self.expires && self.audience.includes(subscription)
    }
}

/// A payload in the clear. It leaves encrypted and in no other way, so `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    /// Wraps the bytes that the browser will read.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, to be encrypted.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A flag that is set once and seen by everyone who holds the notification.
#[derive(Debug, Default)]
pub struct Closed(AtomicBool);

impl Closed {
    /// Whether it has been set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Sets it, for good.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// One browser's push endpoint and its keys, as far as sending to it needs.
#[derive(Debug)]
pub struct Subscription {
    /// Its row.
    pub id: SubscriptionId,
    /// Its name outside.
    pub public_id: PublicId,
    /// Its app.
    pub app: AppId,
    /// Which version of its endpoint and keys this is.
    pub generation: Generation,
    /// Where its pushes go.
    pub endpoint: Endpoint,
    /// What they are encrypted for.
    pub keys: Keys,
    /// The VAPID key that the browser subscribed with, which signs for it for ever.
    pub vapid_key: VapidKeyId,
}

/// A delivery that has been tried and is to be tried again; while it is open it goes before all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trying {
    /// The notification's channel.
    pub channel: ChannelId,
    /// The notification's number in it.
    pub seq: Seq,
    /// How many attempts have been made.
    pub attempts: u32,
}

/// A stretch of a channel's log: every notification after `from` and up to `to` that is still open.
#[derive(Debug)]
pub struct Stretch {
    /// The channel.
    pub channel: ChannelId,
    /// Its app.
    pub app: AppId,
    /// Its name.
    pub name: Arc<str>,
    /// The number after which it begins.
    pub from: Seq,
    /// The last number that it covers.
    pub to: Seq,
    /// What is open in it, in order.
    pub open: Vec<Arc<Notification>>,
}

impl Stretch {
    /// Whether something in it is for that member and not settled by it.
    pub fn is_for(&self, member: &Member) -> bool {
        let is_for = |open: &Arc<Notification>| {
            open.seq > member.done && open.audience.includes(member.subscription.id)
        };
        self.open.iter().any(is_for)
    }

    /// Those whom all that is open in it names, in order, when none of it is for anybody else.
    pub fn named(&self) -> Option<Vec<SubscriptionId>> {
        let mut named = BTreeSet::new();
        for open in &self.open {
            named.extend(open.audience.named()?.iter());
        }
        Some(named.into_iter().collect())
    }
}

/// How an attempt (or a decision to make none) ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// Whose delivery.
    pub subscription: SubscriptionId,
    /// The keys that were used.
    pub generation: Generation,
    /// The notification's channel.
    pub channel: ChannelId,
    /// The notification's number.
    pub seq: Seq,
    /// How the delivery ended; `None` when it is to be tried again.
    pub outcome: Option<Outcome>,
    /// What it says about the endpoint.
    pub endpoint: EndpointState,
    /// What went wrong; `None` for a success. It is kept for the failures list when the delivery has ended, and as what
    /// troubles the subscription while that waits.
    pub failure: Option<Failure>,
    /// When it is.
    pub now: Timestamp,
}

/// What is stored about an endpoint's health.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointState {
    /// Nothing was stored and nothing is to be.
    Untroubled,
    /// It answered: what was stored about its failures is cleared.
    Recovered,
    /// It is left alone until then.
    Waiting {
        /// No attempt before.
        not_before: Timestamp,
        /// How often it failed in a row.
        failures: u32,
        /// How many attempts the delivery in hand has had.
        attempts: u32,
        /// Since when it has said nothing but that nobody listens (507), if that is the last that it said.
        unheard_since: Option<Timestamp>,
    },
    /// The push service refuses our VAPID key for this one subscription while its siblings are served: it goes into a
    /// quarantine, with an outcome of [`Outcome::Rejected`].
    Refused,
}

impl EndpointState {
    /// How many attempts the delivery in hand has had, if the endpoint is left alone.
    pub fn attempts(self) -> Option<u32> {
        match self {
            Self::Waiting { attempts, .. } => Some(attempts),
            Self::Untroubled | Self::Recovered | Self::Refused => None,
        }
    }
}

/// Why an attempt was not accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// Its reason, or ours, in short; never an endpoint.
    pub reason: String,
    /// How many attempts there were.
    pub attempts: u32,
}

/// What became of a [`Settlement`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// It is on disk.
    Recorded,
    /// The subscription has changed or left meanwhile: nothing was booked, load anew.
    Stale,
}

/// All that a worker needs to go on.
#[derive(Debug)]
pub struct Backlog {
    /// The subscription.
    pub subscription: Arc<Subscription>,
    /// No attempt before.
    pub not_before: Option<Timestamp>,
    /// How often the endpoint failed in a row.
    pub failures: u32,
    /// Since when it has said nothing but that nobody listens (507).
    pub unheard_since: Option<Timestamp>,
    /// The delivery that goes first.
    pub trying: Option<Trying>,
    /// What is open for it, channel by channel.
    pub stretches: Vec<Stretch>,
    /// Whether there is more than fitted.
    pub more: bool,
    /// Channels of which something is open for it that pause: what is open there is not in here.
    pub paused: Vec<ChannelId>,
}

/// A subscription in a channel, with its cursor.
#[derive(Clone, Debug)]
pub struct Member {
    /// The subscription.
    pub subscription: Arc<Subscription>,
    /// Everything up to here is settled.
    pub done: Seq,
}
