//! Moving in: subscriptions from a list, many in one transaction, and what became of each.

use super::limit::Full;
use super::membership::Subscribe;
use crate::id::AppId;

/// A part of a list of subscriptions.
#[derive(Clone, Debug)]
pub struct Import {
    /// The app.
    pub app: AppId,
    /// In the list's order.
    pub entries: Vec<ImportEntry>,
    /// Where the list and what is there differ, the list is right.
    pub replace: bool,
    /// Only says what would become of each; the app's limits are not asked.
    pub dry_run: bool,
}

/// One subscription of a list.
#[derive(Clone, Debug)]
pub struct ImportEntry {
    /// The subscription, and the channels that it comes into.
    pub subscribe: Subscribe,
    /// Whether the list itself says which VAPID key it was made with.
    pub names_key: bool,
    /// Where it stood in some of the channels.
    pub cursors: Vec<ImportCursor>,
}

/// Where a subscription stood in a channel's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportCursor {
    /// The channel's name.
    pub channel: String,
    /// Which life of the channel: a number of another log means nothing.
    pub epoch: String,
    /// Everything up to it was settled.
    pub done_seq: i64,
}

/// What became of one subscription of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// It is new.
    New,
    /// It was known, and is now in a channel more or has what the list says.
    Changed,
    /// It was there as the list has it.
    There,
    /// It was there and has gone, or is held back: a list that is older than that does not bring it back.
    Gone,
    /// The endpoint is there with other keys.
    OtherKeys,
    /// It is there, as made with another VAPID key.
    OtherPushKey,
    /// Two of its channels lie in the same exclusive namespace (this one).
    Exclusive(String),
    /// It is in this channel, and cannot be in another of the same exclusive namespace.
    Elsewhere(String),
    /// A limit of the app is reached.
    Full(Full),
}
