//! An entry of a channel's log before it has a number: what a call asks for, or what was scheduled and is due. There is one
//! way into the log for both.

use diesel::prelude::*;

use super::rows::{ChannelRow, parse_exclude, write_exclude};
use super::schema::{channel, membership, notification, scheduled};
use super::writer::SqliteWriter;
use super::{closing, fault};
use crate::clock::Timestamp;
use crate::id::ChannelId;
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
        let excluded = self.excluded_members(&mut writer.connection)?;
        let recipients = row.members - i64::try_from(excluded.len()).unwrap_or(i64::MAX);
        if let Some(topic) = &self.topic {
            closing::close_topic(writer, row.id, topic, now)?;
        }
        let seq = row.head + 1;
        let open = i64::from(recipients > 0);
        diesel::update(channel::table.find(row.id))
            .set((channel::head.eq(seq), channel::open.eq(channel::open + open)))
            .execute(&mut writer.connection)
            .map_err(fault)?;
        self.insert(&mut writer.connection, seq, recipients, &excluded, now)?;
        if recipients > 0 {
            writer.after_commit(Committed::Accepted(ChannelId(row.id)));
        }
        Ok((seq, recipients))
    }

    /// Who of the channel's members does not get it.
    fn excluded_members(&self, connection: &mut SqliteConnection) -> Result<Vec<i64>, StoreError> {
        let Some(json) = &self.exclude else { return Ok(Vec::new()) };
        let rows = parse_exclude(json)
            .ok_or_else(|| StoreError::Corrupt(format!("the exclusions of {}", self.public_id)))?;
        membership::table
            .filter(membership::channel_id.eq(self.channel_id))
            .filter(membership::subscription_id.eq_any(rows.iter().map(|row| row.0)))
            .select(membership::subscription_id)
            .load(connection)
            .map_err(fault)
    }

    fn insert(
        &self,
        connection: &mut SqliteConnection,
        seq: i64,
        recipients: i64,
        excluded: &[i64],
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
                notification::exclude.eq((!excluded.is_empty()).then(|| write_exclude(excluded))),
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
