//! What the API shows of the store: never an endpoint or a key.

use crate::clock::Timestamp;
use crate::id::{AppId, Generation, PublicId, VapidKeyId};
use crate::model::{Outcome, Outcomes};

/// A page of a list: by row or number, so that it stays cheap however far one reads.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The app.
    pub app: AppId,
    /// The channel's name, or the prefix that channels' names begin with.
    pub name: String,
    /// The position that the last page ended at.
    pub after: Option<String>,
    /// How many at most.
    pub limit: i64,
}

/// A notification as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotificationView {
    /// Its name.
    pub id: PublicId,
    /// Its channel's name.
    pub channel: String,
    /// Its number.
    pub seq: i64,
    /// How many were to get it.
    pub recipients: i64,
    /// How the deliveries ended so far.
    pub outcomes: Outcomes,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it stops being sent.
    pub expires: Timestamp,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

impl NotificationView {
    /// Deliveries without an outcome.
    pub fn pending(&self) -> i64 {
        self.recipients - self.outcomes.total()
    }
}

/// One delivery that was tried and not accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailureView {
    /// Whose.
    pub subscription: PublicId,
    /// How it ended.
    pub outcome: Outcome,
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// Why.
    pub reason: String,
    /// After how many attempts.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

/// Why a subscription waits for its next attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// Its reason, or ours.
    pub reason: String,
}

/// A subscription as the API shows it: never its endpoint or keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionView {
    /// Its name.
    pub id: PublicId,
    /// Its generation.
    pub generation: Generation,
    /// The channels that it is in (for one that is gone: was in), sorted.
    pub channels: Vec<String>,
    /// The VAPID key that it was made with.
    pub vapid_key: VapidKeyId,
    /// When it went, if it did.
    pub gone: Option<Timestamp>,
    /// The incident that it is held back by, if it is: then it is not gone for good, whenever it went.
    pub quarantine: Option<PublicId>,
    /// When it waits until, if it does.
    pub not_before: Option<Timestamp>,
    /// Why it waits, if it does.
    pub trouble: Option<Trouble>,
    /// When it was made.
    pub created: Timestamp,
}

/// A member of a channel as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberView {
    /// The position to continue a list from.
    pub position: i64,
    /// Its name.
    pub id: PublicId,
    /// The origin of its endpoint, for naming the push service.
    pub origin: String,
    /// How many numbers it is behind the channel's head.
    pub lag: i64,
    /// How many attempts the delivery in hand has had.
    pub attempts: u32,
    /// When the next attempt is, if it waits.
    pub not_before: Option<Timestamp>,
    /// Why it waits, if it does.
    pub trouble: Option<Trouble>,
    /// How its last failed delivery ended, if one did.
    pub last_failure: Option<(Outcome, String)>,
    /// When it was made.
    pub created: Timestamp,
}

/// A channel as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelView {
    /// Its name.
    pub name: String,
    /// How many subscriptions are in it.
    pub subscribers: i64,
    /// The last number of its log.
    pub head: i64,
    /// How many notifications are open.
    pub open: i64,
    /// When the oldest open notification was accepted.
    pub oldest_pending: Option<Timestamp>,
}
