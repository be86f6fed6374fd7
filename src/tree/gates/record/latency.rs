//! How long answers take: a histogram whose steps grow with what they count, four to each doubling.

use std::time::Duration;

use serde::Serialize;

/// The first steps are a quarter of a millisecond wide, or nearly: a power of two of microseconds.
const UNIT: u32 = 8;

/// Up to 33 s, which is longer than a request may take; what takes longer is in the last one.
const BUCKETS: usize = 64;

/// Steps to each doubling, as a power of two: a quantile is off by no more than a step, which is a quarter at most.
const STEPS: u32 = 2;

/// How many answers took how long.
#[derive(Debug)]
pub(super) struct Histogram {
    counts: [u32; BUCKETS],
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], longest: Duration::ZERO }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, took: Duration) {
        let count = &mut self.counts[bucket(took)];
        *count = count.saturating_add(1);
        self.longest = self.longest.max(took);
    }
}

/// How long answers took lately.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_seconds: Option<f64>,
    /// All but one in a hundred took no longer.
    pub p99_seconds: Option<f64>,
    /// How many there were.
    pub count: u64,
}

impl Latency {
    /// Of two windows together.
    pub(super) fn of(one: &Histogram, other: &Histogram) -> Self {
        let counts: [u64; BUCKETS] =
            std::array::from_fn(|at| u64::from(one.counts[at]) + u64::from(other.counts[at]));
        let count = counts.iter().sum();
        // Of the step in which the longest lies, there is nothing beyond that.
        let longest = one.longest.max(other.longest).as_secs_f64();
        let at = |percent| quantile(&counts, count, percent).map(|found| found.min(longest));
        Self { p50_seconds: at(50), p99_seconds: at(99), count }
    }
}

/// In the step where it lies, as far as its rank is among those of the step.
fn quantile(counts: &[u64; BUCKETS], all: u64, percent: u64) -> Option<f64> {
    // The first rank that has at least so many of a hundred at or below it.
    let rank = (all * percent).div_ceil(100).max(1);
    let mut below = 0;
    for (index, count) in counts.iter().enumerate() {
        if below + count >= rank {
            let (from, to) = (floor(index).as_secs_f64(), floor(index + 1).as_secs_f64());
            return Some(from + (to - from) * share(rank - below, *count));
        }
        below += count;
    }
    None
}

#[expect(clippy::cast_precision_loss, reason = "a share of what nobody counts beyond 2^53")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Up to [`STEPS`] doublings of the unit the steps are as wide as it; then each doubling has as many steps.
fn bucket(took: Duration) -> usize {
    let units = u64::try_from(took.as_micros()).unwrap_or(u64::MAX) >> UNIT;
    let Some(octave) = units.checked_ilog2().filter(|octave| *octave >= STEPS) else {
        return usize::try_from(units).unwrap_or(0);
    };
    let step = (units >> (octave - STEPS)) & ((1 << STEPS) - 1);
    let index = (u64::from(octave - STEPS + 1) << STEPS) + step;
    usize::try_from(index).map_or(BUCKETS - 1, |index| index.min(BUCKETS - 1))
}

/// The shortest time of a step.
fn floor(index: usize) -> Duration {
    let (octaves, step) = (index >> STEPS, index as u64 & ((1 << STEPS) - 1));
    let units = match octaves {
        0 => step,
        _ => ((1 << STEPS) + step) << (octaves - 1),
    };
    Duration::from_micros(units << UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_its_step_and_the_steps_follow_one_another() {
        for index in 0..BUCKETS - 1 {
            let (from, to) = (floor(index), floor(index + 1));
            assert!(from < to, "{index}");
            assert_eq!(bucket(from), index, "{from:?}");
            assert_eq!(bucket(to - Duration::from_micros(1)), index, "{to:?}");
            assert!(index < 4 || (to - from) * 4 <= from, "a quarter wide: {index}");
        }
        assert!(floor(BUCKETS) > Duration::from_secs(33));
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_off_by_no_more_than_a_step() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        assert_eq!(Latency::of(&one, &other), Latency::default());
        for ms in 1..=1000 {
            let window = if ms % 2 == 0 { &mut one } else { &mut other };
            window.add(Duration::from_millis(ms));
        }
        let Latency { p50_seconds: Some(p50), p99_seconds: Some(p99), count: 1000 } =
            Latency::of(&one, &other)
        else {
            panic!("a thousand were counted")
        };
        assert!((p50 - 0.5).abs() < 0.01 && (p99 - 0.99).abs() < 0.02 && p99 <= 1.0, "{p50} {p99}");
    }
}
