//! What an operator has paused: channels, of which nothing is sent, and origins of push services, to which nothing is
//! sent. It is part of the [`Directory`](super::directory::Directory), and survives a restart.

use std::collections::{BTreeMap, HashMap};

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId};

/// Whoever waits for an operator's word waits until a moment after this, one for each pause: in the year 3015.
pub const PARKED: Timestamp = Timestamp::from_millis(33_000_000_000_000);

/// Whether that is no time at all, but an operator's word that is waited for.
pub fn is_parked(not_before: Timestamp) -> bool {
    not_before > PARKED
}

/// Since when something pauses, and who said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// The API key's name (`key_…`), or `control socket`.
    pub by: String,
    /// Until when those wait who wait for its end. It belongs to no other pause, nor ever will.
    pub parked_until: Timestamp,
}

/// All that pauses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pauses {
    /// Origins: `https://host[:port]`.
    pub origins: BTreeMap<String, Pause>,
    /// Channels, by row.
    pub channels: HashMap<ChannelId, PausedChannel>,
}

/// A channel that pauses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PausedChannel {
    /// Its app.
    pub app: AppId,
    /// Its name.
    pub name: String,
    /// Since when, and who said so.
    pub pause: Pause,
}

/// What is to pause, or to go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// All that goes to an origin.
    Origin(String),
    /// All that is in a channel's log.
    Channel {
        /// Its app.
        app: AppId,
        /// Its name.
        name: String,
    },
}
