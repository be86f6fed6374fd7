//! A histogram that can be read: whoever samples it takes the counts of its buckets and looks at what has changed since.
//! It is a row of atomics, so that whoever observes waits for nobody; prometheus-client's has a lock, and shows its
//! counts to its own encoder alone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Counts of observations by size.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Cells>);

#[derive(Debug)]
struct Cells {
    bounds: &'static [f64],
    /// One for each bound and one for what is above the last.
    counts: Box<[AtomicU64]>,
    micros: AtomicU64,
}

impl Histogram {
    /// Nothing observed yet; the upper bounds of the buckets are in ascending order.
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Cells { bounds, counts, micros: AtomicU64::new(0) }))
    }

    /// One more, of so many seconds.
    pub fn observe(&self, seconds: f64) {
        let Cells { bounds, counts, micros } = &*self.0;
        let bucket = bounds.partition_point(|bound| *bound < seconds);
        counts[bucket].fetch_add(1, Ordering::Relaxed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rounded; what is no time at all adds nothing"
        )]
        micros.fetch_add((seconds * 1e6).round() as u64, Ordering::Relaxed);
    }

    /// Adds the count of each bucket, the last being what is above all bounds, to the one of `counts`.
    pub fn add_to(&self, counts: &mut [u64]) {
        for (sum, count) in counts.iter_mut().zip(&self.0.counts) {
            *sum += count.load(Ordering::Relaxed);
        }
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Cells { bounds, counts, micros } = &*self.0;
        let counts: Vec<u64> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
        let sum = micros.load(Ordering::Relaxed) as f64 / 1e6;
        encode(encoder, bounds, &counts, sum)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// Writes a histogram that somebody else has counted: `counts` has one more than `bounds`.
pub fn encode(
    mut encoder: MetricEncoder<'_>,
    bounds: &[f64],
    counts: &[u64],
    sum: f64,
) -> Result<(), fmt::Error> {
    let bounds = bounds.iter().copied().chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(counts.iter().copied()).collect();
    encoder.encode_histogram::<NoLabelSet>(sum, counts.iter().sum(), &buckets, None)
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn what_is_observed_is_in_its_bucket_the_bound_included_and_in_the_text() {
        let histogram = Histogram::new(&[0.1, 1.0]);
        for seconds in [0.05, 0.1, 0.11, 7.25, 1.0] {
            histogram.observe(seconds);
        }
        let mut counts = [10; 3];
        histogram.add_to(&mut counts);
        assert_eq!(counts, [12, 12, 11]);
        let mut registry = Registry::default();
        registry.register("x", "X", histogram);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for row in [
            "x_sum 8.51\n",
            "x_count 5\n",
            "x_bucket{le=\"0.1\"} 2\n",
            "x_bucket{le=\"1.0\"} 4\n",
            "x_bucket{le=\"+Inf\"} 5\n",
        ] {
            assert!(text.contains(row), "{row} is not in {text}");
        }
    }
}
