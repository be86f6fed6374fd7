//! When those are to come again who were turned away: one after the other, not all at the moment when the gate opens.

use std::time::Duration;

use crate::clock::Timestamp;

/// Beyond this, the next ones are put between those who have a place already.
const HORIZON: Duration = Duration::from_secs(600);

/// Subscriptions a second that are called back after a wait: fewer each time that it was in vain, so that an outage of
/// hours costs little, but always enough that a hundred thousand have had their turn in minutes.
pub(super) fn resume_rate(level: u32) -> u32 {
    (2000 >> level.saturating_sub(1).min(3)).max(250)
}

/// Places in time, at a given rate.
#[derive(Debug, Default)]
pub(super) struct Timetable {
    /// In microseconds since the Unix epoch: a thousandth of what a [`Timestamp`] can tell apart.
    next: i64,
}

impl Timetable {
    /// The next free place from `base` on, `per_second` of them in a second.
    pub(super) fn place(&mut self, base: Timestamp, per_second: u32) -> Timestamp {
        let first = micros(base);
        if self.next < first || self.next > micros(base + HORIZON) {
            self.next = first;
        }
        let place = Timestamp::from_millis(self.next / 1000);
        self.next = self.next.saturating_add(1_000_000 / i64::from(per_second.max(1)));
        place
    }
}

fn micros(time: Timestamp) -> i64 {
    time.as_millis().saturating_mul(1000)
}
