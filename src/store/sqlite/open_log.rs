//! Which notifications somebody holds: one value per notification, so that closing it reaches every holder.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::model::Notification;
use crate::model::audience::Audience;

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
    /// Mostly one for a number. Where a row has changed, whoever read it before holds another, and hears of its end too.
    by_number: HashMap<(i64, i64), Vec<Weak<Notification>>>,
    sweep_at: usize,
    /// What was closed lately: a reader whose snapshot is older may still be about to hold it.
    closed: VecDeque<(i64, i64)>,
}

impl OpenLog {
    /// The value that is held already, or what `make` makes of the row. The id tells apart two notifications that
    /// had the same number one after the other, because the first one's commit failed; whom it is for, two readings of
    /// one row, which changes when two subscriptions turn out to be one.
    pub(super) fn get_or<E>(
        &self,
        (channel, seq): (i64, i64),
        id: &str,
        audience: Audience,
        make: impl FnOnce(Audience) -> Result<Notification, E>,
    ) -> Result<Arc<Notification>, E> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { by_number, sweep_at, closed } = &mut *held;
        let readings = by_number.entry((channel, seq)).or_default();
        readings.retain(|reading| reading.strong_count() > 0);
        let is_it = |held: &Arc<Notification>| held.id.as_str() == id && held.audience == audience;
        if let Some(notification) = readings.iter().filter_map(Weak::upgrade).find(is_it) {
            return Ok(notification);
        }
        let notification = Arc::new(make(audience)?);
        if closed.contains(&(channel, seq)) {
            notification.closed.set();
        }
        readings.push(Arc::downgrade(&notification));
        if by_number.len() > *sweep_at {
            by_number.retain(|_, readings| readings.iter().any(|held| held.strong_count() > 0));
            *sweep_at = by_number.len() * 2 + SWEEP_AFTER;
        }
        Ok(notification)
    }

    /// Tells every holder that it is closed.
    pub(super) fn close(&self, channel: i64, seq: i64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = held.by_number.get(&(channel, seq)).into_iter().flatten();
        readings.filter_map(Weak::upgrade).for_each(|notification| notification.closed.set());
        held.closed.push_back((channel, seq));
        if held.closed.len() > REMEMBERED_CLOSES {
            held.closed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::clock::Timestamp;
    use crate::id::{ChannelId, PublicId, Seq, SubscriptionId};
    use crate::model::Closed;
    use crate::webpush::request::Urgency;

    fn read(log: &OpenLog, id: &str, exclude: &[i64]) -> Arc<Notification> {
        let audience = Audience::except(exclude.iter().map(|row| SubscriptionId(*row)));
        let make = |audience| -> Result<_, Infallible> {
            Ok(Notification {
                channel: ChannelId(1),
                seq: Seq(1),
                id: PublicId::from_store(id.to_owned()),
                payload: None,
                accepted: Timestamp::default(),
                expires: Timestamp::default(),
                now_or_never: false,
                urgency: Urgency::Normal,
                topic: None,
                audience,
                closed: Closed::default(),
            })
        };
        let Ok(notification) = log.get_or((1, 1), id, audience, make);
        notification
    }

    #[test]
    fn whoever_holds_a_notification_holds_the_same_one() {
        let log = OpenLog::default();
        let (one, other) = (read(&log, "ntf_one", &[3]), read(&log, "ntf_one", &[3]));
        assert!(Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn whoever_holds_an_earlier_reading_of_a_row_that_has_changed_hears_of_its_end_too() {
        let log = OpenLog::default();
        let earlier = read(&log, "ntf_one", &[3]);
        let later = read(&log, "ntf_one", &[4]);
        assert_eq!(
            later.audience,
            Audience::except([SubscriptionId(4)]),
            "what is read is what the row says"
        );
        log.close(1, 1);
        assert!(earlier.closed.is_set() && later.closed.is_set());
    }

    #[test]
    fn a_reader_whose_snapshot_is_older_than_a_closing_gets_a_closed_one() {
        let log = OpenLog::default();
        log.close(1, 1);
        assert!(read(&log, "ntf_one", &[]).closed.is_set());
    }
}
