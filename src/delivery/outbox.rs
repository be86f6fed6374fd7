//! What one subscription sends next. A state machine: an [`Event`] in, the one [`Effect`] that follows out.
//!
//! At most one delivery is in hand. The next one starts only when the result of the last is on disk, so requests
//! go out in the order of each channel's log; a delivery that is to be tried again goes before all others.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::id::{ChannelId, Seq};
use crate::model::{
    Backlog, EndpointState, Notification, Outcome, Settled, Settlement, Stretch, Subscription,
    Trying,
};

use super::judge::Judgement;
use lane::Lane;

mod event;
mod lane;

pub use event::{Effect, Event};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    #[default]
    Free,
    Loading,
    Attempting,
    Settling {
        ends: bool,
    },
    Waiting,
    Ended,
}

/// The deliveries of one subscription.
#[derive(Debug, Default)]
pub struct Outbox {
    subscription: Option<Arc<Subscription>>,
    lanes: Vec<Lane>,
    phase: Phase,
    in_hand: Option<Arc<Notification>>,
    poisoned: Option<(ChannelId, Seq)>,
    trying: Option<Trying>,
    not_before: Option<Timestamp>,
    failures: u32,
    unheard_since: Option<Timestamp>,
    load_first: bool,
    load_when_empty: bool,
    /// Something came while a load was under way, which may be too old to know of it.
    load_again: bool,
    /// A channel that it does not know may be settled altogether, or handed out in part: the store knows.
    asks_of_unknown: bool,
}

impl Outbox {
    /// An outbox that knows nothing: `load_first` when what it is handed may be old.
    pub fn new(load_first: bool) -> Self {
        Self { load_first, ..Self::default() }
    }

    /// The subscription, once it is known.
    pub fn subscription(&self) -> Option<&Arc<Subscription>> {
        self.subscription.as_ref()
    }

    /// The worker panicked: what was in hand is no longer, and the store knows best. How far each channel was
    /// handed out is kept, so that an old hand-out does not begin again.
    pub fn restarted(&mut self) {
        self.phase = if self.phase == Phase::Ended { Phase::Ended } else { Phase::Free };
        self.in_hand = None;
        self.load_first = true;
    }

