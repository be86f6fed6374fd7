//! The observer's lists. A page is read in short steps; each is a read transaction of its own, served by an index.

use super::SqliteStore;
use crate::store::StoreFuture;
use crate::store::pages::{
    BadCursor, ChannelsPage, ChannelsQuery, NotificationsQuery, Pages, PartOf, SubscriptionItem,
    SubscriptionsQuery,
};
use crate::store::view::NotificationView;

mod channels;
mod notifications;
mod subscriptions;
mod walk;

impl Pages for SqliteStore {
    fn channels_page(&self, query: ChannelsQuery) -> StoreFuture<ChannelsPage> {
        self.read(move |connection| channels::page(connection, &query))
    }

    fn subscriptions_page(
        &self,
        query: SubscriptionsQuery,
    ) -> StoreFuture<Result<PartOf<SubscriptionItem>, BadCursor>> {
        self.read(move |connection| subscriptions::page(connection, &query))
    }

    fn notifications_page(
        &self,
        query: NotificationsQuery,
    ) -> StoreFuture<Result<PartOf<NotificationView>, BadCursor>> {
        self.read(move |connection| notifications::page(connection, &query))
    }
}

/// What stands after all texts that begin with `prefix`, as bytes: no character of a name is greater.
fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
