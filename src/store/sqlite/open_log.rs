//! Which notifications somebody holds: one value per notification, so that closing it reaches every holder.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::model::Notification;

/// Forget the names of dropped notifications when the table has grown by so many.
const SWEEP_AFTER: usize = 1024;

/// A reader's snapshot lasts for a page, in which no more than a few of these can happen.
const REMEMBERED_CLOSES: usize = 512;

/// Held notifications by `(channel, seq)`.
#[derive(Default)]
pub(super) struct OpenLog {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_number: HashMap<(i64, i64), Weak<Notification>>,
    sweep_at: usize,
    /// What was closed lately: a reader whose snapshot is older may still be about to hold it.
    closed: VecDeque<(i64, i64)>,
}

impl OpenLog {
    /// The value that is held already, or what `make` makes of the row. The id tells apart two notifications that
    /// had the same number one after the other, because the first one's commit failed.
    pub(super) fn get_or<E>(
        &self,
        channel: i64,
        seq: i64,
        id: &str,
        make: impl FnOnce() -> Result<Notification, E>,
    ) -> Result<Arc<Notification>, E> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notification) = held.by_number.get(&(channel, seq)).and_then(Weak::upgrade)
            && notification.id.as_str() == id
        {
            return Ok(notification);
        }
        let notification = Arc::new(make()?);
        if held.closed.contains(&(channel, seq)) {
            notification.closed.set();
        }
        held.by_number.insert((channel, seq), Arc::downgrade(&notification));
        if held.by_number.len() > held.sweep_at {
            held.by_number.retain(|_, notification| notification.strong_count() > 0);
            held.sweep_at = held.by_number.len() * 2 + SWEEP_AFTER;
        }
        Ok(notification)
    }

    /// Tells every holder that it is closed.
    pub(super) fn close(&self, channel: i64, seq: i64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notification) = held.by_number.get(&(channel, seq)).and_then(Weak::upgrade) {
            notification.closed.set();
        }
        held.closed.push_back((channel, seq));
        if held.closed.len() > REMEMBERED_CLOSES {
            held.closed.pop_front();
        }
    }

    /// Has a notification read anew by whoever wants it next: its row has changed.
    pub(super) fn forget(&self, channel: i64, seq: i64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.by_number.remove(&(channel, seq));
    }
}
