//! What a result changes, and whether it may say what it says.

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::id::{Generation, SubscriptionId};
use fanfare::model::{EndpointState, Outcome, Settled, Settlement};

use super::{Answer, FAILED, Fate, Reference};

/// Nothing but 507 for so long, and a subscription is gone.
const UNHEARD: Duration = Duration::from_secs(7 * 24 * 3600);

impl Reference {
    /// A result goes into the store: what must it answer?
    pub(in crate::model) fn settle(&mut self, settlement: &Settlement) -> Settled {
        let seq = settlement.seq.0;
        let who = self.of_row(settlement.subscription.0);
        let channel =
            self.channels.iter().position(|channel| channel.row == Some(settlement.channel.0));
        let seat = who.zip(channel).and_then(|(who, channel)| self.seat_of(who, channel));
        let (Some(who), Some(channel), Some(seat)) = (who, channel, seat) else {
            return Settled::Stale;
        };
        let is_it = |entry: &super::Entry| (entry.channel, entry.seq) == (channel, seq);
        let key = self.notifications.iter().position(is_it);
        let key = key.unwrap_or_else(|| panic!("settled and never accepted: {settlement:?}"));
        let is_stale = self.subscriptions[who].generation != settlement.generation.0
            || self.seats[seat].done >= seq;
        let fate = self.notifications[key].pushes.get(&seat).copied();
        if is_stale {
            if matches!(fate, Some(Fate::InHand(_))) {
                self.notifications[key].pushes.insert(seat, Fate::Lost);
            }
            return Settled::Stale;
        }
        let entry = &self.notifications[key];
        assert!(entry.recipients.contains(&seat), "settled for one that it was not for: {entry:?}");
        let answer = match fate {
            Some(Fate::InHand(answer)) => Some(answer),
            Some(Fate::Again | Fate::Lost | Fate::Ended) | None => None,
        };
        self.heard(who, answer, settlement.now);
        self.may_say(settlement, answer, who);
        self.record(settlement, (who, channel, seat, key));
        Settled::Recorded
    }

    /// What the push service said of whether anybody listens.
    fn heard(&mut self, who: usize, answer: Option<Answer>, now: Timestamp) {
        let since = &mut self.subscriptions[who].unheard_since;
        match answer {
            Some(Answer::NobodyListens) => {
                since.get_or_insert(now);
            }
            Some(
                Answer::Accepted
                | Answer::Gone
                | Answer::Rejected
                | Answer::TooLarge
                | Answer::Later(_)
                | Answer::Unauthorized
                | Answer::RefusedAlone,
            ) => *since = None,
            Some(Answer::Unanswered { .. } | Answer::Held(_) | Answer::Impossible) | None => {}
        }
    }

    /// Whether that outcome follows from that answer.
    fn may_say(&self, settlement: &Settlement, answer: Option<Answer>, who: usize) {
        let outcome = settlement.outcome;
        let unheard = self.subscriptions[who].unheard_since;
        let is_true = match answer {
            Some(Answer::Accepted) => outcome == Some(Outcome::Accepted),
            Some(Answer::Gone) => outcome == Some(Outcome::Gone),
            Some(Answer::TooLarge) => outcome == Some(Outcome::TooLarge),
            Some(Answer::Rejected) => outcome == Some(Outcome::Rejected),
            Some(Answer::RefusedAlone) => {
                outcome == Some(Outcome::Rejected) && settlement.endpoint == EndpointState::Refused
            }
            Some(Answer::NobodyListens)
                if unheard.is_some_and(|since| settlement.now.since(since) >= UNHEARD) =>
            {
                outcome == Some(Outcome::Gone)
            }
            Some(
                Answer::Later(_)
                | Answer::Unauthorized
                | Answer::NobodyListens
                | Answer::Unanswered { .. },
            ) => matches!(outcome, None | Some(Outcome::Expired | Outcome::Rejected)),
            // Nothing was sent: it waits before a gate, cannot be sent, or its worker panics at it.
            Some(Answer::Held(_) | Answer::Impossible) | None => {
                matches!(outcome, None | Some(Outcome::Expired | Outcome::Rejected))
            }
        };
        assert!(is_true, "{answer:?} is no reason for {settlement:?}");
    }

    fn record(
        &mut self,
        settlement: &Settlement,
        (who, channel, seat, key): (usize, usize, usize, usize),
    ) {
        let seq = settlement.seq.0;
        let entry = &mut self.notifications[key];
        let fate = if settlement.outcome.is_some() { Fate::Ended } else { Fate::Again };
        if let Some(pushed) = entry.pushes.get_mut(&seat) {
            *pushed = fate;
        }
        if let Some(outcome) = settlement.outcome {
            // Also when it was closed meanwhile: it was in flight.
            entry.outcomes.insert(seat, outcome);
            if settlement.failure.is_some() && FAILED.contains(&outcome) {
                entry.failed.insert(who);
            }
            self.seats[seat].done = seq;
        }
        let known = &mut self.subscriptions[who];
        match settlement.endpoint {
            EndpointState::Untroubled => {
                let is_clean = known.not_before.is_none() && known.trying.is_none();
                assert!(is_clean, "what is stored of it stays: {known:?} after {settlement:?}");
            }
            EndpointState::Recovered => {
                known.not_before = None;
                known.trying = None;
            }
            EndpointState::Waiting { not_before, .. } => {
                known.not_before = Some(not_before);
                known.excused = false;
                known.trying = settlement.outcome.is_none().then_some((channel, seq));
            }
            EndpointState::Refused => return self.go(who, Outcome::Rejected, true, settlement.now),
        }
        if settlement.outcome == Some(Outcome::Gone) {
            self.go(who, Outcome::Gone, false, settlement.now);
        }
    }

    /// It is due no more.
    pub(in crate::model) fn stop_waiting(&mut self, id: SubscriptionId, generation: Generation) {
        let Some(who) = self.of_row(id.0) else { return };
        let known = &mut self.subscriptions[who];
        if known.generation == generation.0 {
            known.not_before = None;
            known.trying = None;
        }
    }
}
