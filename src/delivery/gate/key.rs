//! One VAPID key at one origin. A push service that answers 401 or 403 refuses our key, our claims or our clock: that
//! is ours to put right, so what the key signs waits, and one request at a time finds out whether it is.
//! One subscription that is refused while others of the same key are served was made with another key, or is broken:
//! it waits alone.

use std::collections::HashMap;

use super::run::Run;
use crate::clock::Timestamp;
use crate::id::SubscriptionId;

/// So many refusals in a row, of several subscriptions and with nothing accepted in between, are the key's.
const REFUSALS: u32 = 8;

/// See [`REFUSALS`].
const SEVERAL: usize = 3;

/// Subscriptions whose refusals are counted: strangers bring them, so their number is bounded.
const MAX_ALONE: usize = 4096;

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
    Later { until: Timestamp, level: u32 },
}

/// What a refusal amounts to.
pub(super) struct Refusal {
    /// The key pauses, for the so-manieth time in a row.
    pub(super) pause: Option<u32>,
    /// It is the first to be told of.
    pub(super) is_news: bool,
    /// How often the subscription was refused in a row while others were served.
    pub(super) alone: u32,
}

#[derive(Debug)]
pub(super) struct KeyGate {
    state: KeyState,
    /// How often it paused without being served in between.
    level: u32,
    refusals: Run,
    accepted: u64,
    last_accepted: Option<Timestamp>,
    is_told: bool,
    alone: HashMap<SubscriptionId, Alone>,
}

/// A subscription's refusals, and how much the key had had accepted at the last of them.
#[derive(Clone, Copy, Debug)]
struct Alone {
    refusals: u32,
    accepted: u64,
}

impl Default for KeyGate {
    fn default() -> Self {
        Self {
            state: KeyState::Served,
            level: 0,
            refusals: Run::default(),
            accepted: 0,
            last_accepted: None,
            is_told: false,
            alone: HashMap::new(),
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
            KeyState::Paused { until } if now < until => {
                KeyEntry::Later { until, level: self.level }
            }
            KeyState::Paused { .. } | KeyState::Probing { out: false } => {
                self.state = KeyState::Probing { out: false };
                KeyEntry::Go { is_probe: true }
            }
            KeyState::Probing { out: true } => KeyEntry::Later { until: now, level: self.level },
        }
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
            (self.level, self.is_told) = (0, false);
        }
        was_paused
    }

    pub(super) fn refused(
        &mut self,
        subscription: SubscriptionId,
        started: Timestamp,
        is_probe: bool,
    ) -> Refusal {
        let alone = self.count_alone(subscription);
        // Something was accepted since that request began: it is not the key.
        if self.last_accepted.is_some_and(|accepted| accepted > started) {
            return Refusal { pause: None, is_news: false, alone };
        }
        self.refusals.add(subscription);
        let is_general = self.refusals.len() >= REFUSALS && self.refusals.by_several(SEVERAL);
        let pauses = self.state == KeyState::Served && is_general || is_probe;
        if pauses {
            self.level = self.level.saturating_add(1);
        }
        let is_news = !std::mem::replace(&mut self.is_told, true);
        Refusal { pause: pauses.then_some(self.level), is_news, alone }
    }

    pub(super) fn pause(&mut self, until: Timestamp) {
        self.refusals.clear();
        self.state = KeyState::Paused { until };
    }

    fn count_alone(&mut self, subscription: SubscriptionId) -> u32 {
        let accepted = self.accepted;
        if self.alone.len() >= MAX_ALONE && !self.alone.contains_key(&subscription) {
            return 0;
        }
        let known = self.alone.entry(subscription).or_insert(Alone { refusals: 0, accepted });
        if known.accepted < accepted {
            *known = Alone { refusals: known.refusals + 1, accepted };
        }
        known.refusals
    }
}
