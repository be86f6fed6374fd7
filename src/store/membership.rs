//! Who comes into channels and who leaves them: what the store is asked, and what becomes of it.

use super::limit::Full;
use super::view::SubscriptionView;
use crate::clock::Timestamp;
use crate::id::{AppId, Generation, PublicId, VapidKeyId};
use crate::webpush::subscription::{Endpoint, Keys};

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
