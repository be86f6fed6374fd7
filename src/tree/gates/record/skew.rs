//! By how much a push service's clock differs from ours, by the `Date` of its answers. One odd answer says nothing: it is
//! the middle one of several that counts.

use std::time::Duration;

use crate::clock::Timestamp;

/// So many answers are kept, no two of the same second: a burst is one witness.
const KEPT: usize = 15;

/// Fewer say nothing.
const FEW: usize = 3;

/// Somebody may have set a clock right since.
const OLD: Duration = Duration::from_secs(3600);

/// When in this time the answer was dated cannot be told.
const SLOW: Duration = Duration::from_secs(4);

/// What the last answers were dated.
#[derive(Debug, Default)]
pub(super) struct Skew {
    /// When each came, and by how many milliseconds it was ahead.
    samples: [Option<(Timestamp, i64)>; KEPT],
    next: usize,
    second: i64,
}

impl Skew {
    /// An answer came at `now`, after `took`, and says that it was made at `date`.
    pub(super) fn note(&mut self, date: Timestamp, took: Duration, now: Timestamp) {
        if took > SLOW || now.as_secs() == self.second {
            return;
        }
        self.second = now.as_secs();
        // The header has whole seconds; and the answer was made at some moment of the exchange.
        let made = date.as_millis() + 500;
        let ours = (now - took / 2).as_millis();
        self.samples[self.next] = Some((now, made - ours));
        self.next = (self.next + 1) % KEPT;
    }

    /// By how many seconds its clock is ahead.
    pub(super) fn seconds(&self, now: Timestamp) -> Option<i64> {
        let known = self.samples.iter().flatten().filter(|(at, _)| now.since(*at) < OLD);
        let mut ahead: Vec<_> = known.map(|(_, ahead)| *ahead).collect();
        if ahead.len() < FEW {
            return None;
        }
        ahead.sort_unstable();
        Some((ahead[ahead.len() / 2] + 500).div_euclid(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_291_200_250);
    const TOOK: Duration = Duration::from_millis(40);

    /// What a push service says whose clock is ahead by so many milliseconds.
    fn date(now: Timestamp, ahead: i64) -> Timestamp {
        Timestamp::from_millis((now.as_millis() + ahead).div_euclid(1000) * 1000)
    }

    fn at(ms: u64) -> Timestamp {
        NOW + Duration::from_millis(ms)
    }

    #[test]
    fn a_clock_is_known_to_a_second_after_three_answers() {
        for ahead in [0, 400, -400, 90_000, -90_000, 7_200_500] {
            let mut skew = Skew::default();
            for n in 0..3_u64 {
                assert_eq!(skew.seconds(at(n * 1100)), None);
                skew.note(date(at(n * 1100), ahead), TOOK, at(n * 1100));
            }
            let found = skew.seconds(at(3300)).unwrap();
            assert!((found * 1000 - ahead).abs() <= 1000, "{ahead}: {found}");
        }
    }

    #[test]
    fn neither_an_odd_answer_nor_a_burst_of_them_nor_a_slow_one_says_anything() {
        let mut skew = Skew::default();
        for n in 0..5 {
            skew.note(date(at(n * 1000), 0), TOOK, at(n * 1000));
        }
        for _ in 0..100 {
            skew.note(date(at(5000), 86_400_000), TOOK, at(5000));
        }
        for n in 6..100 {
            skew.note(date(at(n * 1000), 86_400_000), Duration::from_secs(9), at(n * 1000));
        }
        assert_eq!(skew.seconds(at(100_000)), Some(0));
    }

    #[test]
    fn a_clock_that_is_put_right_is_believed_again_and_an_old_word_is_forgotten() {
        let mut skew = Skew::default();
        for n in 0..40 {
            skew.note(date(at(n * 1000), 120_000), TOOK, at(n * 1000));
        }
        assert_eq!(skew.seconds(at(40_000)), Some(120));
        for n in 40..48 {
            skew.note(date(at(n * 1000), 0), TOOK, at(n * 1000));
        }
        assert_eq!(skew.seconds(at(48_000)), Some(0));
        assert_eq!(skew.seconds(at(48_000) + OLD), None);
    }
}
