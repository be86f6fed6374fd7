//! What a call with an `Idempotency-Key` was answered: the same call is answered the same, whatever became of its notification.

use diesel::prelude::*;

use super::fault;
use super::schema::idempotency;
use super::writer::SqliteWriter;
use crate::id::AppId;
use crate::store::StoreError;
use crate::store::publish::{Accept, AcceptReply, Accepted, Idempotency};

/// What an earlier call with the same key was answered, if there was one.
pub(super) fn earlier_reply(
    writer: &mut SqliteWriter,
    app: AppId,
    asked: &Idempotency,
) -> Result<Option<AcceptReply>, StoreError> {
    let found = idempotency::table
        .find((app.0, &asked.key))
        .select((idempotency::fingerprint, idempotency::reply))
        .get_result::<(Vec<u8>, String)>(&mut writer.connection)
        .optional()
        .map_err(fault)?;
    let Some((fingerprint, reply)) = found else { return Ok(None) };
    if fingerprint != asked.fingerprint {
        return Ok(Some(AcceptReply::KeyReused));
    }
    let items = serde_json::from_str(&reply).map_err(|error| {
        StoreError::Corrupt(format!("the reply of an Idempotency-Key: {error}"))
    })?;
    Ok(Some(AcceptReply::Accepted { items, replayed: true }))
}

/// Remembers what this call is answered, in the transaction that stores what it asks for.
pub(super) fn remember_reply(
    writer: &mut SqliteWriter,
    command: &Accept,
    asked: &Idempotency,
    items: &[Accepted],
) -> Result<(), StoreError> {
    let reply = serde_json::to_string(items)
        .map_err(|error| StoreError::Corrupt(format!("a reply cannot be written: {error}")))?;
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::app_id.eq(command.app.0),
            idempotency::key.eq(&asked.key),
            idempotency::fingerprint.eq(asked.fingerprint.as_slice()),
            idempotency::reply.eq(reply),
            idempotency::created.eq(command.now.as_millis()),
        ))
        .execute(&mut writer.connection)
        .map(drop)
        .map_err(fault)
}
