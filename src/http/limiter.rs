//! How often somebody may do something: a bucket for each key (GCRA), in a map that cannot grow without end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::http::problem::{Problem, ProblemKind};
use actix_web::http::header::{HeaderName, HeaderValue};

/// Keys that are remembered at once: about 10 MB at most, whoever calls.
const MAX_KEYS: usize = 100_000;

/// At most `burst` at once, and one more after each `interval`.
pub struct Limiter {
    burst: u32,
    interval: Duration,
    /// For each key, when its bucket will be full again.
    full_at: Mutex<HashMap<String, Timestamp>>,
}

impl Limiter {
    /// A limiter that nobody has used yet.
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, full_at: Mutex::default() }
    }

    /// Takes one from the bucket of `key`, or says how long to wait.
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.get(key).copied().unwrap_or(now).max(now);
        let tolerance = self.interval * (self.burst - 1);
        let wait = full.since(now).saturating_sub(tolerance);
        if !wait.is_zero() {
            return Err(wait);
        }
        if full_at.len() >= MAX_KEYS {
            full_at.retain(|_, full| *full > now);
        }
        // With every place taken by somebody active, strangers are let through rather than locked out.
        if full_at.len() < MAX_KEYS || full_at.contains_key(key) {
            full_at.insert(key.to_owned(), full + self.interval);
        }
        Ok(())
    }

    /// The same, as an answer.
    pub fn check(&self, key: &str, now: Timestamp, what: &str) -> Result<(), Problem> {
        self.take(key, now).map_err(|wait| {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let detail = format!("too many {what}; try again in {seconds} s");
            let rate = HeaderValue::from_str(&format!("\"default\";r=0;t={seconds}"))
                .expect("digits are legal in a header");
            Problem::new(ProblemKind::TooManyRequests, detail)
                .retry_after(u64::try_from(seconds).unwrap_or(u64::MAX))
                .with_header(HeaderName::from_static("ratelimit"), rate)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_passes_and_then_one_an_interval() {
        let limiter = Limiter::new(3, SECOND);
        let start = Timestamp::from_millis(1_000_000);
        for _ in 0..3 {
            assert_eq!(limiter.take("a", start), Ok(()));
        }
        assert_eq!(limiter.take("a", start), Err(SECOND));
        assert_eq!(limiter.take("b", start), Ok(()), "another key has a bucket of its own");
        assert_eq!(limiter.take("a", start + SECOND), Ok(()));
        assert_eq!(limiter.take("a", start + SECOND), Err(SECOND));
    }

    #[test]
    fn keys_at_rest_are_forgotten_when_the_map_is_full() {
        let limiter = Limiter::new(1, SECOND);
        let start = Timestamp::from_millis(1_000_000);
        for key in 0..MAX_KEYS {
            assert_eq!(limiter.take(&key.to_string(), start), Ok(()));
        }
        assert_eq!(limiter.take("late", start + SECOND * 2), Ok(()));
        assert_eq!(limiter.full_at.lock().unwrap().len(), 1);
    }
}
