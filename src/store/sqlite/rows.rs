//! Rows as they are read, and what they are turned into. A row was checked when it was written; one that cannot
//! be read all the same is [`StoreError::Corrupt`].

use std::sync::Arc;

use diesel::prelude::*;

use super::audience::{self, type_of};
use super::open_log::OpenLog;
use super::schema::{channel, notification, subscription};
use crate::clock::Timestamp;
use crate::id::{AppId, ChannelId, Generation, PublicId, Seq, SubscriptionId, VapidKeyId};
use crate::model::audience::Audience;
use crate::model::{Closed, Notification, Outcome, Outcomes, Payload, Subscription};
use crate::store::StoreError;
use crate::store::receipt::ReceiptCounts;
use crate::store::view::NotificationView;
use crate::webpush::message::{Content, Envelope};
use crate::webpush::request::{Topic, Urgency};
use crate::webpush::subscription::{Endpoint, Keys};

/// What sending to a subscription needs.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscription)]
pub(super) struct SubscriptionRow {
    id: i64,
    public_id: String,
    app_id: i64,
    generation: i64,
    endpoint: String,
    p256dh: Vec<u8>,
    auth: Vec<u8>,
    vapid_key_id: i64,
}

impl SubscriptionRow {
    pub(super) fn parse(self) -> Result<Arc<Subscription>, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of {}", self.public_id));
        Ok(Arc::new(Subscription {
            id: SubscriptionId(self.id),
            app: AppId(self.app_id),
            generation: Generation(self.generation),
            endpoint: Endpoint::from_store(self.endpoint).map_err(|_| corrupt("the endpoint"))?,
            keys: Keys::from_store(&self.p256dh, &self.auth).map_err(|_| corrupt("the keys"))?,
            vapid_key: VapidKeyId(self.vapid_key_id),
            public_id: PublicId::from_store(self.public_id),
        }))
    }
}

/// What is needed of a channel to make its notifications' payloads.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = channel)]
pub(super) struct ChannelRow {
    pub(super) id: i64,
    pub(super) app_id: i64,
    pub(super) name: String,
    pub(super) epoch: String,
    pub(super) head: i64,
    pub(super) members: i64,
    pub(super) open: i64,
    pub(super) scheduled: i64,
}

/// A notification that is to be sent. Whom it is for may be ten thousand names: who holds it already has read them.
#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
pub(super) struct NotificationRow {
    id: i64,
    public_id: String,
    group_id: Option<String>,
    channel_id: i64,
    pub(super) seq: i64,
    content_kind: i16,
    content: Vec<u8>,
    accepted_at: i64,
    expires: i64,
    now_or_never: bool,
    urgency: i16,
    topic: Option<String>,
    #[diesel(select_expression = type_of(notification::exclude))]
    #[diesel(select_expression_type = type_of<notification::exclude>)]
    exclude_type: String,
}

impl NotificationRow {
    /// The notification, as one value with everybody else who holds it.
    pub(super) fn hold(
        self,
        connection: &mut SqliteConnection,
        channel: &ChannelRow,
        log: &OpenLog,
    ) -> Result<Arc<Notification>, StoreError> {
        let (number, id) = ((self.channel_id, self.seq), self.public_id.clone());
        if let Some(held) = log.find(number, &id) {
            return Ok(held);
        }
        let audience = audience::read(connection, self.id, &self.exclude_type)?;
        log.get_or(number, &id, audience, |audience| self.parse(channel, audience))
    }

    fn parse(self, channel: &ChannelRow, audience: Audience) -> Result<Notification, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of {}", self.public_id));
        let content = Content::from_store(self.content_kind, self.content.clone())
            .ok_or_else(|| corrupt("the content"))?;
        let envelope = Envelope {
            id: &self.public_id,
            channel: &channel.name,
            epoch: &channel.epoch,
            seq: self.seq,
            group: self.group_id.as_deref(),
        };
        let topic = match &self.topic {
            None => None,
            Some(topic) => {
                Some(Topic::from_store(topic.clone()).ok_or_else(|| corrupt("the topic"))?)
            }
        };
        Ok(Notification {
            channel: ChannelId(self.channel_id),
            seq: Seq(self.seq),
            payload: content.encode(&envelope).map(Payload::new),
            accepted: Timestamp::from_millis(self.accepted_at),
            expires: Timestamp::from_millis(self.expires),
            now_or_never: self.now_or_never,
            urgency: Urgency::from_code(self.urgency).ok_or_else(|| corrupt("the urgency"))?,
            topic,
            audience,
            closed: Closed::default(),
            id: PublicId::from_store(self.public_id.clone()),
        })
    }
}

