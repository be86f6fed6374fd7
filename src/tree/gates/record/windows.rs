//! What was counted lately: in the minute that runs, and in the one before it.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long a window is.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Two windows: together they reach back one to two minutes, and nothing has to be forgotten one by one.
#[derive(Debug, Default)]
pub(super) struct Windows<T> {
    current: T,
    previous: T,
    /// Which minute since the Unix epoch the current one is.
    number: i64,
    /// From when on it is known what happened.
    since: Option<Timestamp>,
}

impl<T: Default> Windows<T> {
    /// The window of `now`, to count in.
    pub(super) fn at(&mut self, now: Timestamp) -> &mut T {
        self.roll(now);
        &mut self.current
    }

    /// The window of `now` and the one before.
    pub(super) fn both(&mut self, now: Timestamp) -> [&T; 2] {
        self.roll(now);
        [&self.current, &self.previous]
    }

    /// How much time the two stand for.
    pub(super) fn cover(&mut self, now: Timestamp) -> Duration {
        self.roll(now);
        let before = Timestamp::from_millis((self.number - 1) * length());
        self.since.map_or(Duration::ZERO, |since| now.since(since.max(before)))
    }

    fn roll(&mut self, now: Timestamp) {
        let number = now.as_millis().div_euclid(length());
        let since = *self.since.get_or_insert(now);
        if since > now {
            // The wall clock was put back: what was counted belongs to a time that is to come again.
            *self = Self { number, since: Some(now), ..Self::default() };
        }
        match number - self.number {
            0 => {}
            1 => self.previous = std::mem::take(&mut self.current),
            _ => (self.current, self.previous) = (T::default(), T::default()),
        }
        self.number = number;
    }
}

fn length() -> i64 {
    i64::try_from(WINDOW.as_millis()).expect("a minute is short")
}
