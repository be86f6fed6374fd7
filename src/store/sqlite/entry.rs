//! An entry of a channel's log before it has a number: what a call asks for, or what was scheduled and is due. There is one
//! way into the log for both.

use diesel::prelude::*;

use super::rows::ChannelRow;
use super::schema::{channel, membership, notification, scheduled};
use super::writer::SqliteWriter;
use super::{audience, closing, fault};
use crate::clock::Timestamp;
use crate::id::{ChannelId, SubscriptionId};
use crate::model::audience::{Audience, Listed};
use crate::store::{Committed, StoreError};

/// All that a notification has before its number, its recipients and its outcomes.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = scheduled)]
pub(super) struct Entry {
    pub(super) public_id: String,
    pub(super) group_id: Option<String>,
    pub(super) channel_id: i64,
    pub(super) content_kind: i16,
    pub(super) content: Vec<u8>,
    pub(super) created: i64,
    /// The same as `created` for what is sent at once.
    pub(super) send_at: i64,
    pub(super) expires: i64,
    pub(super) now_or_never: bool,
    pub(super) urgency: i16,
    pub(super) topic: Option<String>,
    pub(super) exclude: Option<String>,
}

impl Entry {
    /// Puts it at the next number of its channel's log; answers the number, and how many are to get it. It takes the place
    /// of what waits under its topic.
    pub(super) fn append(
        &self,
        writer: &mut SqliteWriter,
        row: &ChannelRow,
        now: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        let audience = self.audience_there(&mut writer.connection)?;
        self.append_for(writer, row, &audience, now)
    }

    /// The same for an audience whose names are all members.
    pub(super) fn append_for(
        &self,
        writer: &mut SqliteWriter,
        row: &ChannelRow,
        audience: &Audience,
        now: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        let count = |listed: &Listed| i64::try_from(listed.len()).unwrap_or(i64::MAX);
        let recipients = match audience {
            Audience::All => row.members,
            Audience::Except(listed) => row.members - count(listed),
            Audience::Only(listed) => count(listed),
        };
        if let Some(topic) = &self.topic {
            closing::close_topic(writer, row.id, topic, now)?;
        }
        let seq = row.head + 1;
        let open = i64::from(recipients > 0);
        diesel::update(channel::table.find(row.id))
            .set((channel::head.eq(seq), channel::open.eq(channel::open + open)))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        self.insert(&mut writer.connection, seq, recipients, audience, now)?;
        if recipients > 0 {
            writer.after_commit(Committed::Accepted(ChannelId(row.id)));
        }
        Ok((seq, recipients))
    }

    /// Whom it is for, of those who are members now.
    fn audience_there(&self, connection: &mut SqliteConnection) -> Result<Audience, StoreError> {
        let mut members = |listed: &Listed| {
            let there = membership::table
                .filter(membership::channel_id.eq(self.channel_id))
                .filter(membership::subscription_id.eq_any(listed.iter().map(|id| id.0)))
                .select(membership::subscription_id)
                .load::<i64>(connection)
                .map_err(fault)?;
            Ok::<_, StoreError>(there.into_iter().map(SubscriptionId))
        };
        Ok(match audience::parse(self.exclude.as_deref(), &self.public_id)? {
            Audience::All => Audience::All,
            Audience::Except(listed) => Audience::except(members(&listed)?),
            Audience::Only(listed) => Audience::only(members(&listed)?),
        })
    }

    fn insert(
        &self,
        connection: &mut SqliteConnection,
        seq: i64,
        recipients: i64,
        audience: &Audience,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let now = now.as_millis();
        let was_scheduled = self.send_at > self.created;
        diesel::insert_into(notification::table)
            .values((
                notification::public_id.eq(&self.public_id),
                notification::group_id.eq(&self.group_id),
                notification::channel_id.eq(self.channel_id),
                notification::seq.eq(seq),
                notification::content_kind.eq(self.content_kind),
                notification::content.eq(&self.content),
                notification::accepted_at.eq(now),
                notification::expires.eq(self.expires),
                notification::now_or_never.eq(self.now_or_never),
                notification::urgency.eq(self.urgency),
                notification::topic.eq(&self.topic),
                notification::exclude.eq(audience::write(audience)),
                notification::recipients.eq(recipients),
                notification::finished.eq((recipients == 0).then_some(now)),
                notification::created.eq(was_scheduled.then_some(self.created)),
                notification::send_at.eq(was_scheduled.then_some(self.send_at)),
            ))
            .execute(connection)
            .map(drop)
            .map_err(fault)
    }
}
