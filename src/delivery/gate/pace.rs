//! How many requests may be under way at one origin: more while the answers are good, half as many when they are not.

use super::rate::{Rate, UNMEASURED};
use crate::clock::Timestamp;

/// After a gate was shut: two, four, eight, …
const SLOW_START: u32 = 2;

/// Less than this part of bad answers is the push service's ordinary life: to halve for each of them would leave no
/// room at all (TCP's window at 2 % of loss is nine).
const BAD_SHARE: u32 = 10;

/// Additive increase, multiplicative decrease, with a slow start: TCP's (RFC 5681 §3.1), by requests.
#[derive(Debug)]
pub(super) struct Pace {
    limit: u32,
    most: u32,
    /// Up to here every good answer makes room for one more; beyond, every full round of them does.
    threshold: u32,
    earned: u32,
    slowed: Option<Timestamp>,
    in_flight: u32,
    /// So many good answers may make room: nobody needs what nobody asked for.
    wanted: u32,
    round: Round,
    measured: Rate,
}

/// The answers of about the last round of requests.
#[derive(Debug, Default)]
struct Round {
    answers: u32,
    bad: u32,
}

impl Pace {
    pub(super) fn new(first: u32, most: u32) -> Self {
        Self {
            limit: first.clamp(1, most.max(1)),
            most: most.max(1),
            threshold: most,
            earned: 0,
            slowed: None,
            in_flight: 0,
            wanted: 0,
            round: Round::default(),
            measured: Rate::default(),
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether one more may start; if not, it is noted that one would.
    pub(super) fn has_room(&mut self, now: Timestamp) -> bool {
        let has_room = self.in_flight < self.limit;
        if !has_room {
            self.wanted = self.limit;
            self.measured.saturated(now);
        }
        has_room
    }

    pub(super) fn start(&mut self) {
        self.in_flight += 1;
    }

    pub(super) fn cancel(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        // A good answer has just made room for one more; that is not what relief means.
        if self.in_flight + 1 < self.limit {
            self.measured.relieved();
        } else {
            self.measured.ended(now);
        }
        self.in_flight -= 1;
    }

    /// A good answer.
    pub(super) fn speed_up(&mut self) {
        self.round.count(self.limit, false);
        if self.wanted == 0 || self.limit >= self.most {
            return;
        }
        self.wanted -= 1;
        self.earned += 1;
        if self.limit < self.threshold || self.earned >= self.limit {
            self.limit += 1;
            self.earned = 0;
        }
    }

    /// A bad answer. Those that were under way when the pace was last slowed down say nothing new.
    pub(super) fn slow_down(&mut self, started: Timestamp, now: Timestamp) {
        if self.slowed.is_some_and(|slowed| started <= slowed) {
            return;
        }
        self.round.count(self.limit, true);
        if !self.round.is_bad(self.limit) {
            return;
        }
        self.round = Round::default();
        self.slowed = Some(now);
        self.limit = (self.limit / 2).max(1);
        self.threshold = self.limit;
        self.earned = 0;
    }

    /// The gate was shut, and opens.
    pub(super) fn start_slowly(&mut self) {
        self.threshold = (self.limit / 2).max(self.threshold / 2).max(SLOW_START);
        self.limit = SLOW_START.min(self.most);
        self.earned = 0;
    }

    /// What was noted of times that are to come again says nothing any more.
    pub(super) fn clock_put_back(&mut self) {
        self.slowed = None;
        self.measured = Rate::default();
    }

    /// Requests that end in a second; never none.
    pub(super) fn rate(&self, now: Timestamp) -> u32 {
        self.measured.per_second(now).unwrap_or(UNMEASURED).max(1)
    }

    /// How many may stand in line: those whose turn comes within a second. While that cannot be told, as many as come: a
    /// push service that is well takes them at once, and whoever is sent away takes more of our time than whoever waits.
    pub(super) fn places(&self, now: Timestamp) -> Option<u32> {
        self.measured.per_second(now)
    }
}

impl Round {
    fn count(&mut self, limit: u32, is_bad: bool) {
        if self.answers >= limit.saturating_mul(2) {
            (self.answers, self.bad) = (self.answers / 2, self.bad / 2);
        }
        self.answers += 1;
        self.bad += u32::from(is_bad);
    }

    fn is_bad(&self, limit: u32) -> bool {
        self.bad.saturating_mul(BAD_SHARE) >= self.answers.max(limit)
    }
}
