//! What a gate shows of itself and of the push service behind it.

use super::record::Fares;
use crate::clock::Timestamp;
use crate::delivery::gate::{Gate, KeyState, State};
use crate::id::VapidKeyId;
use crate::store::pause::Pause;
use crate::webpush::service::PushService;
use crate::webpush::subscription::Origin;

/// What a gate is doing.
#[derive(Clone, Debug)]
pub struct GateSnapshot {
    /// The push service's name, or `other`.
    pub push_service: &'static str,
    /// `https://host[:port]`.
    pub origin: String,
    /// `open`, `shut`, `probing`, or `paused` by an operator.
    pub state: &'static str,
    /// Why it is not open: `outage` or `throttled`.
    pub cause: Option<&'static str>,
    /// Until when it is shut.
    pub until: Option<Timestamp>,
    /// It is not open, and for so long nobody has asked that nobody waits for it.
    pub unasked: bool,
    /// How many requests may be under way.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many wait in line.
    pub waiting: usize,
    /// VAPID keys that the push service refuses.
    pub refused_keys: Vec<KeySnapshot>,
    /// An operator's word that nothing be sent.
    pub paused: Option<Pause>,
    /// What the push service answered, and how fast.
    pub fares: Fares,
}

/// A VAPID key that is not served.
#[derive(Clone, Debug)]
pub struct KeySnapshot {
    /// Its row.
    pub key: VapidKeyId,
    /// `paused` or `probing`.
    pub state: &'static str,
    /// Until when it is paused.
    pub until: Option<Timestamp>,
}

impl GateSnapshot {
    pub(super) fn of(
        origin: &Origin,
        gate: &Gate,
        waiting: usize,
        fares: Fares,
        now: Timestamp,
    ) -> Self {
        let state = gate.state();
        let (cause, until) = match state {
            State::Open => (None, None),
            State::Shut { until, cause } => (Some(cause.label()), Some(until)),
            State::Probing { cause, .. } => (Some(cause.label()), None),
        };
        let refused = gate.keys().filter(|(_, state)| *state != KeyState::Served);
        Self {
            push_service: PushService::of(origin).label(),
            origin: origin.as_str().to_owned(),
            state: state.label(),
            cause,
            until,
            unasked: waiting == 0 && gate.is_unasked(now),
            limit: gate.limit(),
            in_flight: gate.in_flight(),
            waiting,
            refused_keys: refused.map(|(key, state)| KeySnapshot::of(key, state)).collect(),
            paused: None,
            fares,
        }
    }

    /// Nothing starts there, whatever its gate would let through.
    pub(in crate::tree) fn pause(&mut self, pause: Pause) {
        (self.state, self.cause, self.until) = ("paused", None, None);
        self.paused = Some(pause);
    }
}

impl KeySnapshot {
    fn of(key: VapidKeyId, state: KeyState) -> Self {
        let until = match state {
            KeyState::Paused { until } => Some(until),
            KeyState::Served | KeyState::Probing { .. } => None,
        };
        Self { key, state: state.label(), until }
    }
}
