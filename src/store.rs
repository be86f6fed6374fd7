//! The store: what it can be asked, and what it answers. [`sqlite`] is the embedded one.
//!
//! Changes go through the store's Journal (one writer, group commit): an answer means that the change is on disk.
//! Reads come from a snapshot of their own. Nothing in here knows of actors; whoever wants to hear what was
//! committed gives the store a [`Listener`].

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, Seq, SubscriptionId, VapidKeyId};
use crate::model::{Backlog, Settled, Settlement, Stretch, Subscription};

pub mod audit;
pub mod brake;
pub mod directory;
pub mod journal;
mod lasting;
pub mod limit;
pub mod membership;
pub mod moving;
pub mod origin;
pub mod pages;
pub mod pause;
pub mod progress;
pub mod publish;
pub mod quarantine;
pub mod receipt;
pub mod resend;
pub mod size;
pub mod sqlite;
pub mod view;
pub mod work;

use audit::Audit;
use directory::{Conflict, Directory, DirectoryChange};
use membership::{Leave, Replace, ReplaceReply, Subscribe, SubscribeReply};
use moving::{Import, Imported};
use origin::Origins;
use pages::Pages;
use progress::Watch;
use publish::{Accept, AcceptReply};
use quarantine::Quarantines;
use receipt::{Receipt, ReceiptReply};
use resend::Resends;
use size::Measure;
use view::{ChannelView, FailureView, ListQuery, MemberView, NotificationView, SubscriptionView};
use work::{ChannelWork, Due, Page, PageQuery, Share, Totals};

/// Why the store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored, or it is not known whether it was: say 503 and try again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A row that cannot be read as what it must be.
    #[error("the store holds a row that cannot be read: {0}")]
    Corrupt(String),
    /// The daemon is shutting down.
    #[error("the store has been closed")]
    Closed,
}

impl StoreError {
    /// Whether the log has it already: the store says once that it fails, and once that it works again.
    pub fn is_told(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Closed => true,
            Self::Corrupt(_) => false,
        }
    }
}

/// What every call answers with.
pub type StoreFuture<T> = BoxFuture<'static, Result<T, StoreError>>;

/// Hears of each commit, on the Journal's thread: it must not block.
pub type Listener = Box<dyn Fn(Committed) + Send + Sync>;

/// What a commit changed, for whoever acts on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Committed {
    /// A channel's log has grown.
    Accepted(ChannelId),
    /// A subscription's keys, endpoint or memberships are not what they were.
    SubscriptionChanged(SubscriptionId),
    /// Other channels or origins pause than before: the directory says which.
    PausesChanged,
    /// Commits fail: no send may start (`false`); or they succeed again (`true`).
    Writable(bool),
}

