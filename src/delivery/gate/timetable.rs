//! When those are to come again who were turned away: one after the other, not all at the moment when the gate opens.

use std::time::Duration;

use crate::clock::Timestamp;

/// Beyond this, the next ones of a shut gate are put between those who have a place already.
const SHUT_HORIZON: Duration = Duration::from_secs(600);

/// The same for those who found the line before an open gate full: it may be fast again in a moment, and nobody calls them.
const FULL_HORIZON: Duration = Duration::from_secs(60);

/// Subscriptions a second that are called back after a wait: fewer each time that it was in vain, so that an outage of
/// hours costs little, but always enough that a hundred thousand have had their turn in minutes.
pub(super) fn resume_rate(level: u32) -> u32 {
    (2000 >> level.saturating_sub(1).min(3)).max(250)
}

/// Places in time, at a given rate.
#[derive(Debug)]
pub(super) struct Timetable {
    /// In microseconds since the Unix epoch: a thousandth of what a [`Timestamp`] can tell apart.
    next: i64,
    horizon: Duration,
}

impl Timetable {
    /// For those who found the gate shut.
    pub(super) fn of_a_shut_gate() -> Self {
        Self { next: 0, horizon: SHUT_HORIZON }
    }

    /// For those who found the line before the gate full.
    pub(super) fn of_a_full_line() -> Self {
        Self { next: 0, horizon: FULL_HORIZON }
    }

    /// Forgets what was noted of times that are to come again.
    pub(super) fn clock_put_back(&mut self) {
        self.next = 0;
    }

    /// The next free place from `base` on, `per_second` of them in a second.
    pub(super) fn place(&mut self, base: Timestamp, per_second: u32) -> Timestamp {
        let first = micros(base);
        if self.next < first || self.next > micros(base + self.horizon) {
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
