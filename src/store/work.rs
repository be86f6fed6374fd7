//! What there is to deliver: pages of members, channels with open work, subscriptions that wait, and their sums.

use crate::clock::Timestamp;
use crate::id::{ChannelId, Seq, SubscriptionId};
use crate::model::Member;

/// Which members a page is to have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageQuery {
    /// The channel.
    pub channel: ChannelId,
    /// The member after whom it begins.
    pub after: SubscriptionId,
    /// Only members who have not settled this number.
    pub behind: Seq,
    /// How many members are looked at.
    pub limit: i64,
    /// The next that may have something to get, in order, no more than `limit`: whoever is not among them is not looked at.
    /// `None`: any member may.
    pub among: Option<Vec<SubscriptionId>>,
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
