//! The deletion brake, as a rule: how many subscriptions may go by their push service's answer before nobody believes it.
//!
//! In June 2024 FCM expired 40–50 % of one provider's list within a week. What a browser has is not lost by that: a
//! subscription that is kept can be sent to again, one that is deleted waits for its user to come back.

use std::time::Duration;

use crate::clock::Timestamp;

/// When a wave of departures at one origin is held back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Brake {
    /// How far it looks back. It counts by the minute, so it looks up to a minute further.
    window: Duration,
    /// More than so much of what lived there, in percent …
    percent: i64,
    /// … and more than so many. Of a small list a large part goes by chance.
    count: i64,
}

/// More than 20 % and more than 100 of an app's subscriptions at an origin, within 10 minutes.
pub const BRAKE: Brake = Brake { window: Duration::from_secs(600), percent: 20, count: 100 };

/// An app's subscriptions at one origin, as the brake sees them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wave {
    /// How many went by their push service's answer within the window.
    pub gone: i64,
    /// How many are still there.
    pub live: i64,
}

impl Wave {
    /// How many there were before the wave.
    pub fn total(self) -> i64 {
        self.gone + self.live
    }
}

impl Brake {
    /// Whether a wave is held back.
    pub fn engages(self, wave: Wave) -> bool {
        wave.gone > self.count && wave.gone * 100 > wave.total() * self.percent
    }

    /// The first minute that counts at `now`.
    pub fn first_minute(self, now: Timestamp) -> i64 {
        minute(now - self.window)
    }

    /// When the first minute that counts at `now` began: who went since then is part of the wave.
    pub fn wave_began(self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(self.first_minute(now) * MINUTE_MS)
    }
}

const MINUTE_MS: i64 = 60_000;

/// The minute that `time` lies in, since the Unix epoch.
pub fn minute(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_engages_above_a_hundred_and_above_a_fifth_and_not_at_either() {
        let rows = [
            (0, 0, false),
            (1, 0, false),
            (100, 0, false),
            (101, 0, true),
            // 21 % of a small list
            (11, 39, false),
            // a tenth of a thousand
            (100, 900, false),
            (200, 800, false),
            (201, 799, true),
            (300, 700, true),
            // one in a hundred of a large list
            (10_000, 990_000, false),
            (200_001, 799_999, true),
        ];
        for (gone, live, expected) in rows {
            assert_eq!(BRAKE.engages(Wave { gone, live }), expected, "{gone} of {}", gone + live);
        }
    }

    #[test]
    fn the_window_is_ten_minutes_and_what_is_left_of_the_minute_before() {
        let now = Timestamp::from_millis(100 * MINUTE_MS + 30_000);
        assert_eq!((minute(now), BRAKE.first_minute(now)), (100, 90));
        assert_eq!(BRAKE.wave_began(now), Timestamp::from_millis(90 * MINUTE_MS));
        let at_the_full_minute = Timestamp::from_millis(100 * MINUTE_MS);
        assert_eq!(BRAKE.first_minute(at_the_full_minute), 90);
    }
}
