//! Outcomes that a transaction has booked, added up per notification: a fan-out of thousands writes one row of
//! counters per transaction, not one per delivery.

use std::collections::HashMap;

use diesel::prelude::*;

use super::fault;
use super::rows::Counters;
use super::schema::{channel, notification};
use super::writer::SqliteWriter;
use crate::clock::Timestamp;
use crate::id::PublicId;
use crate::model::{Outcome, Outcomes};
use crate::store::StoreError;

/// What is to be added to the counters of notifications, by `(channel, seq)`.
#[derive(Default)]
pub(super) struct Bookings {
    by_notification: HashMap<(i64, i64), Outcomes>,
    now: Timestamp,
}

impl Bookings {
    /// Books one delivery's outcome.
    pub(super) fn book(&mut self, channel: i64, seq: i64, outcome: Outcome, now: Timestamp) {
        self.by_notification.entry((channel, seq)).or_default().add(outcome, 1);
        self.now = self.now.max(now);
    }

    /// Writes them all.
    pub(super) fn write(self, writer: &mut SqliteWriter) -> Result<(), StoreError> {
        for ((channel, seq), outcomes) in self.by_notification {
            let found = notification::table
                .filter(notification::channel_id.eq(channel).and(notification::seq.eq(seq)))
                .select(Counters::as_select())
                .get_result(&mut writer.connection)
                .optional()
                .map_err(fault)?;
            // A finished notification may have been pruned while a delivery of it was under way.
            if let Some(counters) = found {
                write_one(writer, counters, outcomes, self.now)?;
            }
        }
        Ok(())
    }
}

fn write_one(
    writer: &mut SqliteWriter,
    mut counters: Counters,
    outcomes: Outcomes,
    now: Timestamp,
) -> Result<(), StoreError> {
    for outcome in Outcome::ALL {
        counters.add(outcome, outcomes.get(outcome));
    }
    // When it was closed, all that was pending got the closing outcome; a result that was in flight takes its
    // unit back out of that.
    if let Some(closing) = counters.closing()? {
        counters.add(closing, -outcomes.total());
    }
    counters.finish_if_done(now, &mut writer.connection)?;
    counters.save(writer)
}

impl Counters {
    /// Saves the counters, and whether it is closed and finished. Whoever watches it hears of that.
    pub(super) fn save(self, writer: &mut SqliteWriter) -> Result<(), StoreError> {
        diesel::update(notification::table.find(self.id))
            .set(&self)
            .execute(&mut writer.connection)
            .map_err(fault)?;
        writer.changed_after_commit(PublicId::from_store(self.public_id));
        Ok(())
    }

    /// Marks it as finished when every delivery has its outcome, and counts it out of its channel.
    pub(super) fn finish_if_done(
        &mut self,
        now: Timestamp,
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        if self.finished.is_some() || self.pending() > 0 {
            return Ok(());
        }
        self.finished = Some(now.as_millis());
        diesel::update(channel::table.find(self.channel_id))
            .set(channel::open.eq(channel::open - 1))
            .execute(connection)
            .map(drop)
            .map_err(fault)
    }
}
