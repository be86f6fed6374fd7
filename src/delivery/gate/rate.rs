//! How many requests an origin answers in a second while it has as many under way as it may: that tells how long a line
//! before its gate is worth standing in. While there is room, nothing limits it that could be measured.

use std::time::Duration;

use crate::clock::Timestamp;

/// It is measured over at least this long.
const WINDOW: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct Rate {
    /// Since when there has been no room, or since it was last measured.
    since: Option<Timestamp>,
    ended: u32,
    per_second: Option<u32>,
}

impl Rate {
    /// Somebody found no room.
    pub(super) fn saturated(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
    }

    /// There was room.
    pub(super) fn relieved(&mut self) {
        *self = Self::default();
    }

    /// A request ended, and there had been no room.
    pub(super) fn ended(&mut self, now: Timestamp) {
        let Some(since) = self.since else { return };
        self.ended += 1;
        if now.since(since) >= WINDOW {
            self.per_second = Some(self.over(now.since(since)));
            (self.since, self.ended) = (Some(now), 0);
        }
    }

    /// `None`: there has been no room for too short a time to tell.
    pub(super) fn per_second(&self, now: Timestamp) -> Option<u32> {
        let past = now.since(self.since?);
        // One that ended nothing for long is slower than it was when it was measured.
        let is_stalled = past > WINDOW * 2;
        let known = self.per_second.filter(|_| !is_stalled);
        known.or_else(|| (past >= WINDOW).then(|| self.over(past)))
    }

    fn over(&self, past: Duration) -> u32 {
        let per_second = u128::from(self.ended) * 1000 / past.as_millis().max(1);
        u32::try_from(per_second).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(ms: u64) -> Timestamp {
        NOW + Duration::from_millis(ms)
    }

    #[test]
    fn it_is_known_once_there_was_no_room_for_a_while_and_forgotten_when_there_is() {
        let mut rate = Rate::default();
        rate.ended(at(0));
        assert_eq!(rate.per_second(at(1000)), None, "nobody found it full");
        rate.saturated(at(1000));
        for n in 1..=100 {
            rate.ended(at(1000 + n * 5));
            rate.saturated(at(1000 + n * 5));
        }
        assert_eq!(rate.per_second(at(1500)), Some(200));
        rate.relieved();
        assert_eq!(rate.per_second(at(1500)), None);
    }

    #[test]
    fn who_answers_nothing_is_as_slow_as_that() {
        let mut rate = Rate::default();
        rate.saturated(at(0));
        assert_eq!(rate.per_second(at(249)), None);
        assert_eq!(rate.per_second(at(250)), Some(0));
        for n in 0..50 {
            rate.ended(at(250 + n * 10));
        }
        assert!(rate.per_second(at(760)).is_some_and(|rate| rate >= 80));
        assert!(rate.per_second(at(10_000)).is_some_and(|rate| rate <= 10), "it has stalled");
    }
}
