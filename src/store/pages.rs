//! The observer's lists of an app: what is asked for, and what a page holds. Never an endpoint or a key.
//!
//! A page is read in short steps, each of so many rows, and of so many steps: where a filter lets few through, it holds
//! fewer items than it might, or none, and says where to go on.

use super::StoreFuture;
use super::view::{ChannelView, NotificationState, NotificationView, Trouble};
use crate::clock::Timestamp;
use crate::id::{AppId, Generation, PublicId};
use crate::model::Outcome;
use crate::webpush::service::PushService;

/// Part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next part begins; `None`: this was the last.
    pub next: Option<String>,
}

/// Why a page cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadCursor;

/// Which part of a list that has a cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The `next` of the part before.
    pub after: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// What channels are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChannelOrder {
    /// As bytes.
    Name,
    /// How many are in it.
    Subscribers,
    /// How many of its notifications are open.
    Open,
}

/// Which channels of an app.
#[derive(Clone, Debug)]
pub struct ChannelsQuery {
    /// The app.
    pub app: AppId,
    /// What their names begin with.
    pub prefix: String,
    /// By what they are sorted.
    pub order: ChannelOrder,
    /// Whether the most come first.
    pub descending: bool,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// A page of channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelsPage {
    /// How many there are in all; `None`: more than are counted.
    pub matched: Option<i64>,
    /// The channels.
    pub items: Vec<ChannelView>,
}

/// How a subscription is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What comes is sent to it.
    Active,
    /// It is left alone for a while.
    Waiting,
    /// It went less than seven days ago.
    Gone,
    /// It is held back until an operator says what becomes of it.
    Quarantined,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Waiting, Self::Gone, Self::Quarantined];

    /// The name in the API.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Gone => "gone",
            Self::Quarantined => "quarantined",
        }
    }
}

/// Which subscriptions of an app.
#[derive(Clone, Debug)]
pub struct SubscriptionsQuery {
    /// The app.
    pub app: AppId,
    /// Only those in this channel.
    pub channel: Option<String>,
    /// Only those that are so.
    pub standing: Option<Standing>,
    /// Only those of this push service.
    pub push_service: Option<PushService>,
    /// What their names begin with.
    pub id: Option<String>,
    /// Which part.
    pub cut: Cut,
    /// When it is.
    pub now: Timestamp,
}

/// A subscription on a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionItem {
    /// Its name.
    pub id: PublicId,
    /// Its push service.
    pub push_service: PushService,
    /// How it is.
    pub standing: Standing,
    /// Some of the channels that it is in, or would return to.
    pub channels: Vec<String>,
    /// How many these are in all.
    pub channel_count: i64,
    /// Its generation.
    pub generation: Generation,
    /// How many attempts the delivery in hand has had.
    pub attempts: u32,
    /// When the next attempt is, if it waits.
    pub not_before: Option<Timestamp>,
    /// Why it waits, if it does.
    pub trouble: Option<Trouble>,
    /// How its last failed delivery ended, if one did, and why.
    pub last_failure: Option<(Outcome, String)>,
    /// When it was made.
    pub created: Timestamp,
}

/// How a notification is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// It is not due.
    Scheduled,
    /// Not every delivery has its outcome.
    Delivering,
    /// Every delivery has its outcome.
    Done,
    /// It was taken back.
    Cancelled,
    /// Some delivery has expired, or was refused.
    Failed,
}

impl Progress {
    /// Whether that is how it is.
    pub fn is_of(self, view: &NotificationView) -> bool {
        let failed = [Outcome::Expired, Outcome::Rejected, Outcome::TooLarge];
        match self {
            Self::Scheduled => view.state() == NotificationState::Scheduled,
            Self::Delivering => view.state() == NotificationState::Delivering,
            Self::Done => view.state() == NotificationState::Done,
            Self::Cancelled => view.state() == NotificationState::Cancelled,
            Self::Failed => failed.into_iter().any(|outcome| view.outcomes.get(outcome) > 0),
        }
    }
}

/// Which notifications of an app.
#[derive(Clone, Debug)]
pub struct NotificationsQuery {
    /// The app.
    pub app: AppId,
    /// Only those to this channel.
    pub channel: Option<String>,
    /// Only those that are so.
    pub progress: Option<Progress>,
    /// What their names begin with.
    pub id: Option<String>,
    /// Which part.
    pub cut: Cut,
}

/// The observer's lists.
pub trait Pages {
    /// Channels of an app.
    fn channels_page(&self, query: ChannelsQuery) -> StoreFuture<ChannelsPage>;
    /// Subscriptions of an app, newest first; those that wait: the next one first; those that went: the last one first.
    fn subscriptions_page(
        &self,
        query: SubscriptionsQuery,
    ) -> StoreFuture<Result<PartOf<SubscriptionItem>, BadCursor>>;
    /// Notifications of an app, newest first. Without a state: those that are in their channels' logs.
    fn notifications_page(
        &self,
        query: NotificationsQuery,
    ) -> StoreFuture<Result<PartOf<NotificationView>, BadCursor>>;
}
