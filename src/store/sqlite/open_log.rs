//! Which notifications somebody holds: one value per notification, so that closing it reaches every holder.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::model::Notification;

/// Forget the names of dropped notifications when the table has grown by so many.
const SWEEP_AFTER: usize = 1024;

/// Held notifications by `(channel, seq)`.
#[derive(Default)]
pub(super) struct OpenLog {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_number: HashMap<(i64, i64), Weak<Notification>>,
    sweep_at: usize,
}

impl OpenLog {
    /// The value that is held already, or what `make` makes of the row.
    pub(super) fn get_or<E>(
        &self,
        channel: i64,
        seq: i64,
        make: impl FnOnce() -> Result<Notification, E>,
    ) -> Result<Arc<Notification>, E> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notification) = held.by_number.get(&(channel, seq)).and_then(Weak::upgrade) {
            return Ok(notification);
        }
        let notification = Arc::new(make()?);
        held.by_number.insert((channel, seq), Arc::downgrade(&notification));
        if held.by_number.len() > held.sweep_at {
            held.by_number.retain(|_, notification| notification.strong_count() > 0);
            held.sweep_at = held.by_number.len() * 2 + SWEEP_AFTER;
        }
        Ok(notification)
    }

    /// Tells every holder that it is closed.
    pub(super) fn close(&self, channel: i64, seq: i64) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notification) = held.by_number.get(&(channel, seq)).and_then(Weak::upgrade) {
            notification.closed.set();
        }
    }
}
