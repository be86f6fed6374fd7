//! The origins of push services that subscriptions live at, over all apps.

use crate::store::StoreFuture;

/// How many live at an origin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginCount {
    /// `https://host[:port]`.
    pub origin: String,
    /// Subscriptions that are not gone.
    pub subscriptions: i64,
}

/// What the store can be asked about origins.
pub trait Origins {
    /// Where most live, at most `limit` of them, most first. It looks at all that there are.
    fn origins(&self, limit: i64) -> StoreFuture<Vec<OriginCount>>;
}
