//! The store: what it can be asked, and what it answers. [`sqlite`] is the embedded one.
//!
//! Changes go through the store's Journal (one writer, group commit): an answer means that the change is on disk.
//! Reads come from a snapshot of their own. Nothing in here knows of actors; whoever wants to hear what was
//! committed gives the store a [`Listener`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, Seq, SubscriptionId, VapidKeyId};
use crate::model::{Backlog, Member, Settled, Settlement, Stretch, Subscription};
use crate::webpush::message::Content;
use crate::webpush::request::Urgency;
use crate::webpush::subscription::{Endpoint, Keys};

pub mod brake;
pub mod directory;
pub mod journal;
pub mod limit;
pub mod quarantine;
pub mod sqlite;
pub mod view;

use directory::{Conflict, Directory, DirectoryChange};
use limit::Full;
use quarantine::Quarantines;
use view::{ChannelView, FailureView, ListQuery, MemberView, NotificationView, SubscriptionView};

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
    /// Commits fail: no send may start (`false`); or they succeed again (`true`).
    Writable(bool),
}

/// The store, as the tree and the API use it.
pub trait Store: Quarantines + Send + Sync + 'static {
    /// Accepts a notification: one per channel, all or nothing, durable before the answer.
    fn accept(&self, command: Accept) -> StoreFuture<AcceptReply>;
    /// Puts a browser into channels.
    fn subscribe(&self, command: Subscribe) -> StoreFuture<SubscribeReply>;
    /// Gives a subscription another endpoint and keys, or revives one that went.
    fn replace(&self, command: Replace) -> StoreFuture<ReplaceReply>;
    /// Takes a subscription out of channels; answers how many memberships ended.
    fn leave(&self, command: Leave) -> StoreFuture<u64>;
    /// Cancels what was not sent. `None`: no such notification in the app.
    fn cancel(
        &self,
        app: AppId,
        id: PublicId,
        now: Timestamp,
    ) -> StoreFuture<Option<NotificationView>>;
    /// Deletes a channel: its open notifications are cancelled, its members leave. `false`: there was none.
    fn delete_channel(&self, app: AppId, channel: String, now: Timestamp) -> StoreFuture<bool>;
    /// Closes notifications and ends subscriptions whose time has come, prunes what was deleted and goes on with what was
    /// said of quarantines, about `limit` of each; answers the largest count: `limit` means that there may be more.
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

    /// Writes what is queued, and ends: whatever is asked later is answered with [`StoreError::Closed`].
    fn close(&self);
    /// Whether a commit succeeds now.
    fn is_writable(&self) -> bool;
    /// What the Journal is doing, for the observer.
    fn journal(&self) -> journal::JournalSnapshot;
}

/// A publish: what was parsed and checked, for one or several channels of an app.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The app.
    pub app: AppId,
    /// Names of channels, each once.
    pub channels: Vec<String>,
    /// What the browser will get.
    pub content: Content,
    /// How long it may wait.
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
    /// This channel has as many open notifications as it may (10,000).
    ChannelFull(String),
}

/// One notification in one channel's log.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// Its name.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Its number there; 0 in a channel that does not exist.
    pub seq: i64,
    /// How many subscriptions are to get it.
    pub recipients: i64,
}

/// Whose word a change of a subscription is, which decides what it may do to one that exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Authority {
    /// An API key with `subscribe`: may replace keys, displaces only within exclusive namespaces.
    ApiKey,
    /// A subscriber token, with the channels that it covers (a final `*` is a prefix).
    Token(Vec<String>),
    /// Nobody's: a public channel.
    Public,
}

/// Whether a token that covers `patterns` covers this channel: a final `*` is a prefix.
pub fn covers(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    })
}

/// A browser that wants to be in channels.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// The app.
    pub app: AppId,
    /// Names of channels, at least one.
    pub channels: Vec<String>,
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// Its keys.
    pub keys: Keys,
    /// When the browser ends it.
    pub expires: Option<Timestamp>,
    /// The VAPID key that it was made with.
    pub vapid_key: VapidKeyId,
    /// Who says so.
    pub authority: Authority,
    /// When it is.
    pub now: Timestamp,
}

/// What became of a [`Subscribe`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubscribeReply {
    /// It is in the channels.
    Subscribed {
        /// Its name.
        id: PublicId,
        /// Its generation.
        generation: Generation,
        /// All channels that it is in now, sorted.
        channels: Vec<String>,
        /// Whether the endpoint was unknown.
        created: bool,
    },
    /// The endpoint is there with other keys, and this caller may not replace them.
    EndpointInUse,
    /// Two channels of the call lie in the same exclusive namespace (this one).
    Exclusive(String),
    /// A limit of the app is reached.
    Full(Full),
}

/// A subscription's new endpoint and keys.
#[derive(Clone, Debug)]
pub struct Replace {
    /// The app.
    pub app: AppId,
    /// Which subscription.
    pub id: PublicId,
    /// Its new endpoint.
    pub endpoint: Endpoint,
    /// Its new keys.
    pub keys: Keys,
    /// When the browser ends it.
    pub expires: Option<Timestamp>,
    /// The VAPID key that the new endpoint was made with.
    pub vapid_key: VapidKeyId,
    /// When it is.
    pub now: Timestamp,
}

/// What became of a [`Replace`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplaceReply {
    /// Done; this is how it stands.
    Replaced(SubscriptionView),
    /// No such subscription, or it went too long ago.
    Unknown,
    /// The new endpoint belongs to another subscription with other keys.
    EndpointInUse,
    /// It would come back, and a limit of the app is reached.
    Full(Full),
}

/// A subscription that leaves.
#[derive(Clone, Debug)]
pub struct Leave {
    /// The app.
    pub app: AppId,
    /// Who, and what.
    pub who: Leaver,
    /// When it is.
    pub now: Timestamp,
}

/// Which memberships end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Leaver {
    /// One subscription in one channel; without any channel left it is still known.
    Channel(PublicId, String),
    /// One subscription everywhere: it is forgotten.
    Everywhere(PublicId),
    /// Every subscription of `channel` that is also in `also_in`.
    Shared {
        /// The channel that they leave.
        channel: String,
        /// The channel that says who.
        also_in: String,
    },
}

/// Which members a page is to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageQuery {
    /// The channel.
    pub channel: ChannelId,
    /// The member after whom it begins.
    pub after: SubscriptionId,
    /// Only members who have not settled this number.
    pub behind: Seq,
    /// How many members are looked at.
    pub limit: i64,
}

/// The members of a channel who have something to get.
#[derive(Debug)]
pub struct Page {
    /// Those who are behind and not waiting for a retry.
    pub members: Vec<Member>,
    /// The last member that was looked at; `None`: that was the end.
    pub last: Option<SubscriptionId>,
}

/// A channel with open notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelWork {
    /// The channel.
    pub channel: ChannelId,
    /// The last number of its log.
    pub head: Seq,
}

/// The partitions that one of `of` equal arbiters serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Which of them, from 0.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    /// Whether a subscription is placed here.
    pub fn holds(self, subscription: SubscriptionId) -> bool {
        subscription.partition() % self.of == self.index
    }
}

/// A subscription that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Which.
    pub subscription: SubscriptionId,
    /// Until when.
    pub not_before: Timestamp,
}

/// Sums over the whole store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Subscriptions that are not gone.
    pub subscriptions: i64,
    /// Deliveries without an outcome.
    pub pending: i64,
}
