//! What an attempt's end means for the delivery and for the endpoint: one total table.

use std::time::Duration;

use rand::Rng;

use super::retry::RetryPolicy;
use crate::clock::Timestamp;
use crate::model::{EndpointState, Failure, Notification, Outcome};
use crate::webpush::reply::Verdict;

/// ntfy's 507 says that nobody listened lately: it heals when somebody does, which takes hours or days.
const NO_SUBSCRIBER_WAIT: Duration = Duration::from_secs(3600);

/// Nothing but 507 for so long, and the subscription is gone.
const NO_SUBSCRIBER_END: Duration = Duration::from_secs(7 * 24 * 3600);

/// Whoever is refused because our key is waits no longer than this: the gate spares the push service, and when the key is
/// put right nobody is to wait for an hour.
const REFUSED_WAIT: Duration = Duration::from_secs(60);

/// A delivery whose TTL has twice this left has one more try, however long the policy's waits are; one that has less is not
/// tried again, and has expired when the TTL ends ([`ENDS_WITHIN`]).
const WORTH_A_WAIT: Duration = Duration::from_secs(1);

/// A delivery that is found to have had its last try is so long before its TTL's end at most, where the wait for the next
/// one is of our own choosing. Where the push service asks for a longer wait than the TTL has left, nothing can come of it
/// however long that is, and whoever looks is told at once.
pub const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// A subscription that is refused so often in a row, while others of its key are served, is quarantined. By default an
/// hour lies between two attempts: FCM has been seen to refuse good endpoints for a day.
const REFUSED_ALONE: u32 = 24;

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attempted {
    /// The push service answered.
    Answered {
        /// What the answer means.
        verdict: Verdict,
        /// Its status.
        status: u16,
        /// Its reason, if it gave one.
        reason: Option<String>,
        /// How often in a row it refused our key for this subscription while it served others of the same key.
        refused_alone: u32,
    },
    /// It was not tried: its push service takes nothing at the moment.
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// It was not tried: an operator has its push service pause.
    Paused {
        /// When the end of that pause is looked for, if nobody says sooner that it has come.
        until: Timestamp,
    },
    /// There was no answer, and there may be one next time.
    Unanswered {
        /// What came in between.
        reason: String,
        /// Whether the push service may have seen the request.
        counts: bool,
    },
    /// There is no sense in trying: the endpoint may not be reached, or the message cannot be made.
    Impossible {
        /// Why.
        reason: String,
    },
}

/// What is known of a delivery before its attempt is judged.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Attempts before this one.
    pub attempts: u32,
    /// How often the endpoint has failed in a row before.
    pub failures: u32,
    /// Since when the endpoint has said nothing but that nobody listens (507).
    pub unheard_since: Option<Timestamp>,
    /// When the notification's TTL ends.
    pub expires: Timestamp,
    /// TTL 0: one attempt.
    pub now_or_never: bool,
    /// When it is.
    pub now: Timestamp,
}

impl Standing {
    /// Where a notification stands after `attempts` attempts, at an endpoint that failed `failures` times in a row and
    /// is `unheard_since` then.
    pub fn of(
        notification: &Notification,
        attempts: u32,
        failures: u32,
        unheard_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            attempts,
            failures,
            unheard_since,
            expires: notification.expires,
            now_or_never: notification.now_or_never,
            now,
        }
    }
}

/// What follows from an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// How the delivery ended; `None`: it is to be tried again.
    pub outcome: Option<Outcome>,
    /// How long the endpoint is left alone.
    pub wait: Option<Duration>,
    /// How often the endpoint has failed in a row now.
    pub failures: u32,
    /// How many attempts this delivery has had now.
    pub attempts: u32,
    /// Since when the endpoint has said nothing but that nobody listens (507): any other answer ends that.
    pub unheard_since: Option<Timestamp>,
    /// Whether the push service refuses our VAPID key for this one subscription while its siblings are served: it is
    /// quarantined.
    pub refused: bool,
    /// What went wrong; `None` for a success.
    pub failure: Option<Failure>,
}

