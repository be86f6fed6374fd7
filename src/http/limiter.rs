//! How often somebody may do something: a bucket of `governor`'s for each key (GCRA), in a map that strangers cannot
//! make grow without end, and what the answer's headers say about it (draft-ietf-httpapi-ratelimit-headers-09).

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Keys with a bucket of their own: about 10 MB, whoever calls.
const MAX_KEYS: usize = 100_000;

/// Buckets that the further ones share. With 100,000 addresses at work somebody is behind them, who then has these.
const SHARED: u64 = 1_024;

/// How long to wait before looking again which buckets are full and may be forgotten: it takes a walk over all of them.
const SWEEP: Duration = Duration::from_secs(1);

type Buckets<C> = RateLimiter<String, HashMapStateStore<String>, C, StateInformationMiddleware>;

/// At most `quota` at once, and as many again in each `window`, evenly.
pub struct Limiter<C: Clock = MonotonicClock> {
    policy: Policy,
    buckets: Buckets<C>,
    clock: C,
    max_keys: usize,
    swept: Mutex<Option<C::Instant>>,
    hasher: RandomState,
}

/// What is promised to each key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Its name in the headers.
    pub name: &'static str,
    /// How many.
    pub quota: NonZeroU32,
    /// In how long.
    pub window: Duration,
}

/// Where a key stands after it was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// What it was promised.
    pub policy: Policy,
    /// How many more are free now.
    pub remaining: u32,
    /// When one more than that is.
    pub after: Duration,
}

impl Policy {
    /// `"address";q=600;w=60`
    pub fn to_field(self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.quota, seconds(self.window))
    }

    fn quota(self) -> Quota {
        let interval = self.window / self.quota.get();
        // An interval of nothing would be no limit, and governor has none.
        Quota::with_period(interval.max(Duration::from_nanos(1)))
            .expect("the interval is not zero")
            .allow_burst(self.quota)
    }
}

impl Standing {
    /// `"address";r=599;t=1`
    pub fn to_field(self) -> String {
        format!("\"{}\";r={};t={}", self.policy.name, self.remaining, self.after_seconds())
    }

    /// [`Standing::after`], as headers have it.
    pub fn after_seconds(self) -> u64 {
        seconds(self.after)
    }
}

/// Whole seconds, rounded up: whoever comes back then is not too early.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Limiter {
    /// What it promises to each key.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// A limiter that nobody has used yet.
    pub fn new(policy: Policy) -> Self {
        Self::with_clock(policy, MonotonicClock)
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// The same, by another clock.
    pub fn with_clock(policy: Policy, clock: C) -> Self {
        let buckets =
            Buckets::<C>::new(policy.quota(), HashMapStateStore::default(), clock.clone());
        let (max_keys, swept) = (MAX_KEYS, Mutex::default());
        Self { policy, buckets, clock, max_keys, swept, hasher: RandomState::new() }
    }

    /// Takes one from the bucket of `key`: where it stands then, or (`Err`) that there was none.
    pub fn take(&self, key: &str) -> Result<Standing, Standing> {
        let policy = self.policy;
        match self.buckets.check_key(&self.bucket_of(key)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Standing { policy, remaining, after: policy.quota().replenish_interval() })
            }
            Err(until) => {
                let after = until.wait_time_from(self.clock.now());
                Err(Standing { policy, remaining: 0, after: after.max(Duration::from_nanos(1)) })
            }
        }
    }

    /// A key's own bucket, while there is room for it.
    fn bucket_of(&self, key: &str) -> String {
        if self.buckets.len() >= self.max_keys {
            self.sweep();
        }
        if self.buckets.len() < self.max_keys {
            return key.to_owned();
        }
        format!("shared {}", self.hasher.hash_one(key) % SHARED)
    }

    /// Forgets the keys whose buckets are full again, not more often than it pays.
    fn sweep(&self) {
        let now = self.clock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_some_and(|last| Duration::from(now.duration_since(last)) < SWEEP) {
            return;
        }
        *swept = Some(now);
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(quota: u32, window: Duration) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let policy = Policy { name: "test", quota: NonZeroU32::new(quota).unwrap(), window };
        (Limiter::with_clock(policy, clock.clone()), clock)
    }

    fn fields(taken: Result<Standing, Standing>) -> Result<String, String> {
        taken.map(Standing::to_field).map_err(Standing::to_field)
    }

    #[test]
    fn the_whole_quota_passes_at_once_and_one_past_it_is_told_when() {
        let (limiter, clock) = limiter(3, 30 * SECOND);
        for remaining in ["r=2", "r=1", "r=0"] {
            assert_eq!(fields(limiter.take("a")), Ok(format!("\"test\";{remaining};t=10")));
        }
        assert_eq!(fields(limiter.take("a")), Err("\"test\";r=0;t=10".into()));
        assert!(limiter.take("b").is_ok(), "another key has a bucket of its own");
        clock.advance(10 * SECOND - Duration::from_nanos(1));
        assert_eq!(fields(limiter.take("a")), Err("\"test\";r=0;t=1".into()));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(fields(limiter.take("a")), Ok("\"test\";r=0;t=10".into()));
        assert!(limiter.take("a").is_err());
        clock.advance(300 * SECOND);
        assert_eq!(fields(limiter.take("a")), Ok("\"test\";r=2;t=10".into()), "and never more");
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let (limiter, clock) = limiter(1, SECOND);
        assert!(limiter.take("a").is_ok());
        for _ in 0..100 {
            assert!(limiter.take("a").is_err());
        }
        clock.advance(SECOND);
        assert!(limiter.take("a").is_ok());
    }

    #[test]
    fn a_policy_is_named_with_its_quota_and_window() {
        let (limiter, _) = limiter(600, 60 * SECOND);
        assert_eq!(limiter.policy.to_field(), "\"test\";q=600;w=60");
    }

    #[test]
    fn keys_at_rest_are_forgotten_when_the_map_is_full() {
        let (mut limiter, clock) = limiter(1, SECOND);
        limiter.max_keys = 100;
        for key in 0..100 {
            assert!(limiter.take(&key.to_string()).is_ok());
        }
        clock.advance(10 * SECOND);
        assert!(limiter.take("late").is_ok());
        assert_eq!(limiter.buckets.len(), 1);
    }

    #[test]
    fn a_crowd_of_strangers_shares_what_is_left_and_takes_no_more_memory() {
        let (mut limiter, _clock) = limiter(1, SECOND);
        limiter.max_keys = 100;
        let passed = (0..20_000).filter(|key| limiter.take(&key.to_string()).is_ok()).count();
        let shared = usize::try_from(SHARED).unwrap();
        assert!(limiter.buckets.len() <= 100 + shared, "{}", limiter.buckets.len());
        assert!((100..=100 + shared).contains(&passed), "{passed}");
    }
}
