//! When nobody comes to a gate any more: what it shut itself for may be over, and nothing would tell it.

use std::time::Duration;

use super::key::KeyGate;
use super::{Gate, State};
use crate::clock::Timestamp;

/// What nobody asked for in so long is remembered no longer: strangers choose origins.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(2 * 3600);

/// Those who were sent away come one after the other, over so long.
const COMING_BACK: Duration = Duration::from_secs(600);

impl Gate {
    /// Whether it is not open only because nobody asks: whoever still waited for it would have come back by now. It would
    /// let the next one try.
    pub fn is_unasked(&self, now: Timestamp) -> bool {
        let last = match self.state {
            State::Open => return false,
            State::Shut { until, .. } => until.max(self.asked),
            State::Probing { .. } => self.asked,
        };
        let longest_wait = self.policy.retry.max().max(COMING_BACK);
        self.pace.in_flight() == 0 && last + longest_wait < now
    }

    /// Whether it may be forgotten: nothing is under way, and there is nothing to remember, or nobody has asked for long.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        let is_plain = self.state == State::Open && self.keys.values().all(KeyGate::is_plain);
        self.pace.in_flight() == 0 && (is_plain || self.asked + FORGOTTEN_AFTER < now)
    }
}
