//! The SubscriptionWorker: a thin shell around an [`Outbox`]. It performs the outbox's effects one at a time and
//! feeds their ends back: encrypts and sends, waits, retries, and ends when its subscription is gone.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::display;

use super::attempt::{Unsent, attempt, send_test};
use super::telling;
use super::tools::Tools;
use super::vitals::{Doing, Vitals};
use crate::clock::Timestamp;
use crate::delivery::judge::{Attempted, ENDS_WITHIN, Judgement, Standing, judge};
use crate::delivery::outbox::{Effect, Event, Outbox};
use crate::id::{Seq, SubscriptionId};
use crate::model::{Notification, Outcome, Payload, Settlement, Stretch, Subscription};
use crate::store::StoreError;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::recent::Heard;

mod restart;

/// A delivery in hand at so many panics is settled as rejected. Fewer than the restarts that a budget allows:
/// the worker must live to settle it.
pub const POISON_LIMIT: u32 = 3;

/// A gate that opens within this time is waited for without a word to the store: the next sweep may hand out again what
/// is held, which does no harm.
const SHORT: Duration = Duration::from_secs(2);

/// One subscription's worker.
pub struct SubscriptionWorker {
    id: SubscriptionId,
    outbox: Outbox,
    tools: Rc<Tools>,
    vitals: Rc<Vitals>,
    credit: Option<OwnedSemaphorePermit>,
    /// What was attempted, while its end is settled.
    ended: Option<Arc<Notification>>,
    /// When it asked for its last load.
    loaded_at: Option<Instant>,
}

impl SubscriptionWorker {
    /// A worker that has nothing yet; `load_first` when what it will be handed may be old.
    pub fn new(id: SubscriptionId, load_first: bool, tools: Rc<Tools>, vitals: Rc<Vitals>) -> Self {
        let outbox = Outbox::new(load_first);
        Self { id, outbox, tools, vitals, credit: None, ended: None, loaded_at: None }
    }

    fn actor(&self) -> ActorId {
        ActorId::Subscription(self.tools.arbiter, self.id)
    }

    fn on(&mut self, event: Event, context: &mut Context<Self>) {
        let effect = self.outbox.on(event, self.tools.clock.now());
        self.perform(effect, context);
    }

    fn perform(&mut self, effect: Effect, context: &mut Context<Self>) {
        match effect {
            Effect::Nothing => {}
            Effect::Load => self.load(context),
            Effect::Attempt { notification, attempts, failures, unheard_since } => {
                let standing = move |notification: &Notification, now| {
                    Standing::of(notification, attempts, failures, unheard_since, now)
                };
                self.attempt(notification, standing, context);
            }
            Effect::Settle(settlement) => self.settle(settlement, context),
            Effect::StopWaiting => self.stop_waiting(context),
            Effect::Wait(until) => self.wait(until, context),
            Effect::Hold(until) => self.hold(until, context),
            Effect::Rest => self.rest(),
            Effect::End => context.stop(),
        }
    }

    fn work(&self) {
        self.vitals.doing.set(Doing::Working);
    }

    fn rest(&mut self) {
        self.credit = None;
        self.vitals.doing.set(Doing::Resting(Instant::now()));
    }

    fn load(&mut self, context: &mut Context<Self>) {
        self.work();
        self.vitals.changed.set(false);
        self.loaded_at = Some(Instant::now());
        let load = self.tools.store.load(self.id, self.tools.clock.now()).into_actor(self);
        context.spawn(load.map(|loaded, worker, context| match loaded {
            Ok(backlog) => {
                let poisoned = worker.vitals.poisoned(POISON_LIMIT);
                if let Some(backlog) = &backlog {
                    worker.vitals.know(&backlog.subscription);
                }
                worker.on(Event::Loaded { backlog, poisoned }, context);
            }
            Err(error) => worker.give_way(&error, context),
        }));
    }

    /// The store has no answer. Whatever was in hand is in the store too, and comes again from there.
    fn give_way(&self, error: &StoreError, context: &mut Context<Self>) {
        self.vitals.under_way.set(None);
        let subscription = self.outbox.subscription().map(|it| display(&it.public_id));
        let actor = self.actor();
        tracing::warn!(%actor, subscription, %error, "a worker ends because the store does not answer");
        context.stop();
    }

