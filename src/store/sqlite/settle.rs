//! Settling: the cursor moves and the outcome is booked, together or not at all.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::cursor::MoveCursor;
use super::schema::{failure, membership, notification, subscription};
use super::writer::SqliteWriter;
use super::{brake, fault, quarantine};
use crate::clock::Timestamp;
use crate::id::{Generation, SubscriptionId};
use crate::model::{EndpointState, Failure, Outcome, Settled, Settlement};
use crate::store::StoreError;

pub(super) fn settle(
    writer: &mut SqliteWriter,
    settlement: &Settlement,
) -> Result<Settled, StoreError> {
    let holds = match settlement.outcome {
        Some(outcome) => move_cursor(writer, settlement, outcome)?,
        None => is_ahead_of_cursor(&mut writer.connection, settlement)?,
    };
    if !holds {
        return Ok(Settled::Stale);
    }
    record_endpoint(&mut writer.connection, settlement)?;
    if let Some(failure) = &settlement.failure {
        record_failure(&mut writer.connection, settlement, failure)?;
    }
    if settlement.outcome == Some(Outcome::Gone) {
        brake::go(writer, settlement.subscription.0, settlement.now)?;
    } else if settlement.endpoint == EndpointState::Refused {
        quarantine::refuse(writer, settlement.subscription.0, settlement.now)?;
    }
    Ok(Settled::Recorded)
}

/// Moves the cursor, if the subscription is still the one that was asked and had not settled this number; the
/// outcome is booked only then, so that a result which comes twice counts once.
fn move_cursor(
    writer: &mut SqliteWriter,
    settlement: &Settlement,
    outcome: Outcome,
) -> Result<bool, StoreError> {
    let (channel, seq) = (settlement.channel.0, settlement.seq.0);
    let moved = MoveCursor::of(settlement).execute(&mut writer.connection).map_err(fault)?;
    if moved == 1 {
        writer.bookings.book(channel, seq, outcome, settlement.now);
    }
    Ok(moved == 1)
}

fn is_ahead_of_cursor(
    connection: &mut SqliteConnection,
    settlement: &Settlement,
) -> Result<bool, StoreError> {
    diesel::select(exists(
        membership::table
            .inner_join(subscription::table)
            .filter(membership::channel_id.eq(settlement.channel.0))
            .filter(membership::subscription_id.eq(settlement.subscription.0))
            .filter(membership::done_seq.lt(settlement.seq.0))
            .filter(subscription::generation.eq(settlement.generation.0)),
    ))
    .get_result(connection)
    .map_err(fault)
}

fn record_endpoint(
    connection: &mut SqliteConnection,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let (not_before, failures, unheard_since, trouble) = match settlement.endpoint {
        EndpointState::Untroubled | EndpointState::Refused => return Ok(()),
        EndpointState::Recovered => (None, 0, None, None),
        EndpointState::Waiting { not_before, failures, unheard_since, .. } => {
            (Some(not_before), failures, unheard_since, settlement.failure.as_ref())
        }
    };
    let attempts = settlement.endpoint.attempts();
    // Only a delivery that is to be tried again goes first; one that has ended does not.
    let trying = attempts.filter(|_| settlement.outcome.is_none()).map(i64::from);
    diesel::update(subscription::table.find(settlement.subscription.0))
        .set((
            subscription::not_before.eq(not_before.map(Timestamp::as_millis)),
            subscription::failures.eq(i64::from(failures)),
            subscription::trying_channel.eq(trying.map(|_| settlement.channel.0)),
            subscription::trying_seq.eq(trying.map(|_| settlement.seq.0)),
            subscription::trying_attempts.eq(trying),
            subscription::unheard_since.eq(unheard_since.map(Timestamp::as_millis)),
            subscription::trouble.eq(trouble.map(|trouble| &trouble.reason)),
            subscription::trouble_status
                .eq(trouble.and_then(|trouble| trouble.status).map(i32::from)),
        ))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Takes a subscription off the due list: its wait is over, and nothing is left that could show how it fares.
pub(super) fn stop_waiting(
    connection: &mut SqliteConnection,
    id: SubscriptionId,
    generation: Generation,
) -> Result<(), StoreError> {
    diesel::update(subscription::table.find(id.0))
        .filter(subscription::generation.eq(generation.0))
        .set((
            subscription::not_before.eq(None::<i64>),
            subscription::failures.eq(0),
            subscription::trying_channel.eq(None::<i64>),
            subscription::trying_seq.eq(None::<i64>),
            subscription::trying_attempts.eq(None::<i64>),
            subscription::trouble.eq(None::<String>),
            subscription::trouble_status.eq(None::<i32>),
        ))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

/// Puts a subscription on the due list, at `until` or later.
pub(super) fn hold_back(
    connection: &mut SqliteConnection,
    id: SubscriptionId,
    until: Timestamp,
) -> Result<(), StoreError> {
    let until = until.as_millis();
    let sooner = subscription::not_before.is_null().or(subscription::not_before.lt(until));
    diesel::update(subscription::table.find(id.0))
        .filter(subscription::gone.is_null().and(sooner))
        .set(subscription::not_before.eq(until))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}

fn record_failure(
    connection: &mut SqliteConnection,
    settlement: &Settlement,
    reported: &Failure,
) -> Result<(), StoreError> {
    let Some(outcome) = settlement.outcome else { return Ok(()) };
    let notification = notification::table
        .filter(notification::channel_id.eq(settlement.channel.0))
        .filter(notification::seq.eq(settlement.seq.0))
        .select(notification::id)
        .get_result::<i64>(connection)
        .optional()
        .map_err(fault)?;
    let Some(notification) = notification else { return Ok(()) };
    insert_failure(connection, notification, settlement, outcome, reported, settlement.now)
}

fn insert_failure(
    connection: &mut SqliteConnection,
    notification: i64,
    settlement: &Settlement,
    outcome: Outcome,
    reported: &Failure,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(failure::table)
        .values((
            failure::notification_id.eq(notification),
            failure::subscription_id.eq(settlement.subscription.0),
            failure::outcome.eq(outcome.code()),
            failure::status.eq(reported.status.map(i32::from)),
            failure::reason.eq(&reported.reason),
            failure::attempts.eq(i64::from(reported.attempts)),
            failure::at.eq(now.as_millis()),
        ))
        .execute(connection)
        .map(drop)
        .map_err(fault)
}
