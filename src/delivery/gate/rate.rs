//! How many requests an origin answers in a second while it has as many under way as it may: that tells how long a line
//! before its gate is worth standing in. While there is room, nothing limits it that could be measured.

use std::time::Duration;

use crate::clock::Timestamp;

/// It is measured over at least this long.
const WINDOW: Duration = Duration::from_millis(250);

/// What an origin is thought to do in a second before it was measured.
pub(super) const UNMEASURED: u32 = 1000;

/// It is not believed to have become slower by more than a quarter in each window: a moment in which this machine is
/// short of time looks as if every push service had stalled, and whoever is turned away then would come back in minutes.
const FALL: (u32, u32) = (3, 4);

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
            self.per_second = Some(self.after(now.since(since)));
            (self.since, self.ended) = (Some(now), 0);
        }
    }

    /// `None`: there has been no room for too short a time to tell.
    pub(super) fn per_second(&self, now: Timestamp) -> Option<u32> {
        let past = now.since(self.since?);
        if past < WINDOW { self.per_second } else { Some(self.after(past)) }
    }

    /// What was counted since the last measurement, or what that has fallen to.
    fn after(&self, past: Duration) -> u32 {
        let windows = past.as_millis() / WINDOW.as_millis();
        // Nothing is left of any number after so many.
        let windows = usize::try_from(windows.min(100)).unwrap_or(100);
        let known = self.per_second.unwrap_or(UNMEASURED);
        let fallen = (0..windows).fold(known, |rate, _| rate.saturating_mul(FALL.0) / FALL.1);
        let counted = u128::from(self.ended) * 1000 / past.as_millis().max(1);
        u32::try_from(counted).unwrap_or(u32::MAX).max(fallen)
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
        for n in 101..=400 {
            rate.ended(at(1000 + n * 5));
        }
        assert_eq!(rate.per_second(at(3000)), Some(200), "it has fallen to what is true");
        rate.relieved();
        assert_eq!(rate.per_second(at(1500)), None);
    }

    #[test]
    fn who_answers_nothing_is_slower_with_every_moment() {
        let mut rate = Rate::default();
        rate.saturated(at(0));
        assert_eq!(rate.per_second(at(249)), None);
        assert_eq!(rate.per_second(at(250)), Some(UNMEASURED * 3 / 4));
        assert!(rate.per_second(at(2500)).is_some_and(|rate| rate < 80));
        assert_eq!(rate.per_second(at(10_000)), Some(0), "it has stalled");
    }

    #[test]
    fn a_bad_moment_does_not_make_a_fast_one_slow() {
        let mut rate = Rate::default();
        rate.saturated(at(0));
        let mut now = 0;
        for _ in 0..2000 {
            now += 1;
            rate.ended(at(now));
        }
        now += 500;
        rate.ended(at(now));
        assert!(rate.per_second(at(now)).is_some_and(|rate| rate > 500), "two windows long");
        for _ in 0..500 {
            now += 1;
            rate.ended(at(now));
        }
        assert!(rate.per_second(at(now)).is_some_and(|rate| rate > 900), "and it is fast again");
    }
}
