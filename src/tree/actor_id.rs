//! What actors are called: in the log, in the API, and by whoever looks at one of them.

use std::fmt;

use crate::id::{ChannelId, SubscriptionId};

/// One actor. A worker's name is its supervisor's with its row behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ActorId {
    /// `root`
    Root,
    /// `channels`
    Channels,
    /// `channels.17`
    Channel(ChannelId),
    /// `subscriptions.0`, by its arbiter
    Subscriptions(u64),
    /// `subscriptions.0.17`
    Subscription(u64, SubscriptionId),
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Channels => f.write_str("channels"),
            Self::Channel(channel) => write!(f, "channels.{}", channel.0),
            Self::Subscriptions(arbiter) => write!(f, "subscriptions.{arbiter}"),
            Self::Subscription(arbiter, id) => write!(f, "subscriptions.{arbiter}.{}", id.0),
        }
    }
}
