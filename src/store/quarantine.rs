//! Quarantines: incidents whose subscriptions are out of their channels and are kept, with endpoint, keys and the names
//! of their channels, until an operator says what becomes of them.

use super::StoreFuture;
use super::limit::Full;
use super::view::SubscriptionView;
use crate::clock::Timestamp;
use crate::id::{AppId, PublicId};
use crate::webpush::service::PushService;

/// Why subscriptions are held back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// Their push service said that they are gone, of too many in too short a time.
    Gone,
    /// Their push service refuses our VAPID key for them, while it serves their siblings.
    Refused,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Gone, Self::Refused];

    /// The name in the API and in the log.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Refused => "refused",
        }
    }

    /// The number in the store. Never renumber: old rows hold it.
    pub const fn code(self) -> i16 {
        match self {
            Self::Gone => 1,
            Self::Refused => 2,
        }
    }

    /// The cause that the store calls `code`.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// What an operator says about an incident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resolution {
    /// It was an error: all are back in their channels. No limit of the app is asked: what they had is theirs.
    Undone,
    /// It was the truth: all are gone, and can come back for seven days more.
    Applied,
}

impl Resolution {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Undone, Self::Applied];

    /// The name in the API and in the log.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Undone => "undone",
            Self::Applied => "applied",
        }
    }

    /// The number in the store. Never renumber: old rows hold it.
    pub const fn code(self) -> i16 {
        match self {
            Self::Undone => 1,
            Self::Applied => 2,
        }
    }

    /// The resolution that the store calls `code`.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.code() == code)
    }
}

/// An incident as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuarantineView {
    /// The position to continue a list from.
    pub position: i64,
    /// Its name.
    pub id: PublicId,
    /// The push service's origin.
    pub origin: String,
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub opened: Timestamp,
    /// How many subscriptions are in it now.
    pub subscriptions: i64,
    /// What an operator said, and when.
    pub resolved: Option<(Resolution, Timestamp)>,
    /// How many subscriptions have been put where that puts them. Who left by himself is not among them.
    pub moved: i64,
}

/// Which part of an app's incidents.
#[derive(Clone, Copy, Debug)]
pub struct QuarantineQuery {
    /// The app.
    pub app: AppId,
    /// The position that the last page ended at.
    pub after: i64,
    /// How many at most.
    pub limit: i64,
}

/// An operator's word on an incident.
#[derive(Clone, Debug)]
pub struct Resolve {
    /// The app.
    pub app: AppId,
    /// Which incident.
    pub id: PublicId,
    /// What becomes of its subscriptions.
    pub resolution: Resolution,
    /// How many subscriptions this call waits for, about; the rest follow by themselves. `None`: all.
    pub limit: Option<u64>,
    /// When it is.
    pub now: Timestamp,
}

/// What became of a [`Resolve`]. It may be repeated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResolveReply {
    /// It holds.
    Resolved {
        /// The incident as it stands.
        view: QuarantineView,
        /// Whether none is left to be moved.
        done: bool,
    },
    /// There is no such incident in the app.
    Unknown,
    /// It has been resolved in the other way before.
    Otherwise(Resolution),
}

/// What became of a subscription that an operator wants back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RestoreReply {
    /// It is there; this is how it stands.
    Restored(SubscriptionView),
    /// No such subscription, or it went too long ago.
    Unknown,
    /// It would come back, and a limit of the app is reached.
    Full(Full),
}

/// What is held back at one push service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Where.
    pub push_service: PushService,
    /// Open incidents.
    pub quarantines: i64,
    /// Subscriptions in them.
    pub subscriptions: i64,
}

/// What the store can be asked about quarantines.
pub trait Quarantines {
    /// The incidents of an app, oldest first.
    fn quarantines(&self, query: QuarantineQuery) -> StoreFuture<Vec<QuarantineView>>;
    /// One incident.
    fn quarantine(&self, app: AppId, id: PublicId) -> StoreFuture<Option<QuarantineView>>;
    /// Says what becomes of an incident's subscriptions. It is done in batches; what a batch did is on disk, and whatever
    /// is left when the daemon ends is done by the next one's upkeep.
    fn resolve(&self, command: Resolve) -> StoreFuture<ResolveReply>;
    /// Brings back one subscription that went less than seven days ago or is held back. One that is there stays as it
    /// is.
    fn restore(&self, app: AppId, id: PublicId, now: Timestamp) -> StoreFuture<RestoreReply>;
    /// What the open incidents hold, over all apps: one for each push service that has some.
    fn held_back(&self) -> StoreFuture<Vec<Held>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_writes_it_reads_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_code(cause.code()), Some(cause));
        }
        for resolution in Resolution::ALL {
            assert_eq!(Resolution::from_code(resolution.code()), Some(resolution));
        }
        assert_eq!((Cause::from_code(0), Resolution::from_code(0)), (None, None));
    }
}