    /// How many notifications are queued or in hand.
    pub fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.len()).sum()
    }

    /// Whether nothing is queued or in hand.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes note of what happened and says what follows.
    pub fn on(&mut self, event: Event, now: Timestamp) -> Effect {
        match event {
            Event::Loaded { backlog, poisoned } => self.loaded(backlog, poisoned),
            Event::HandedOut { .. } | Event::Changed if self.phase == Phase::Loading => {
                self.load_again = true;
            }
            Event::HandedOut { subscription, done, stretch, fresh } => {
                self.handed_out(subscription, done, &stretch, fresh);
            }
            Event::Attempted(judgement) => return self.attempted(judgement, now),
            Event::Skipped => self.free(Phase::Attempting),
            Event::Paused => self.paused(),
            Event::Held(until) => return self.held(until, now),
            Event::Settled(settled) => self.settled(settled),
            Event::StoppedWaiting => self.stopped_waiting(),
            Event::Due => self.free(Phase::Waiting),
            Event::Changed => self.load_first = true,
        }
        self.next(now)
    }

    fn free(&mut self, from: Phase) {
        if self.phase == from {
            self.phase = Phase::Free;
            self.in_hand = None;
        }
    }

    /// What is queued of a channel that pauses is in nobody's way: it is given up here, and is in the store.
    fn paused(&mut self) {
        if let Some(held) = self.in_hand.take_if(|_| self.phase == Phase::Attempting) {
            self.lanes.retain(|lane| lane.channel != held.channel);
            self.asks_of_unknown = true;
            self.phase = Phase::Free;
        }
    }

    fn loaded(&mut self, backlog: Option<Backlog>, poisoned: Option<(ChannelId, Seq)>) {
        self.load_first = std::mem::take(&mut self.load_again);
        self.asks_of_unknown = true;
        let Some(backlog) = backlog else {
            self.phase = Phase::Ended;
            return;
        };
        self.phase = Phase::Free;
        self.poisoned = poisoned;
        self.trying = backlog.trying;
        self.not_before = backlog.not_before;
        self.failures = backlog.failures;
        self.unheard_since = backlog.unheard_since;
        self.subscription = Some(backlog.subscription);
        // What is not in the backlog is settled, or no channel of this subscription any more. Its lane still
        // remembers how far it came, so that an old hand-out does not begin again.
        self.lanes.iter_mut().for_each(|lane| lane.queue.clear());
        self.lanes.retain(|lane| !backlog.paused.contains(&lane.channel));
        for stretch in backlog.stretches {
            self.lane(stretch.channel, stretch.from).replace(stretch);
        }
        // Sweeps pass by whoever waits, so what came meanwhile must be looked for afterwards.
        self.load_when_empty = backlog.more || self.not_before.is_some();
    }

    fn lane(&mut self, channel: ChannelId, covered: Seq) -> &mut Lane {
        let index = match self.lanes.iter().position(|lane| lane.channel == channel) {
            Some(index) => index,
            None => {
                self.lanes.push(Lane::new(channel, covered));
                self.lanes.len() - 1
            }
        };
        &mut self.lanes[index]
    }

    fn handed_out(
        &mut self,
        subscription: Arc<Subscription>,
        done: Seq,
        stretch: &Stretch,
        fresh: bool,
    ) {
        match &self.subscription {
            None if fresh => self.subscription = Some(subscription),
            Some(known) if known.generation < subscription.generation => self.load_first = true,
            None | Some(_) => {}
        }
        let is_known = self.lanes.iter().any(|lane| lane.channel == stretch.channel);
        // The load may have left an unknown channel out because all of it is settled. And what was read before the last
        // load may be of a membership that has ended since. The store knows.
        if !fresh || (!is_known && self.asks_of_unknown) {
            self.load_when_empty = true;
            return;
        }
        if !self.lane(stretch.channel, done).append(done, stretch) {
            self.load_when_empty = true;
        }
    }

    fn attempted(&mut self, judgement: Judgement, now: Timestamp) -> Effect {
        let Some(notification) = self.in_hand.clone() else { return self.next(now) };
        self.settle(&notification, judgement, now)
    }

    fn held(&mut self, until: Timestamp, now: Timestamp) -> Effect {
        self.in_hand = None;
        self.phase = Phase::Waiting;
        // A change that came while it stood before the gate does not wait for it.
        if self.load_first { self.next(now) } else { Effect::Hold(until) }
    }

    fn settle(
        &mut self,
        notification: &Notification,
        judgement: Judgement,
        now: Timestamp,
    ) -> Effect {
        let Some(subscription) = &self.subscription else { return Effect::Nothing };
        let endpoint = judgement.endpoint(self.is_troubled(), now);
        let Judgement { outcome, failure, .. } = judgement;
        let settlement = Settlement {
            subscription: subscription.id,
            generation: subscription.generation,
            channel: notification.channel,
            seq: notification.seq,
            outcome,
            endpoint,
            failure,
            now,
        };
        let ends = outcome == Some(Outcome::Gone) || endpoint == EndpointState::Refused;
        self.phase = Phase::Settling { ends };
        self.note(&settlement);
        Effect::Settle(settlement)
    }

    /// Keeps in mind what the settlement will have stored.
    fn note(&mut self, settlement: &Settlement) {
        match settlement.endpoint {
            EndpointState::Untroubled | EndpointState::Refused => {}
            EndpointState::Recovered => {
                self.not_before = None;
                self.failures = 0;
                self.unheard_since = None;
            }
            EndpointState::Waiting { not_before, failures, unheard_since, .. } => {
                self.not_before = Some(not_before);
                self.failures = failures;
                self.unheard_since = unheard_since;
                // Sweeps pass by whoever waits, so it must look for itself what came meanwhile.
                self.load_when_empty = true;
            }
        }
        let attempts = settlement.endpoint.attempts().filter(|_| settlement.outcome.is_none());
        let Settlement { channel, seq, .. } = *settlement;
        self.trying = attempts.map(|attempts| Trying { channel, seq, attempts });
        if settlement.outcome.is_some()
            && let Some(lane) =
                self.lanes.iter_mut().find(|lane| lane.channel == settlement.channel)
        {
            lane.queue.retain(|queued| queued.seq > settlement.seq);
        }
    }

    fn is_troubled(&self) -> bool {
        let waits = self.not_before.is_some() || self.trying.is_some();
        waits || self.failures > 0 || self.unheard_since.is_some()
    }

    fn settled(&mut self, settled: Settled) {
        let Phase::Settling { ends } = self.phase else { return };
        self.in_hand = None;
        self.phase = match settled {
            Settled::Recorded if ends => Phase::Ended,
            Settled::Recorded => Phase::Free,
            Settled::Stale => {
                self.load_first = true;
                Phase::Free
            }
        };
    }

    fn stopped_waiting(&mut self) {
        self.not_before = None;
        self.failures = 0;
        self.trying = None;
        self.free(Phase::Settling { ends: false });
    }

    fn next(&mut self, now: Timestamp) -> Effect {
        match self.phase {
            Phase::Ended => return Effect::End,
            Phase::Loading | Phase::Attempting | Phase::Settling { .. } => return Effect::Nothing,
            Phase::Waiting if !self.load_first => return Effect::Nothing,
            Phase::Waiting | Phase::Free => self.phase = Phase::Free,
        }
        if self.load_first || self.subscription.is_none() {
            return self.load();
        }
        if let Some(until) = self.not_before.filter(|until| *until > now) {
            self.phase = Phase::Waiting;
            return Effect::Wait(until);
        }
        match self.choose(now) {
            Some(notification) => self.begin(notification, now),
            None if self.not_before.is_some() || self.trying.is_some() => {
                self.phase = Phase::Settling { ends: false };
                // Until that is on disk, sweeps still pass by.
                self.load_when_empty = true;
                Effect::StopWaiting
            }
            None if self.load_when_empty => self.load(),
            None => Effect::Rest,
        }
    }

    fn load(&mut self) -> Effect {
        self.load_when_empty = false;
        self.phase = Phase::Loading;
        Effect::Load
    }

    /// The delivery that is being tried, else the oldest accepted among the channels' next.
    fn choose(&mut self, now: Timestamp) -> Option<Arc<Notification>> {
        let id = self.subscription.as_ref()?.id;
        for lane in &mut self.lanes {
            while lane.queue.front().is_some_and(|next| !next.is_open_for(id, now)) {
                lane.queue.pop_front();
            }
        }
        let mut heads = self.lanes.iter().filter_map(|lane| lane.queue.front());
        if let Some(trying) = self.trying
            && let Some(head) =
                heads.clone().find(|head| (head.channel, head.seq) == (trying.channel, trying.seq))
        {
            return Some(Arc::clone(head));
        }
        let oldest = heads.next()?;
        let oldest = heads.fold(oldest, |oldest, head| {
            let key = |notification: &Notification| (notification.accepted, notification.channel);
            if key(head) < key(oldest) { head } else { oldest }
        });
        Some(Arc::clone(oldest))
    }

    fn begin(&mut self, notification: Arc<Notification>, now: Timestamp) -> Effect {
        let number = (notification.channel, notification.seq);
        let attempts = match self.trying {
            Some(trying) if (trying.channel, trying.seq) == number => trying.attempts,
            Some(_) | None => 0,
        };
        self.in_hand = Some(Arc::clone(&notification));
        if self.poisoned == Some(number) {
            self.poisoned = None;
            let judgement = Judgement::poisoned(attempts, self.failures);
            let judgement = Judgement { unheard_since: self.unheard_since, ..judgement };
            return self.settle(&notification, judgement, now);
        }
        self.phase = Phase::Attempting;
        let Self { failures, unheard_since, .. } = *self;
        Effect::Attempt { notification, attempts, failures, unheard_since }
    }
}

#[cfg(test)]
mod tests;
