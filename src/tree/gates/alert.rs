//! What an operator had better look at, from how a push service fares. Each is of now: it goes with its cause.

use std::time::Duration;

use super::GateSnapshot;
use crate::clock::Timestamp;

/// A gate shuts for seconds where a push service stumbles; longer is an outage, or somebody was asked to slow down in earnest.
const LONG_SHUT: Duration = Duration::from_secs(300);

/// Tokens and their push services live by the clock; who is a minute off is not synchronised.
const TOLERATED_SECONDS: u64 = 60;

/// Fewer requests show no habit.
const SEVERAL: u64 = 5;

/// One alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// What it is, in one word.
    pub code: &'static str,
    /// What was seen, and what to do about it.
    pub detail: String,
}

impl GateSnapshot {
    /// What is wrong at `now`.
    pub fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        let found =
            [self.key_refused(), self.shut(now), self.skewed(), self.throttled(), self.silent()];
        found.into_iter().flatten().collect()
    }

    fn key_refused(&self) -> Option<Alert> {
        let keys = self.refused_keys.len();
        let keys = match keys {
            0 => return None,
            1 => "a VAPID key".to_owned(),
            _ => format!("{keys} VAPID keys"),
        };
        let detail = format!(
            "it refuses {keys}, the claims or our clock: what is signed so waits, and nobody is deleted; compare the key with the \
             one that browsers subscribe with, `--vapid-subject` and the time of day"
        );
        Some(Alert { code: "vapid_key_paused", detail })
    }

    fn shut(&self, now: Timestamp) -> Option<Alert> {
        // Whoever paused it knows; and where nobody waits, nothing is held up.
        if self.paused.is_some() || self.unasked {
            return None;
        }
        let past = now.since(self.fares.not_open_since?);
        if past < LONG_SHUT {
            return None;
        }
        let why = match self.cause {
            Some("throttled") => "it asks to slow down",
            _ => "it fails or cannot be reached",
        };
        let minutes = past.as_secs() / 60;
        let detail = format!(
            "{why}: its gate has not been open for {minutes} minutes; what is for it waits, and it is tried again by itself"
        );
        Some(Alert { code: "origin_shut", detail })
    }

    fn skewed(&self) -> Option<Alert> {
        let skew = self.fares.clock_skew_seconds?;
        let seconds = skew.unsigned_abs();
        if seconds <= TOLERATED_SECONDS {
            return None;
        }
        let side = if skew > 0 { "ahead of" } else { "behind" };
        let detail = format!(
            "its clock is {seconds} s {side} ours: if other push services say so too, set this machine's clock (NTP)"
        );
        Some(Alert { code: "clock_skew", detail })
    }

    fn throttled(&self) -> Option<Alert> {
        let answers = self.fares.answers_recent;
        let (told, all) = (answers.throttled, answers.answered());
        if all < SEVERAL || told * 2 <= all {
            return None;
        }
        let detail = format!(
            "{told} of its last {all} answers were 429: it takes less than it is sent, and the rest waits"
        );
        Some(Alert { code: "mostly_throttled", detail })
    }

    fn silent(&self) -> Option<Alert> {
        let answers = self.fares.answers_recent;
        if self.paused.is_some() || answers.answered() > 0 || answers.none < SEVERAL {
            return None;
        }
        let last = match self.fares.last_answer {
            Some(last) => format!("the last one came at {}", last.to_rfc3339()),
            None => "there has been none yet".to_owned(),
        };
        let detail = format!(
            "{} requests had no answer lately, and none had one: {last}; look at this machine's network and at the push \
             service's own status",
            answers.none
        );
        Some(Alert { code: "no_answer", detail })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Fares, KeySnapshot};
    use super::*;
    use crate::id::VapidKeyId;

    const NOW: Timestamp = Timestamp::from_millis(1_795_291_200_000);

    fn gate(fares: Fares) -> GateSnapshot {
        GateSnapshot {
            push_service: "other",
            origin: "https://push.example".to_owned(),
            state: "open",
            cause: None,
            until: None,
            unasked: false,
            limit: 64,
            in_flight: 0,
            waiting: 0,
            refused_keys: Vec::new(),
            paused: None,
            fares,
        }
    }

    fn codes(gate: &GateSnapshot) -> Vec<&'static str> {
        gate.alerts(NOW).iter().map(|alert| alert.code).collect()
    }

    fn of_recent(answers_recent: Answers) -> Vec<&'static str> {
        codes(&gate(Fares { answers_recent, ..Fares::default() }))
    }

    #[test]
    fn who_fares_well_gives_no_alert() {
        assert!(codes(&gate(Fares::default())).is_empty());
        assert!(
            of_recent(Answers { ok: 50, throttled: 50, none: 50, ..Answers::default() }).is_empty()
        );
        let well = Fares { clock_skew_seconds: Some(-60), ..Fares::default() };
        assert!(codes(&gate(well)).is_empty());
    }

    #[test]
    fn a_refused_key_is_an_alert() {
        let key = KeySnapshot { key: VapidKeyId(1), state: "paused", until: None };
        let gate = GateSnapshot { refused_keys: vec![key], ..gate(Fares::default()) };
        assert_eq!(codes(&gate), ["vapid_key_paused"]);
    }

    #[test]
    fn a_gate_that_is_shut_is_an_alert_after_five_minutes() {
        let shut = |seconds| Fares {
            not_open_since: Some(NOW - Duration::from_secs(seconds)),
            ..Fares::default()
        };
        assert!(codes(&gate(shut(299))).is_empty());
        assert_eq!(codes(&gate(shut(300))), ["origin_shut"]);
        let asked = GateSnapshot { cause: Some("throttled"), ..gate(shut(600)) };
        assert!(asked.alerts(NOW)[0].detail.contains("slow down"));
        assert!(asked.alerts(NOW)[0].detail.contains("10 minutes"));
        assert!(codes(&GateSnapshot { unasked: true, ..asked }).is_empty());
    }

    #[test]
    fn a_clock_that_is_off_by_more_than_a_minute_is_an_alert_that_says_which_way() {
        for (skew, side) in [(61, "61 s ahead of ours"), (-3600, "3600 s behind ours")] {
            let alerts =
                gate(Fares { clock_skew_seconds: Some(skew), ..Fares::default() }).alerts(NOW);
            assert_eq!((alerts.len(), alerts[0].code), (1, "clock_skew"));
            assert!(alerts[0].detail.contains(side), "{alerts:?}");
        }
    }

    #[test]
    fn mostly_429_is_an_alert_and_so_is_nothing_at_all() {
        let of = |ok, throttled| of_recent(Answers { ok, throttled, ..Answers::default() });
        assert_eq!(of(2, 3), ["mostly_throttled"]);
        assert!(of(3, 3).is_empty() && of(0, 4).is_empty());
        let of = |ok, none| of_recent(Answers { ok, none, ..Answers::default() });
        assert_eq!(of(0, 5), ["no_answer"]);
        assert!(of(1, 5).is_empty() && of(0, 4).is_empty());
    }
}