    fn attempt(
        &mut self,
        notification: Arc<Notification>,
        standing: impl Fn(&Notification, Timestamp) -> Standing + 'static,
        context: &mut Context<Self>,
    ) {
        let Some(subscription) = self.outbox.subscription().cloned() else { return };
        self.work();
        let is_troubled = standing(&notification, self.tools.clock.now()).failures > 0;
        let (tools, vitals) = (Rc::clone(&self.tools), Rc::clone(&self.vitals));
        let span = tracing::debug_span!(
            "attempt",
            actor = %self.actor(),
            notification = %notification.id,
            subscription = %subscription.public_id,
        );
        let run = async move {
            vitals.in_hand.set(Some((notification.channel, notification.seq)));
            let begun = Instant::now();
            let attempted =
                attempt(&tools, &vitals, &subscription, &notification, is_troubled).await;
            vitals.vital.took(begun.elapsed());
            vitals.in_hand.set(None);
            (attempted, notification)
        };
        context.spawn(run.instrument(span).into_actor(self).map(move |end, worker, context| {
            match end {
                (Err(unsent), _) => {
                    worker.vitals.under_way.set(None);
                    let event = match unsent {
                        Unsent::Closed => Event::Skipped,
                        Unsent::Paused => Event::Paused,
                    };
                    worker.on(event, context);
                }
                (Ok(Attempted::Held { until }), notification)
                    if worker.is_short(until) && until < notification.expires =>
                {
                    worker.vitals.under_way.set(None);
                    worker.on(Event::Held(until), context);
                }
                (Ok(attempted), notification) => {
                    let standing = standing(&notification, worker.tools.clock.now());
                    worker.judge(&attempted, notification, standing, context);
                }
            }
        }));
    }

    /// Whether a wait before a gate is not worth a write.
    fn is_short(&self, until: Timestamp) -> bool {
        until.since(self.tools.clock.now()) <= SHORT.min(self.tools.patience.borrow().idle)
    }

    fn judge(
        &mut self,
        attempted: &Attempted,
        notification: Arc<Notification>,
        standing: Standing,
        context: &mut Context<Self>,
    ) {
        let retry = self.tools.patience.borrow().retry;
        let judgement = judge(attempted, standing, &retry, &mut rand::rng());
        let was_tried = !matches!(attempted, Attempted::Held { .. } | Attempted::Paused { .. });
        if (judgement.outcome.is_some() || was_tried)
            && let Some(subscription) = self.outbox.subscription()
        {
            telling::count(&self.tools.metrics, subscription, judgement.outcome);
        }
        let left = standing.expires.since(standing.now);
        let has_expired = judgement.outcome == Some(Outcome::Expired);
        if has_expired && !standing.now_or_never && left <= ENDS_WITHIN {
            self.keep(judgement, notification, context);
        } else {
            // At the very moment of the judgement: a wait for the end of a pause is known by when it would end.
            self.attempted(judgement, notification, standing.now, context);
        }
    }

    /// There is no other try before the TTL ends, which is soon: until then it has not expired, and nobody is told that it
    /// has. Should the process end meanwhile, the store finds that it has.
    fn keep(
        &mut self,
        judgement: Judgement,
        notification: Arc<Notification>,
        context: &mut Context<Self>,
    ) {
        let expires = notification.expires;
        self.credit = None;
        self.vitals.doing.set(Doing::Held { until: expires });
        let wait = expires.since(self.tools.clock.now());
        context.run_later(wait, |worker, context| {
            worker.attempted(judgement, notification, worker.tools.clock.now(), context);
        });
    }

    fn attempted(
        &mut self,
        judgement: Judgement,
        notification: Arc<Notification>,
        now: Timestamp,
        context: &mut Context<Self>,
    ) {
        self.ended = Some(notification);
        let effect = self.outbox.on(Event::Attempted(judgement), now);
        self.perform(effect, context);
        self.ended = None;
    }

    fn settle(&mut self, settlement: Settlement, context: &mut Context<Self>) {
        self.work();
        if let Some(subscription) = self.outbox.subscription() {
            telling::log(self.actor(), subscription, self.ended.as_deref(), &settlement);
        }
        let settle = self.tools.store.settle(settlement).into_actor(self);
        context.spawn(settle.map(|settled, worker, context| match settled {
            Ok(settled) => {
                worker.vitals.under_way.set(None);
                worker.vitals.settled.set(worker.vitals.settled.get() + 1);
                worker.on(Event::Settled(settled), context);
            }
            Err(error) => worker.give_way(&error, context),
        }));
    }

    fn stop_waiting(&mut self, context: &mut Context<Self>) {
        let Some(subscription) = self.outbox.subscription() else { return };
        self.work();
        let stop = self.tools.store.stop_waiting(subscription.id, subscription.generation);
        context.spawn(stop.into_actor(self).map(|end, worker, context| match end {
            Ok(()) => worker.on(Event::StoppedWaiting, context),
            Err(error) => worker.give_way(&error, context),
        }));
    }

