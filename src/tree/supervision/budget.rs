//! How often a child may be restarted: so many times in so long, with a pause that grows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Restarts that are allowed, and the pauses before them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestartPolicy {
    /// More restarts than this within `within` and the child is given up.
    pub restarts: usize,
    /// The window in which restarts are counted.
    pub within: Duration,
    /// The pause before the first restart of a window; each further one is twice as long.
    pub pause: Duration,
}

impl Default for RestartPolicy {
    /// Five restarts in a minute, the last after 160 ms: an accident passes, a loop ends.
    fn default() -> Self {
        Self { restarts: 5, within: Duration::from_secs(60), pause: Duration::from_millis(10) }
    }
}

/// The restarts that one child has used up.
#[derive(Debug)]
pub struct Budget {
    policy: RestartPolicy,
    spent: VecDeque<Instant>,
}

impl Budget {
    /// A full budget.
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, spent: VecDeque::new() }
    }

    /// Spends one restart at `now`: the pause before it, or `None` when the budget is exhausted.
    pub fn spend(&mut self, now: Instant) -> Option<Duration> {
        let within = self.policy.within;
        while self.spent.front().is_some_and(|spent| now.duration_since(*spent) > within) {
            self.spent.pop_front();
        }
        if self.spent.len() >= self.policy.restarts {
            return None;
        }
        let doublings = u32::try_from(self.spent.len()).unwrap_or(u32::MAX);
        self.spent.push_back(now);
        Some(self.policy.pause.saturating_mul(2_u32.saturating_pow(doublings)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RestartPolicy = RestartPolicy {
        restarts: 3,
        within: Duration::from_secs(10),
        pause: Duration::from_millis(5),
    };

    #[test]
    fn pauses_double_until_the_budget_is_exhausted() {
        let (mut budget, start) = (Budget::new(POLICY), Instant::now());
        let pauses: Vec<_> = (0..4).map(|_| budget.spend(start).map(|p| p.as_millis())).collect();
        assert_eq!(pauses, [Some(5), Some(10), Some(20), None]);
    }

    #[test]
    fn restarts_outside_the_window_are_forgotten() {
        let (mut budget, start) = (Budget::new(POLICY), Instant::now());
        for second in [0, 1, 2] {
            assert!(budget.spend(start + Duration::from_secs(second)).is_some());
        }
        assert_eq!(budget.spend(start + Duration::from_secs(9)), None);
        let later = start + Duration::from_secs(13);
        assert_eq!(
            budget.spend(later),
            Some(Duration::from_millis(5)),
            "all three are older than the window"
        );
    }
}