impl Judgement {
    /// A delivery at which the worker panicked again and again is not attempted any more; of the endpoint's health
    /// that says nothing.
    pub fn poisoned(attempts: u32, failures: u32) -> Self {
        let reason = "fanfare: the worker panicked on this delivery again and again".to_owned();
        Self {
            outcome: Some(Outcome::Rejected),
            wait: None,
            failures,
            attempts,
            unheard_since: None,
            refused: false,
            failure: Some(Failure { status: None, reason, attempts }),
        }
    }
}

impl Judgement {
    /// What is to be stored about the endpoint, at which there was trouble before or not.
    pub fn endpoint(&self, was_troubled: bool, now: Timestamp) -> EndpointState {
        let Self { failures, attempts, unheard_since, .. } = *self;
        let is_well = failures == 0 && unheard_since.is_none();
        match self.wait {
            _ if self.refused => EndpointState::Refused,
            Some(wait) => {
                let not_before = now + wait;
                EndpointState::Waiting { not_before, failures, attempts, unheard_since }
            }
            None if was_troubled && is_well => EndpointState::Recovered,
            // Its health stays what it was. But it waits no more, and what was being tried has ended.
            None if was_troubled => {
                EndpointState::Waiting { not_before: now, failures, attempts, unheard_since }
            }
            None => EndpointState::Untroubled,
        }
    }
}

/// Judges an attempt.
pub fn judge(
    attempted: &Attempted,
    standing: Standing,
    policy: &RetryPolicy,
    rng: &mut impl Rng,
) -> Judgement {
    match attempted {
        Attempted::Answered { verdict, status, reason, refused_alone } => {
            let said = || Said { status: Some(*status), reason: reason.clone() };
            match verdict {
                Verdict::Accepted => ended(Outcome::Accepted, standing, None),
                Verdict::Gone => ended(Outcome::Gone, standing, Some(said())),
                Verdict::TooLarge => ended(Outcome::TooLarge, standing, Some(said())),
                Verdict::Rejected => ended(Outcome::Rejected, standing, Some(said())),
                Verdict::Retry { after, .. } => again(standing, *after, true, said(), policy, rng),
                Verdict::Unauthorized if *refused_alone >= REFUSED_ALONE => {
                    let judgement = ended(Outcome::Rejected, standing, Some(said()));
                    Judgement { refused: true, ..judgement }
                }
                Verdict::Unauthorized => {
                    // Whoever is refused alone will be for long, if not for ever; else the key is ours to put right.
                    let failures = standing.failures.saturating_add(1);
                    let wait = match refused_alone {
                        0 => policy.wait(failures, None, rng).min(REFUSED_WAIT),
                        1.. => policy.wait(failures, Some(policy.max()), rng),
                    };
                    again_in(sooner(wait, standing, policy), standing, false, said(), policy)
                }
                Verdict::NoSubscriber => {
                    let since = standing.unheard_since.unwrap_or(standing.now);
                    if standing.now.since(since) >= NO_SUBSCRIBER_END {
                        return ended(Outcome::Gone, standing, Some(said()));
                    }
                    let wait = Some(NO_SUBSCRIBER_WAIT);
                    let judgement = again(standing, wait, true, said(), policy, rng);
                    Judgement { unheard_since: Some(since), ..judgement }
                }
            }
        }
        Attempted::Held { until } => held(standing, *until, policy),
        Attempted::Paused { until } => paused(standing, *until),
        Attempted::Unanswered { reason, counts } => {
            let said = Said { status: None, reason: Some(reason.clone()) };
            let judgement = again(standing, None, *counts, said, policy, rng);
            Judgement { unheard_since: standing.unheard_since, ..judgement }
        }
        Attempted::Impossible { reason } => {
            let said = Said { status: None, reason: Some(reason.clone()) };
            let judgement = ended(Outcome::Rejected, standing, Some(said));
            // It says nothing about the endpoint's health, in either direction.
            let Standing { failures, unheard_since, .. } = standing;
            Judgement { failures, unheard_since, ..judgement }
        }
    }
}

