//! How long things took: counts in buckets from 10 µs to 10 s, three to a decade or so.

use std::time::Duration;

/// The buckets' upper bounds in microseconds; what is longer than the last has a bucket of its own.
const BOUNDS: [u64; 13] = [
    10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000,
    10_000_000,
];

/// Counts of what took how long.
#[derive(Clone, Debug, Default)]
pub struct Latency([u32; BOUNDS.len() + 1]);

impl Latency {
    /// One more that took so long.
    pub fn observe(&mut self, took: Duration) {
        let index = BOUNDS.partition_point(|bound| u128::from(*bound) < took.as_micros());
        self.0[index] = self.0[index].saturating_add(1);
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// Each bucket's upper bound, `None` for the last, and how many are in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u32)> {
        let bounds = BOUNDS.iter().map(|bound| Some(Duration::from_micros(*bound)));
        bounds.chain([None]).zip(self.0)
    }

    /// How long the `share` of all took at most, as if each bucket were filled evenly; `None` when there are none. Of what
    /// is longer than all bounds no more is known than that it is.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate between two bounds")]
        let rank = (self.total() as f64 * share).max(f64::MIN_POSITIVE);
        let (mut below, mut lower) = (0.0, 0.0);
        for (upper, count) in self.buckets() {
            let count = f64::from(count);
            let Some(upper) = upper else { break };
            let upper = upper.as_secs_f64();
            if count > 0.0 && below + count >= rank {
                return Some(Duration::from_secs_f64(
                    lower + (upper - lower) * (rank - below) / count,
                ));
            }
            (below, lower) = (below + count, upper);
        }
        (self.total() > 0).then(|| Duration::from_secs_f64(lower))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goes_into_the_first_bucket_that_holds_it() {
        let mut latency = Latency::default();
        for micros in [0, 10, 11, 1_000, 1_001, 10_000_000, 10_000_001] {
            latency.observe(Duration::from_micros(micros));
        }
        let filled: Vec<_> = latency.buckets().filter(|(_, count)| *count > 0).collect();
        let bound = |micros| Some(Duration::from_micros(micros));
        assert_eq!(
            filled,
            [
                (bound(10), 2),
                (bound(30), 1),
                (bound(1_000), 1),
                (bound(3_000), 1),
                (bound(10_000_000), 1),
                (None, 1)
            ]
        );
        assert_eq!(latency.total(), 7);
    }

    #[test]
    fn quantiles_lie_within_the_bucket_that_they_fall_into() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(0.5), None);
        for _ in 0..98 {
            latency.observe(Duration::from_micros(200));
        }
        latency.observe(Duration::from_millis(20));
        latency.observe(Duration::from_secs(60));
        let within = |share, from, to| {
            let at = latency.quantile(share).map(|at| at.as_micros());
            assert!(at.is_some_and(|at| (from..=to).contains(&at)), "{at:?}");
        };
        within(0.5, 190, 210);
        within(0.99, 10_000, 30_000);
        within(1.0, 10_000_000, 10_000_000);
    }
}
