//! The numbers of a gate.

use std::time::Duration;

use super::Gate;
use crate::delivery::retry::RetryPolicy;

/// A gate that was told nothing is not shut for longer than this without another look: a few requests in ten seconds are
/// no burden to who is down, and whoever is up again should not be left alone for long.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(10);

/// Numbers of a gate.
#[derive(Clone, Copy, Debug)]
pub struct GatePolicy {
    /// How long a gate stays shut when it was told nothing: like an endpoint's wait, without jitter.
    pub retry: RetryPolicy,
    /// Requests that may be under way at first.
    pub first: u32,
    /// Requests that may ever be under way.
    pub most: u32,
    /// Places in line, however slow the push service is.
    pub places: u32,
}

impl GatePolicy {
    /// How long a gate is shut that was told nothing, for the `level`th time in a row.
    pub(super) fn cooldown(&self, level: u32) -> Duration {
        self.retry.base(level).min(LONGEST_COOLDOWN)
    }
}

impl Gate {
    /// Stays shut for as long as `retry` says, from the next time that it is shut.
    pub fn heed(&mut self, retry: RetryPolicy) {
        self.policy.retry = retry;
    }
}