struct Said {
    status: Option<u16>,
    reason: Option<String>,
}

impl Said {
    fn failure(self, attempts: u32) -> Failure {
        let reason = self.reason.unwrap_or_else(|| "no reason given".to_owned());
        Failure { status: self.status, reason, attempts }
    }
}

/// The delivery has ended, and the endpoint answered.
fn ended(outcome: Outcome, standing: Standing, said: Option<Said>) -> Judgement {
    let attempts = standing.attempts.saturating_add(1);
    Judgement {
        outcome: Some(outcome),
        wait: None,
        failures: 0,
        attempts,
        unheard_since: None,
        refused: false,
        failure: said.map(|said| said.failure(attempts)),
    }
}

/// The delivery is tried again, unless its time is over before that.
fn again(
    standing: Standing,
    after: Option<Duration>,
    counts: bool,
    said: Said,
    policy: &RetryPolicy,
    rng: &mut impl Rng,
) -> Judgement {
    let wait = policy.wait(standing.failures.saturating_add(1), after, rng);
    let wait = if after.is_none() { sooner(wait, standing, policy) } else { wait };
    again_in(wait, standing, counts, said, policy)
}

/// The delivery is tried again after `wait`, unless its time is over before that.
fn again_in(
    wait: Duration,
    standing: Standing,
    counts: bool,
    said: Said,
    policy: &RetryPolicy,
) -> Judgement {
    let attempts = standing.attempts.saturating_add(u32::from(counts));
    // What does not count as an attempt backs off all the same: the connection is as bad as the answer would be.
    let failures = standing.failures.saturating_add(1);
    let too_late = standing.now + wait >= standing.expires;
    let over = standing.now_or_never || too_late || policy.is_exhausted(attempts);
    Judgement {
        outcome: over.then_some(if policy.is_exhausted(attempts) && !too_late {
            Outcome::Rejected
        } else {
            Outcome::Expired
        }),
        wait: Some(wait),
        failures,
        attempts,
        unheard_since: None,
        refused: false,
        failure: Some(said.failure(attempts)),
    }
}

/// Nothing was tried, so nothing is learnt of the endpoint; but the time of the delivery may be over before it can be.
fn held(standing: Standing, until: Timestamp, policy: &RetryPolicy) -> Judgement {
    let Standing { attempts, failures, expires, now, .. } = standing;
    let wait = sooner(until.since(now), standing, policy);
    let over = now + wait >= expires;
    let reason =
        "fanfare: its push service is left alone for a while; /v1/observe/push-services says why";
    Judgement {
        outcome: over.then_some(Outcome::Expired),
        wait: Some(wait),
        failures,
        attempts,
        unheard_since: standing.unheard_since,
        refused: false,
        failure: Some(Failure { status: None, reason: reason.to_owned(), attempts }),
    }
}

/// Nobody knows for how long. What expires meanwhile expires when its time has come, not before.
fn paused(standing: Standing, until: Timestamp) -> Judgement {
    let Standing { attempts, failures, unheard_since, now, .. } = standing;
    let reason = "fanfare: an operator has its push service pause".to_owned();
    Judgement {
        outcome: None,
        wait: Some(until.since(now)),
        failures,
        attempts,
        unheard_since,
        refused: false,
        failure: Some(Failure { status: None, reason, attempts }),
    }
}

/// A wait of our own choosing does not have to outlast the TTL: half of what is left of it leaves time for one more
/// try, as long as that is worth a wait at all.
fn sooner(wait: Duration, standing: Standing, policy: &RetryPolicy) -> Duration {
    let half = standing.expires.since(standing.now) / 2;
    if half >= policy.base(1).min(WORTH_A_WAIT) { wait.min(half) } else { wait }
}

#[cfg(test)]
mod tests;
