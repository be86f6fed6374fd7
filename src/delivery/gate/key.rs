//! One VAPID key at one origin. A push service that answers 401 or 403 refuses our key, our claims or our clock: that
//! is ours to put right, so what the key signs waits, and one request at a time finds out whether it is.
//! One subscription that is refused while others of the same key are served was made with another key, or is broken:
//! it waits alone, and speaks of nobody else.

use std::collections::HashMap;
use std::time::Duration;

use super::Ticket;
use super::run::Run;
use super::timetable::{Timetable, resume_rate};
use crate::clock::Timestamp;
use crate::id::SubscriptionId;

/// So many refusals in a row, of several subscriptions and with nothing accepted in between, are the key's.
const REFUSALS: u32 = 8;

/// See [`REFUSALS`].
const SEVERAL: usize = 3;

/// Subscriptions whose refusals are counted: strangers bring them, so their number is bounded.
const MAX_ALONE: usize = 4096;

/// Whoever was not refused again for so long does not come any more; by default an hour lies between two attempts.
const ALONE_FOR: Duration = Duration::from_secs(2 * 24 * 3600);

/// More probes than this do not follow one another without a pause.
const MOST_PROBES: u32 = 64;

/// How a key fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// The push service takes what it signs, as far as is known.
    Served,
    /// Nothing that it signs is sent.
    Paused {
        /// Until when.
        until: Timestamp,
    },
    /// One request that it signs is sent, to see how it fares.
    Probing {
        /// Whether it is under way.
        out: bool,
    },
}

impl KeyState {
    /// The state in a word, for logs and the API.
    pub fn label(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Paused { .. } => "paused",
            Self::Probing { .. } => "probing",
        }
    }
}

/// The answer to who wants to send.
pub(super) enum KeyEntry {
    Go { is_probe: bool },
    Later { until: Timestamp },
}

/// What a refusal amounts to.
pub(super) struct Refusal {
    /// The key pauses, for the so-manieth time in a row.
    pub(super) pause: Option<u32>,
    /// It is worth a word.
    pub(super) is_news: bool,
    /// How often the subscription was refused in a row while others were served.
    pub(super) alone: u32,
}

#[derive(Debug)]
pub(super) struct KeyGate {
    state: KeyState,
    /// How often it paused without being served in between.
    level: u32,
    /// How many probes were refused since it last paused.
    refused_probes: u32,
    refusals: Run,
    accepted: u64,
    last_accepted: Option<Timestamp>,
    /// How much had been accepted when it was last said that the key is refused.
    told: Option<u64>,
    alone: HashMap<SubscriptionId, Alone>,
    /// When those come again whom it signs for.
    resuming: Timetable,
}

/// A subscription's refusals, and how much the key had had accepted at the last of them, and when that was.
#[derive(Clone, Copy, Debug)]
struct Alone {
    refusals: u32,
    accepted: u64,
    last: Timestamp,
}

impl Default for KeyGate {
    fn default() -> Self {
        Self {
            state: KeyState::Served,
            level: 0,
            refused_probes: 0,
            refusals: Run::default(),
            accepted: 0,
            last_accepted: None,
            told: None,
            alone: HashMap::new(),
            resuming: Timetable::of_a_shut_gate(),
        }
    }
}

impl KeyGate {
    pub(super) fn state(&self) -> KeyState {
        self.state
    }

    pub(super) fn enter(&mut self, now: Timestamp) -> KeyEntry {
        match self.state {
            KeyState::Served => KeyEntry::Go { is_probe: false },
            KeyState::Paused { until } if now < until => KeyEntry::Later { until },
            KeyState::Paused { .. } | KeyState::Probing { out: false } => {
                self.state = KeyState::Probing { out: false };
                KeyEntry::Go { is_probe: true }
            }
            KeyState::Probing { out: true } => KeyEntry::Later { until: now },
        }
    }

    /// When one more of those is to come again who are to wait until `until`.
    pub(super) fn place(&mut self, until: Timestamp) -> Timestamp {
        self.resuming.place(until, resume_rate(self.level))
    }

    /// The probe that [`KeyGate::enter`] allowed is under way.
    pub(super) fn probe(&mut self) {
        self.state = KeyState::Probing { out: true };
    }

    /// The probe is back.
    pub(super) fn probed(&mut self) {
        if self.state == (KeyState::Probing { out: true }) {
            self.state = KeyState::Probing { out: false };
        }
    }

    /// Whether that ended a pause.
    pub(super) fn accepted(&mut self, subscription: SubscriptionId, now: Timestamp) -> bool {
        self.accepted += 1;
        self.last_accepted = Some(now);
        self.refusals.clear();
        self.alone.remove(&subscription);
        let was_paused = self.state != KeyState::Served;
        self.state = KeyState::Served;
        if was_paused {
            (self.level, self.told) = (0, None);
        }
        was_paused
    }

    pub(super) fn refused(
        &mut self,
        subscription: SubscriptionId,
        ticket: Ticket,
        now: Timestamp,
    ) -> Refusal {
        let alone = self.count_alone(subscription, now);
        // Something was accepted since that request began, or since this one was last refused: it is not the key.
        if alone > 0 || self.last_accepted.is_some_and(|accepted| accepted > ticket.started) {
            return Refusal { pause: None, is_news: false, alone };
        }
        self.refusals.add(subscription);
        self.refused_probes += u32::from(ticket.probes_key);
        let is_general = self.refusals.len() >= REFUSALS && self.refusals.by_several(SEVERAL);
        let is_vain = ticket.probes_key && self.refused_probes >= self.probes();
        let pauses = self.state == KeyState::Served && is_general || is_vain;
        if pauses {
            self.level = self.level.saturating_add(1);
        }
        // A stranger may have been refused long ago; that it pauses is worth another word.
        let is_news = self.told.is_none_or(|accepted| pauses && accepted < self.accepted);
        if is_news {
            self.told = Some(self.accepted);
        }
        Refusal { pause: pauses.then_some(self.level), is_news, alone }
    }

    /// How many probes are refused, one after the other, until it pauses again: one, two, four, … Strangers may bring many
    /// subscriptions that were made with another key; a pause after each of them would keep the others waiting for hours.
    fn probes(&self) -> u32 {
        1_u32
            .checked_shl(self.level.saturating_sub(1))
            .map_or(MOST_PROBES, |probes| probes.min(MOST_PROBES))
    }

    pub(super) fn pause(&mut self, until: Timestamp) {
        self.refusals.clear();
        self.refused_probes = 0;
        self.state = KeyState::Paused { until };
    }

    /// The wall clock was put back by `back`.
    pub(super) fn clock_put_back(&mut self, back: Duration) {
        if let KeyState::Paused { until } = &mut self.state {
            *until = *until - back;
        }
        self.last_accepted = None;
        self.resuming.clock_put_back();
    }

    /// Whether there is nothing to remember of it.
    pub(super) fn is_plain(&self) -> bool {
        self.state == KeyState::Served && self.alone.is_empty()
    }

    fn count_alone(&mut self, subscription: SubscriptionId, now: Timestamp) -> u32 {
        let accepted = self.accepted;
        if self.alone.len() >= MAX_ALONE && !self.alone.contains_key(&subscription) {
            self.alone.retain(|_, alone| now.since(alone.last) < ALONE_FOR);
            if self.alone.len() >= MAX_ALONE {
                return 0;
            }
        }
        let known =
            self.alone.entry(subscription).or_insert(Alone { refusals: 0, accepted, last: now });
        known.last = now;
        if known.accepted < accepted {
            (known.refusals, known.accepted) = (known.refusals + 1, accepted);
        }
        known.refusals
    }
}
