//! Upkeep: what time alone brings about, a batch of each kind in one transaction.

use std::time::Duration;

use super::writer::SqliteWriter;
use super::{closing, pause, pruning, quarantine, schedule};
use crate::clock::Timestamp;
use crate::store::StoreError;

/// Does at most about `limit` of each; answers the largest count.
pub(super) fn upkeep(
    writer: &mut SqliteWriter,
    now: Timestamp,
    retention: Duration,
    limit: i64,
) -> Result<usize, StoreError> {
    // First, so that what was due long ago and has expired since is closed in the same transaction.
    let released = schedule::release(writer, now, limit)?;
    let closed = closing::close_expired(writer, now, limit)?;
    let ended = pruning::end_expired_subscriptions(writer, now, limit)?;
    let pruned = pruning::prune(writer, now, retention, limit)?;
    let resumed = pause::bring_forward(writer, now, limit)?;
    let left = if quarantine::carry_on(writer, now)? { limit } else { 0 };
    Ok(released
        .max(closed)
        .max(ended)
        .max(pruned)
        .max(resumed)
        .max(usize::try_from(left).unwrap_or(0)))
}
