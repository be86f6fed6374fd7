//! What an operator has paused: channels, of which nothing is sent, and origins of push services, to which nothing is
//! sent. It is part of the [`Directory`](super::directory::Directory), and survives a restart.

use std::collections::{BTreeMap, HashMap};

use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId};

/// Since when something pauses, and who said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// The API key's name (`key_…`), or `control socket`.
    pub by: String,
}

/// All that pauses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pauses {
    /// Origins: `https://host[:port]`.
    pub origins: BTreeMap<String, Pause>,
    /// Channels, by row.
    pub channels: HashMap<ChannelId, Pause>,
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