/// The store, as the tree and the API use it.
pub trait Store:
    Audit + Measure + Origins + Pages + Quarantines + Resends + Send + Sync + 'static
{
    /// Accepts a notification: one per channel, all or nothing, durable before the answer.
    fn accept(&self, command: Accept) -> StoreFuture<AcceptReply>;
    /// Puts a browser into channels.
    fn subscribe(&self, command: Subscribe) -> StoreFuture<SubscribeReply>;
    /// Gives a subscription another endpoint and keys, or revives one that went.
    fn replace(&self, command: Replace) -> StoreFuture<ReplaceReply>;
    /// Puts the subscriptions of a list into channels, in one transaction; answers what became of each.
    fn import(&self, command: Import) -> StoreFuture<Vec<Imported>>;
    /// Takes a subscription out of channels; answers how many memberships ended.
    fn leave(&self, command: Leave) -> StoreFuture<u64>;
    /// Cancels what was not sent, or is not due. `None`: no such notification in the app.
    fn cancel(
        &self,
        app: AppId,
        id: PublicId,
        now: Timestamp,
    ) -> StoreFuture<Option<NotificationView>>;
    /// Counts what a device says became of a notification, once however often it is said. It waits behind everything
    /// else.
    fn receipt(&self, command: Receipt) -> StoreFuture<ReceiptReply>;
    /// Deletes a channel: its open and its scheduled notifications are cancelled, its members leave. `false`: there was none.
    fn delete_channel(&self, app: AppId, channel: String, now: Timestamp) -> StoreFuture<bool>;
    /// Puts scheduled notifications that are due into their channels' logs, closes notifications and ends subscriptions
    /// whose time has come, about `limit` of each, brings forward who waits for an origin that is resumed, removes at most `limit` rows of what was deleted or kept for long enough,
    /// and goes on with what was said of quarantines; answers the largest count: `limit` means that there may be more.
    fn upkeep(&self, now: Timestamp, limit: i64) -> StoreFuture<usize>;
    /// Changes apps, API keys or VAPID keys. [`Store::directory`] has the change when this answers. An app
    /// is deleted in batches, itself last: cut short, it is there with less in it, and can be deleted again.
    fn change_directory(&self, change: DirectoryChange) -> StoreFuture<Result<(), Conflict>>;

    /// Records how an attempt ended.
    fn settle(&self, settlement: Settlement) -> StoreFuture<Settled>;
    /// Nothing is left to send to a subscription that was waiting: it is due no more.
    fn stop_waiting(&self, subscription: SubscriptionId, generation: Generation)
    -> StoreFuture<()>;
    /// Leaves a subscription alone until then, whatever it was waiting for.
    fn hold_back(&self, subscription: SubscriptionId, until: Timestamp) -> StoreFuture<()>;
    /// All that a worker needs to go on, read behind its own settlements. `None`: the subscription is gone.
    fn load(&self, subscription: SubscriptionId, now: Timestamp) -> StoreFuture<Option<Backlog>>;

    /// The apps and keys as they are now.
    fn directory(&self) -> Arc<Directory>;
    /// The open notifications of a channel after `from`, at most `limit`.
    fn stretch(&self, channel: ChannelId, from: Seq, limit: i64) -> StoreFuture<Option<Stretch>>;
    /// The next members of a channel after `after`, at most `limit`.
    fn page(&self, query: PageQuery) -> StoreFuture<Page>;
    /// Channels with open work, by id, after `after`.
    fn channels_with_work(&self, after: ChannelId, limit: i64) -> StoreFuture<Vec<ChannelWork>>;
    /// The earliest waiting subscriptions of a share, by time, at most `limit`; those after `after`.
    fn due(&self, share: Share, after: Option<Due>, limit: i64) -> StoreFuture<Vec<Due>>;
    /// How many subscriptions there are, and how many deliveries are pending.
    fn totals(&self) -> StoreFuture<Totals>;

    /// A notification as the API shows it.
    fn notification(&self, app: AppId, id: PublicId) -> StoreFuture<Option<NotificationView>>;
    /// Hears when a notification is not as it was: read [`Store::notification`] afterwards, or a change may be missed.
    fn watch(&self, id: PublicId) -> Watch;
    /// The deliveries of a notification that were tried and not accepted, at most `limit`.
    fn failures(
        &self,
        app: AppId,
        id: PublicId,
        limit: i64,
    ) -> StoreFuture<Option<Vec<FailureView>>>;
    /// A subscription as the API shows it, also one that went less than seven days ago.
    fn subscription(
        &self,
        app: AppId,
        id: PublicId,
        now: Timestamp,
    ) -> StoreFuture<Option<SubscriptionView>>;
    /// One subscription, to send to it alone.
    fn subscription_row(&self, app: AppId, id: PublicId) -> StoreFuture<Option<Arc<Subscription>>>;
    /// How many subscriptions each VAPID key of an app signs for, those that went left out; none: not named.
    fn vapid_key_uses(&self, app: AppId) -> StoreFuture<Vec<(VapidKeyId, i64)>>;
    /// The members of a channel, by row, after `after`.
    fn members(&self, query: ListQuery) -> StoreFuture<Vec<MemberView>>;
    /// The channels of an app whose name begins with `query.name`.
    fn channels(&self, query: ListQuery) -> StoreFuture<Vec<ChannelView>>;
    /// One channel.
    fn channel(&self, app: AppId, name: String) -> StoreFuture<Option<ChannelView>>;
    /// A channel's notifications, newest first, those before `query.after`.
    fn channel_log(&self, query: ListQuery) -> StoreFuture<Vec<NotificationView>>;
    /// A channel's scheduled notifications, the next one first, those after the [`view::ScheduledPosition`] `query.after`.
    fn scheduled(&self, query: ListQuery) -> StoreFuture<Vec<NotificationView>>;

    /// Writes what is queued, and ends: whatever is asked later is answered with [`StoreError::Closed`].
    fn close(&self);
    /// Whether a commit succeeds now.
    fn is_writable(&self) -> bool;
    /// What the Journal is doing, for the observer.
    fn journal(&self) -> journal::JournalSnapshot;
}
