//! What the API shows of the store: never an endpoint or a key.

use std::fmt;

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, IdKind, PublicId, VapidKeyId};
use crate::model::{Outcome, Outcomes};
use crate::store::receipt::ReceiptCounts;

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

/// How far a notification is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotificationState {
    /// It is not due.
    Scheduled,
    /// Not every delivery has its outcome.
    Delivering,
    /// Every delivery has its outcome.
    Done,
    /// It was taken back.
    Cancelled,
}

impl NotificationState {
    /// The name in the API.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Delivering => "delivering",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A notification as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotificationView {
    /// Its name.
    pub id: PublicId,
    /// Its channel's name.
    pub channel: String,
    /// Its number; `None`: it is not due, or was cancelled before it was.
    pub seq: Option<i64>,
    /// How many were to get it; `None`: it is not due. One that was cancelled before has none.
    pub recipients: Option<i64>,
    /// How the deliveries ended so far.
    pub outcomes: Outcomes,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it stops being sent.
    pub expires: Timestamp,
    /// When it is or was to be sent, if that was later than its accept.
    pub send_at: Option<Timestamp>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// What devices have said of it; `None`: it does not ask.
    pub receipts: Option<ReceiptCounts>,
}

impl NotificationView {
    /// Deliveries without an outcome, as far as they are known.
    pub fn pending(&self) -> i64 {
        self.recipients.map_or(0, |recipients| recipients - self.outcomes.total())
    }

    /// How far it is.
    pub fn state(&self) -> NotificationState {
        match (self.cancelled, self.recipients, self.pending()) {
            (true, ..) => NotificationState::Cancelled,
            (false, None, _) => NotificationState::Scheduled,
            (false, Some(_), 0) => NotificationState::Done,
            (false, Some(_), _) => NotificationState::Delivering,
        }
    }

    /// The same, taken back before it was due: nobody was to get it.
    #[must_use]
    pub fn cancelled_before_due(self) -> Self {
        Self { cancelled: true, recipients: Some(0), ..self }
    }
}

/// Where a page of scheduled notifications ended, as clients hand it back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduledPosition {
    /// When the last one is due.
    pub send_at: Timestamp,
    /// Its name.
    pub id: PublicId,
}

impl ScheduledPosition {
    /// The position of a notification in the order in which they are due.
    pub fn of(view: &NotificationView) -> Self {
        Self { send_at: view.send_at.unwrap_or(view.created), id: view.id.clone() }
    }

    /// Reads it back; `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('.')?;
        let send_at = Timestamp::from_millis(time.parse().ok()?);
        Some(Self { send_at, id: PublicId::parse(IdKind::Notification, id)? })
    }
}

impl fmt::Display for ScheduledPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.send_at.as_millis(), self.id)
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
    /// Its row.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// How many subscriptions are in it.
    pub subscribers: i64,
    /// The last number of its log.
    pub head: i64,
    /// How many notifications are open.
    pub open: i64,
    /// How many notifications are scheduled.
    pub scheduled: i64,
    /// When the oldest open notification was accepted.
    pub oldest_pending: Option<Timestamp>,
}
