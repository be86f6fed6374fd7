//! Whether "slow down" was said to one endpoint or, in a short time, to several.

use std::time::Duration;

use super::SEVERAL;
use super::run::Run;
use super::signal::Signal;
use crate::clock::Timestamp;
use crate::id::SubscriptionId;
use crate::webpush::reply::Scope;

/// Endpoints that are told to slow down within this time speak of the origin.
const THROTTLING: Duration = Duration::from_secs(10);

/// And only if they are this part of the answers: one device in a thousand may be pushed to too often.
const THROTTLED_SHARE: u32 = 5;

/// Who was told to slow down in the last [`THROTTLING`], among how many answers.
#[derive(Debug, Default)]
pub(super) struct Throttling {
    since: Option<Timestamp>,
    answers: u32,
    told: Run,
    longest: Option<Duration>,
}

impl Throttling {
    pub(super) fn note(&mut self, signal: &Signal, subscription: SubscriptionId, now: Timestamp) {
        if self.since.is_none_or(|since| now.since(since) > THROTTLING) {
            *self = Self { since: Some(now), ..Self::default() };
        }
        match signal {
            Signal::Crowded | Signal::Nothing => {}
            // Which endpoint is meant was said: that is no word on the others.
            Signal::Throttled { scope: Scope::Endpoint, .. } => self.answers += 1,
            Signal::Throttled { after, scope: Scope::Unsaid | Scope::Origin } => {
                self.answers += 1;
                self.told.add(subscription);
                self.longest = self.longest.max(*after);
            }
            Signal::Accepted | Signal::Answered | Signal::Refused | Signal::Failed { .. } => {
                self.answers += 1;
            }
        }
    }

    /// The longest wait that was asked for.
    pub(super) fn longest(&self) -> Option<Duration> {
        self.longest
    }

    /// Whether several were, and not only a few of many.
    pub(super) fn is_general(&self) -> bool {
        let share = self.told.len().saturating_mul(THROTTLED_SHARE);
        self.told.by_several(SEVERAL) && share >= self.answers
    }
}
