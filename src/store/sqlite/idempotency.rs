//! What a call with an `Idempotency-Key` was answered: the same call is answered the same, whatever became of its notification.

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault;
use super::schema::idempotency;
use super::writer::SqliteWriter;
use crate::clock::Timestamp;
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::publish::Idempotency;

/// What an earlier call with the same key was answered.
pub(super) enum Earlier<T> {
    /// There was none.
    None,
    /// It was the same call, and this is its answer.
    Same(T),
    /// It was another call.
    Other,
}

/// Looks for an earlier call with the same key.
pub(super) fn earlier_reply<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    app: AppId,
    asked: &Idempotency,
) -> Result<Earlier<T>, StoreError> {
    let found = idempotency::table
        .find((app.0, &asked.key))
        .select((idempotency::fingerprint, idempotency::reply))
        .get_result::<(Vec<u8>, String)>(connection)
        .optional()
        .map_err(fault)?;
    let Some((fingerprint, reply)) = found else { return Ok(Earlier::None) };
    if fingerprint != asked.fingerprint {
        return Ok(Earlier::Other);
    }
    serde_json::from_str(&reply)
        .map(Earlier::Same)
        .map_err(|error| StoreError::Corrupt(format!("the reply of an Idempotency-Key: {error}")))
}

/// Remembers what this call is answered, in the transaction that stores what it asks for.
pub(super) fn remember_reply(
    writer: &mut SqliteWriter,
    (app, now): (AppId, Timestamp),
    asked: &Idempotency,
    reply: &impl Serialize,
) -> Result<(), StoreError> {
    let reply = serde_json::to_string(reply)
        .map_err(|error| StoreError::Corrupt(format!("a reply cannot be written: {error}")))?;
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::app_id.eq(app.0),
            idempotency::key.eq(&asked.key),
            idempotency::fingerprint.eq(asked.fingerprint.as_slice()),
            idempotency::reply.eq(reply),
            idempotency::created.eq(now.as_millis()),
        ))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
}