/// The counters of a notification.
#[derive(Queryable, Selectable, AsChangeset, Clone)]
#[diesel(table_name = notification, treat_none_as_null = true)]
pub(super) struct Counters {
    #[diesel(skip_update)]
    pub(super) id: i64,
    #[diesel(skip_update)]
    pub(super) public_id: String,
    #[diesel(skip_update)]
    pub(super) channel_id: i64,
    #[diesel(skip_update)]
    pub(super) seq: i64,
    #[diesel(skip_update)]
    recipients: i64,
    accepted: i64,
    gone: i64,
    expired: i64,
    superseded: i64,
    rejected: i64,
    too_large: i64,
    unsubscribed: i64,
    cancelled: i64,
    pub(super) closed: Option<i16>,
    pub(super) finished: Option<i64>,
}

impl Counters {
    pub(super) fn add(&mut self, outcome: Outcome, count: i64) {
        *match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Gone => &mut self.gone,
            Outcome::Expired => &mut self.expired,
            Outcome::Superseded => &mut self.superseded,
            Outcome::Rejected => &mut self.rejected,
            Outcome::TooLarge => &mut self.too_large,
            Outcome::Unsubscribed => &mut self.unsubscribed,
            Outcome::Cancelled => &mut self.cancelled,
        } += count;
    }

    pub(super) fn outcomes(&self) -> Outcomes {
        let mut outcomes = Outcomes::default();
        outcomes.add(Outcome::Accepted, self.accepted);
        outcomes.add(Outcome::Gone, self.gone);
        outcomes.add(Outcome::Expired, self.expired);
        outcomes.add(Outcome::Superseded, self.superseded);
        outcomes.add(Outcome::Rejected, self.rejected);
        outcomes.add(Outcome::TooLarge, self.too_large);
        outcomes.add(Outcome::Unsubscribed, self.unsubscribed);
        outcomes.add(Outcome::Cancelled, self.cancelled);
        outcomes
    }

    pub(super) fn pending(&self) -> i64 {
        self.recipients - self.outcomes().total()
    }

    /// The outcome that took all that was pending, if it was closed.
    pub(super) fn closing(&self) -> Result<Option<Outcome>, StoreError> {
        let Some(code) = self.closed else { return Ok(None) };
        let unknown =
            || StoreError::Corrupt(format!("closing outcome {code} of notification {}", self.id));
        Outcome::from_code(code).map(Some).ok_or_else(unknown)
    }
}

/// A notification for the API.
#[derive(Queryable, Selectable)]
#[diesel(table_name = notification)]
pub(super) struct NotificationViewRow {
    accepted_at: i64,
    expires: i64,
    created: Option<i64>,
    send_at: Option<i64>,
    content_kind: i16,
    shown: i64,
    clicked: i64,
    dismissed: i64,
    #[diesel(embed)]
    counters: Counters,
}

impl NotificationViewRow {
    pub(super) fn view(self, channel: String) -> NotificationView {
        NotificationView {
            id: PublicId::from_store(self.counters.public_id.clone()),
            channel,
            seq: Some(self.counters.seq),
            recipients: Some(self.counters.recipients),
            outcomes: self.counters.outcomes(),
            created: Timestamp::from_millis(self.created.unwrap_or(self.accepted_at)),
            expires: Timestamp::from_millis(self.expires),
            send_at: self.send_at.map(Timestamp::from_millis),
            cancelled: self.counters.closed == Some(Outcome::Cancelled.code()),
            receipts: Content::asks_for_receipts(self.content_kind).then_some(ReceiptCounts {
                shown: self.shown,
                clicked: self.clicked,
                closed: self.dismissed,
            }),
        }
    }
}
