//! How one push service has fared: what it answered, how fast, and by which clock. Of a size that does not grow, for
//! strangers choose origins; it is kept behind the lock that the end of a request takes anyway.

mod latency;
mod skew;
mod windows;

use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::webpush::reply::{self, Answer};
use latency::Histogram;
use skew::Skew;
use windows::Windows;

pub use latency::Latency;

/// How a request ended, as far as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It was answered.
    Answer {
        /// Its status.
        status: u16,
        /// How long it took, all of it.
        took: Duration,
        /// What the push service's clock said.
        date: Option<Timestamp>,
    },
    /// It was not.
    Nothing,
}

/// How many requests ended how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Answers {
    /// 2xx.
    pub ok: u64,
    /// 4xx, without 429; and what is none of the others, such as a redirect.
    pub client_error: u64,
    /// 429.
    pub throttled: u64,
    /// 5xx.
    pub server_error: u64,
    /// No answer.
    pub none: u64,
}

/// What is known of one push service.
#[derive(Debug, Default)]
pub(super) struct Record {
    answers: Answers,
    recent: Windows<Lately>,
    skew: Skew,
    last_answer: Option<Timestamp>,
    not_open_since: Option<Timestamp>,
}

/// What one window counts.
#[derive(Debug, Default)]
struct Lately {
    answers: Answers,
    latency: Histogram,
}

/// What is known of one push service, to be shown.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Fares {
    /// How requests ended, since the daemon has known it.
    pub answers: Answers,
    /// The same of the last one to two minutes.
    pub answers_recent: Answers,
    /// How long that is.
    pub recent_seconds: f64,
    /// How long its answers took in that time.
    pub latency: Latency,
    /// By how many seconds its clock is ahead of ours, as far as can be told.
    pub clock_skew_seconds: Option<i64>,
    /// When it last answered.
    pub last_answer: Option<Timestamp>,
    /// Since when its gate has not been open.
    pub not_open_since: Option<Timestamp>,
}

impl Seen {
    /// An answer that took so long.
    pub fn answer(answer: &Answer, took: Duration) -> Self {
        let status = answer.status.as_u16();
        Self::Answer { status, took, date: reply::date(&answer.headers) }
    }
}

impl Answers {
    /// How many requests were answered.
    pub fn answered(&self) -> u64 {
        let Self { ok, client_error, throttled, server_error, none: _ } = self;
        ok + client_error + throttled + server_error
    }

    fn count(&mut self, seen: Seen) {
        let of_its_kind = match seen {
            Seen::Nothing => &mut self.none,
            Seen::Answer { status: 200..=299, .. } => &mut self.ok,
            Seen::Answer { status: 429, .. } => &mut self.throttled,
            Seen::Answer { status: 500..=599, .. } => &mut self.server_error,
            Seen::Answer { .. } => &mut self.client_error,
        };
        *of_its_kind += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            ok: self.ok + other.ok,
            client_error: self.client_error + other.client_error,
            throttled: self.throttled + other.throttled,
            server_error: self.server_error + other.server_error,
            none: self.none + other.none,
        }
    }
}

impl Record {
    /// A request has ended.
    pub(super) fn note(&mut self, seen: Seen, now: Timestamp) {
        self.answers.count(seen);
        let lately = self.recent.at(now);
        lately.answers.count(seen);
        if let Seen::Answer { took, date, .. } = seen {
            lately.latency.add(took);
            self.last_answer = Some(now);
            if let Some(date) = date {
                self.skew.note(date, took, now);
            }
        }
    }

    /// Whether its gate is open now.
    pub(super) fn gate_is(&mut self, open: bool, now: Timestamp) {
        match open {
            true => self.not_open_since = None,
            false => drop(self.not_open_since.get_or_insert(now)),
        }
    }

    /// What is known at `now`.
    pub(super) fn fares(&mut self, now: Timestamp) -> Fares {
        let seconds = self.recent.cover(now).as_secs_f64();
        let [current, previous] = self.recent.both(now);
        Fares {
            answers: self.answers,
            answers_recent: current.answers.plus(previous.answers),
            recent_seconds: seconds,
            latency: Latency::of(&current.latency, &previous.latency),
            clock_skew_seconds: self.skew.seconds(now),
            last_answer: self.last_answer,
            not_open_since: self.not_open_since,
        }
    }
}

#[cfg(test)]
mod tests;
