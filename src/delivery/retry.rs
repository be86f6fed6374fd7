//! How long to wait before trying again: exponential, with full jitter, and never sooner than the push service
//! asked.

use std::time::Duration;

use rand::{Rng, RngExt};

/// The waits between attempts, as a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryPolicy {
    min: Duration,
    max: Duration,
    max_attempts: Option<u32>,
}

/// Why numbers make no policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RetryPolicyError {
    /// A first wait of nothing never grows.
    #[error("retry_min is zero; use at least a millisecond")]
    NoMin,
    /// The bounds are the wrong way round.
    #[error("retry_max ({max:?}) is less than retry_min ({min:?})")]
    MaxBelowMin {
        /// The first wait.
        min: Duration,
        /// The longest wait.
        max: Duration,
    },
    /// Not even the first attempt would be allowed.
    #[error("max_attempts is 0; use at least 1, or leave it out for no limit but the TTL")]
    NoAttempts,
}

impl RetryPolicy {
    /// Waits that start at `min`, double with each failure and stop growing at `max`; at most `max_attempts`
    /// attempts, or as many as the notification's TTL allows.
    pub fn try_new(
        min: Duration,
        max: Duration,
        max_attempts: Option<u32>,
    ) -> Result<Self, RetryPolicyError> {
        if min < Duration::from_millis(1) {
            return Err(RetryPolicyError::NoMin);
        }
        if max < min {
            return Err(RetryPolicyError::MaxBelowMin { min, max });
        }
        if max_attempts == Some(0) {
            return Err(RetryPolicyError::NoAttempts);
        }
        Ok(Self { min, max, max_attempts })
    }

    /// The longest wait, before jitter.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// Whether a delivery that was attempted so often may not be attempted again.
    pub fn is_exhausted(&self, attempts: u32) -> bool {
        self.max_attempts.is_some_and(|most| attempts >= most)
    }

    /// The longest wait after so many failures in a row, before jitter: `min` after the first.
    pub fn base(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        2_u32
            .checked_pow(doublings)
            .and_then(|factor| self.min.checked_mul(factor))
            .map_or(self.max, |wait| wait.min(self.max))
    }

    /// How long to wait after so many failures in a row: anything from nothing to [`RetryPolicy::base`] (full
    /// jitter spreads a crowd best), but `retry_after` in full when the push service gave it, and a little more,
    /// so that all those who were told the same moment do not come at it.
    pub fn wait(
        &self,
        failures: u32,
        retry_after: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Duration {
        let jittered = rng.random_range(Duration::ZERO..=self.base(failures));
        match retry_after {
            Some(asked) => {
                asked.saturating_add(rng.random_range(Duration::ZERO..=spread(asked))).max(jittered)
            }
            None => jittered,
        }
    }
}

/// A tenth of what was asked, but a second at least (an asked 0 is a crowd too) and a minute at most.
fn spread(asked: Duration) -> Duration {
    (asked / 10).clamp(Duration::from_secs(1), Duration::from_secs(60))
}

impl Default for RetryPolicy {
    /// The configuration's defaults: from a second to an hour, until the TTL ends.
    fn default() -> Self {
        Self { min: Duration::from_secs(1), max: Duration::from_secs(3600), max_attempts: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_base_doubles_from_min_and_stops_at_max() {
        let policy = RetryPolicy::try_new(SECOND, SECOND * 10, None).unwrap();
        let seconds: Vec<_> = (0..=6).map(|failures| policy.base(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 10, 10]);
        assert_eq!(policy.base(u32::MAX), SECOND * 10);
    }

    #[test]
    fn numbers_that_make_no_policy_are_refused() {
        let policy = |min, max, attempts| RetryPolicy::try_new(min, max, attempts).err();
        assert_eq!(policy(Duration::ZERO, SECOND, None), Some(RetryPolicyError::NoMin));
        assert_eq!(policy(SECOND, SECOND, Some(0)), Some(RetryPolicyError::NoAttempts));
        assert_eq!(
            policy(SECOND * 2, SECOND, None).unwrap().to_string(),
            "retry_max (1s) is less than retry_min (2s)"
        );
        assert_eq!(policy(SECOND, SECOND, Some(1)), None);
    }

    #[test]
    fn attempts_end_at_the_limit_or_never() {
        let limited = RetryPolicy::try_new(SECOND, SECOND, Some(3)).unwrap();
        assert_eq!([2, 3, 4].map(|attempts| limited.is_exhausted(attempts)), [false, true, true]);
        assert!(!RetryPolicy::default().is_exhausted(u32::MAX));
    }

    #[test]
    fn the_jitter_is_full_it_reaches_both_ends_of_its_range() {
        let policy = RetryPolicy::default();
        let mut rng = StdRng::seed_from_u64(7);
        let waits: Vec<_> = (0..1000).map(|_| policy.wait(5, None, &mut rng)).collect();
        assert!(waits.iter().any(|wait| *wait < SECOND));
        assert!(waits.iter().any(|wait| *wait > SECOND * 15));
        assert!(waits.iter().all(|wait| *wait <= SECOND * 16));
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_base_and_honours_retry_after_in_full(
            min in 1_u64..100_000,
            growth in 0_u64..100_000_000,
            failures: u32,
            retry_after in prop::option::of(0_u64..=u64::MAX),
            seed: u64,
        ) {
            let (min, max) = (Duration::from_millis(min), Duration::from_millis(min + growth));
            let policy = RetryPolicy::try_new(min, max, None).unwrap();
            let retry_after = retry_after.map(Duration::from_secs);
            let wait = policy.wait(failures, retry_after, &mut StdRng::seed_from_u64(seed));
            prop_assert!((min..=max).contains(&policy.base(failures)));
            prop_assert!(policy.base(failures) <= policy.base(failures.saturating_add(1)));
            match retry_after {
                None => prop_assert!(wait <= policy.base(failures)),
                Some(asked) => {
                    let most = asked.saturating_add(Duration::from_secs(60));
                    prop_assert!(wait >= asked);
                    prop_assert!(wait <= most.max(policy.base(failures)));
                }
            }
        }
    }
}