    /// A short wait is kept here, by a timer; a long one is parked: the store has it, and the supervisor starts a
    /// worker again when it is due.
    fn wait(&mut self, until: Timestamp, context: &mut Context<Self>) {
        self.credit = None;
        self.vitals.doing.set(Doing::Waiting { since: Instant::now(), until });
        let wait = until.since(self.tools.clock.now());
        if wait > self.tools.patience.borrow().idle {
            context.stop();
        } else {
            context.run_later(wait, |worker, context| worker.on(Event::Due, context));
        }
    }

    /// So short a wait before a gate that it is kept here, and nowhere else.
    fn hold(&mut self, until: Timestamp, context: &mut Context<Self>) {
        self.credit = None;
        self.vitals.doing.set(Doing::Held { until });
        // The wall clock may have been put back since it was found to be short.
        let wait = until.since(self.tools.clock.now()).min(SHORT);
        context.run_later(wait, |worker, context| worker.on(Event::Due, context));
    }
}

impl Actor for SubscriptionWorker {
    type Context = Context<Self>;
}

/// A channel has something for this subscription.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// The subscription as the channel read it.
    pub subscription: Arc<Subscription>,
    /// Its cursor as the channel read it.
    pub done: Seq,
    /// What is open.
    pub stretch: Arc<Stretch>,
    /// When the channel read that.
    pub read_at: Instant,
    /// Whether that is so lately that no cursor can have moved since without a worker.
    pub fresh: bool,
    /// One of the arbiter's credits, held until nothing is left to do or the rest must wait.
    pub credit: OwnedSemaphorePermit,
}

impl Handler<Deliver> for SubscriptionWorker {
    type Result = ();

    fn handle(&mut self, message: Deliver, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::Deliver);
        let Deliver { subscription, done, stretch, read_at, fresh, credit } = message;
        let fresh = fresh && self.loaded_at.is_none_or(|loaded_at| loaded_at < read_at);
        match self.vitals.doing.get() {
            Doing::Resting(_) | Doing::Working => drop(self.credit.get_or_insert(credit)),
            Doing::Held { .. } | Doing::Waiting { .. } => {}
        }
        self.on(Event::HandedOut { subscription, done, stretch, fresh }, context);
    }
}

/// The store's word on this subscription is not what it was, or it is due: load it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Refresh {
    /// One of the arbiter's credits, when there is work to be expected.
    pub credit: Option<OwnedSemaphorePermit>,
}

impl Handler<Refresh> for SubscriptionWorker {
    type Result = ();

    fn handle(&mut self, message: Refresh, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::Refresh);
        match message.credit {
            Some(credit) => drop(self.credit.get_or_insert(credit)),
            None => self.vitals.changed.set(true),
        }
        self.on(Event::Changed, context);
    }
}

/// Nobody needs this worker now: it rests or waits, and nothing was on its way to it when this was sent.
#[derive(Message)]
#[rtype(result = "()")]
pub struct End;

impl Handler<End> for SubscriptionWorker {
    type Result = ();

    fn handle(&mut self, _: End, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::End);
        context.stop();
    }
}

/// Sends a test message to this subscription alone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SendTest {
    /// The subscription as the caller read it.
    pub subscription: Arc<Subscription>,
    /// What the browser will read.
    pub payload: Payload,
    /// Where the end of the attempt goes.
    pub reply: oneshot::Sender<Attempted>,
}

impl Handler<SendTest> for SubscriptionWorker {
    type Result = ();

    fn handle(&mut self, message: SendTest, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::SendTest);
        let SendTest { subscription, payload, reply } = message;
        let tools = Rc::clone(&self.tools);
        if let Doing::Resting(_) = self.vitals.doing.get() {
            // It must not be ended as idle before the test is answered.
            self.vitals.doing.set(Doing::Resting(Instant::now()));
        }
        let span = tracing::debug_span!(
            "test",
            actor = %self.actor(),
            subscription = %subscription.public_id,
        );
        // A test is part of no log, so it waits for no delivery; and it settles none.
        let run = async move {
            if let Some(attempted) = send_test(&tools, &subscription, &payload).await {
                // Whoever asked may have gone away meanwhile.
                let _ = reply.send(attempted);
            }
        };
        // A worker that was started for a test alone looks for what else there is.
        context.spawn(run.instrument(span).into_actor(self).map(|(), worker, context| {
            if worker.outbox.subscription().is_none() {
                worker.on(Event::Changed, context);
            }
        }));
    }
}
