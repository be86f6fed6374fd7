//! Which notifications somebody holds: one value per notification, so that closing it reaches every holder.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::model::Notification;
use crate::model::audience::Audience;

/// Forget the names of dropped notifications when the table has grown by so many.
const SWEEP_AFTER: usize = 1024;

/// A reader's snapshot lasts for a page, in which no more than a few of these can happen.
const REMEMBERED_CLOSES: usize = 512;

/// Forget which rows have changed, and whom nobody holds, when there are so many: it takes as many mergers of subscriptions.
const REMEMBERED_REWRITES: usize = 1024;

/// An audience that names more takes long to read, and is kept.
const LONG: usize = 100;

/// So many names are kept at most, at 8 bytes each.
const KEPT_NAMES: usize = 1 << 20;

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
    /// Whose audience has changed: which reading is the right one, only the row says.
    rewritten: HashSet<(i64, i64)>,
    /// Those that take long to read are held here as well, the oldest first: their subscriptions may all be waiting, and
    /// nobody else hold them.
    kept: VecDeque<Arc<Notification>>,
}

impl Held {
    fn keep(&mut self, notification: &Arc<Notification>, limit: usize) {
        if notification.audience.names() <= LONG {
            return;
        }
        self.kept.push_back(Arc::clone(notification));
        let mut names: usize = self.kept.iter().map(|kept| kept.audience.names()).sum();
        while names > limit
            && let Some(oldest) = self.kept.pop_front()
        {
            names -= oldest.audience.names();
        }
    }

    fn keep_no_more(&mut self, number: (i64, i64)) {
        self.kept.retain(|kept| (kept.channel.0, kept.seq.0) != number);
    }
}

impl OpenLog {
    /// The value that is held already, if it says whom its row is for.
    pub(super) fn find(&self, number: (i64, i64), id: &str) -> Option<Arc<Notification>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = held.by_number.get(&number).filter(|_| !held.rewritten.contains(&number))?;
        readings.iter().filter_map(Weak::upgrade).find(|reading| reading.id.as_str() == id)
    }

    /// A transaction is about to change whom it is for.
    pub(super) fn rewrite(&self, channel: i64, seq: i64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { by_number, rewritten, .. } = &mut *held;
        if rewritten.len() >= REMEMBERED_REWRITES {
            rewritten.retain(|number| by_number.contains_key(number));
        }
        rewritten.insert((channel, seq));
        held.keep_no_more((channel, seq));
    }

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
        let Held { by_number, sweep_at, closed, rewritten, kept: _ } = &mut *held;
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
            rewritten.retain(|number| by_number.contains_key(number));
            *sweep_at = by_number.len() * 2 + SWEEP_AFTER;
        }
        held.keep(&notification, KEPT_NAMES);
        Ok(notification)
    }

    /// Tells every holder that it is closed.
    pub(super) fn close(&self, channel: i64, seq: i64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = held.by_number.get(&(channel, seq)).into_iter().flatten();
        readings.filter_map(Weak::upgrade).for_each(|notification| notification.closed.set());
        held.keep_no_more((channel, seq));
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
    fn a_row_whose_audience_has_changed_is_read_again() {
        let log = OpenLog::default();
        let earlier = read(&log, "ntf_one", &[3]);
        let found = log.find((1, 1), "ntf_one").unwrap();
        assert!(Arc::ptr_eq(&found, &earlier), "nobody reads it twice");
        assert!(log.find((1, 1), "ntf_two").is_none(), "another had the same number");
        log.rewrite(1, 1);
        let later = read(&log, "ntf_one", &[4]);
        assert!(log.find((1, 1), "ntf_one").is_none());
        drop(earlier);
        let again = read(&log, "ntf_one", &[4]);
        assert!(Arc::ptr_eq(&later, &again));
    }

    #[test]
    fn what_names_many_is_held_while_nobody_else_does_until_it_is_closed() {
        let log = OpenLog::default();
        let many: Vec<_> = (0..=LONG as i64).collect();
        drop((read(&log, "ntf_few", &many[1..]), read(&log, "ntf_many", &many)));
        assert!(log.find((1, 1), "ntf_few").is_none());
        assert!(log.find((1, 1), "ntf_many").is_some());
        log.close(1, 1);
        assert!(log.find((1, 1), "ntf_many").is_none());
    }

    #[test]
    fn no_more_names_are_kept_than_there_is_room_for() {
        let log = OpenLog::default();
        let many: Vec<_> = (0..=LONG as i64).collect();
        let readings = ["ntf_a", "ntf_b", "ntf_c"].map(|id| read(&log, id, &many));
        let mut held = Held::default();
        readings.iter().for_each(|reading| held.keep(reading, 2 * many.len()));
        let kept: Vec<_> = held.kept.iter().map(|kept| kept.id.as_str()).collect();
        assert_eq!(kept, ["ntf_b", "ntf_c"]);
    }

    #[test]
    fn a_reader_whose_snapshot_is_older_than_a_closing_gets_a_closed_one() {
        let log = OpenLog::default();
        log.close(1, 1);
        assert!(read(&log, "ntf_one", &[]).closed.is_set());
    }
}
