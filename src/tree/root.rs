//! The Root: the upkeep that belongs to no child, and the last resort. Too many children given up in a short time
//! mean that a restart in place does not help: the process ends, and the service manager starts it anew.

use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, Supervised,
    WrapFuture,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::actor_id::ActorId;
use super::observe::recent::Heard;
use super::observe::vital::Vital;
use super::observe::{Figure, Look, Particulars};
use super::supervision::budget::{Budget, RestartPolicy};
use super::supervision::kill::Kill;
use crate::clock::Clock;
use crate::metrics::{ActorKind, Metrics, Of, PushServiceLabel};
use crate::store::quarantine::Held;
use crate::store::work::Totals;
use crate::store::{Store, StoreError};
use crate::webpush::service::PushService;

/// How often the store's upkeep is done: an expired notification is closed about so long after its time.
const UPKEEP_PAUSE: Duration = Duration::from_millis(500);

/// Rows of one upkeep: small enough that no accept waits long behind it.
const UPKEEP_LIMIT: i64 = 200;

/// After an upkeep that left something it rests for so many times as long as that took: what has piled up, as in a long
/// stop, gets a quarter of the writer's time, and an accept seldom waits for a batch of it.
const UPKEEP_REST: u32 = 3;

/// How often the store is counted for the metrics.
const TOTALS_PAUSE: Duration = Duration::from_secs(10);

/// Children that may be given up: twenty within a minute are no accident any more.
const GIVE_UPS: RestartPolicy =
    RestartPolicy { restarts: 20, within: Duration::from_secs(60), pause: Duration::ZERO };

/// The root of the tree.
pub struct Root {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    clock: Clock,
    budget: Budget,
    given_up: u64,
    failed: watch::Sender<bool>,
    vital: Arc<Vital>,
}

impl Root {
    /// A root that says on `failed` when the process had better end.
    pub fn new(
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
        clock: Clock,
        failed: watch::Sender<bool>,
        vital: Arc<Vital>,
    ) -> Self {
        Self { store, metrics, clock, budget: Budget::new(GIVE_UPS), given_up: 0, failed, vital }
    }

    fn upkeep(&mut self, context: &mut Context<Self>) {
        if !self.store.is_writable() {
            return self.upkeep_after(UPKEEP_PAUSE, context);
        }
        let begun = Instant::now();
        let upkeep = self.store.upkeep(self.clock.now(), UPKEEP_LIMIT).into_actor(self);
        context.spawn(upkeep.map(move |done, root, context| {
            let is_full = match done {
                Ok(count) => i64::try_from(count).is_ok_and(|count| count == UPKEEP_LIMIT),
                Err(error) => {
                    if !error.is_told() {
                        tracing::warn!(actor = %ActorId::Root, %error, "the store's upkeep failed");
                    }
                    false
                }
            };
            let rest = (begun.elapsed() * UPKEEP_REST).min(UPKEEP_PAUSE);
            root.upkeep_after(if is_full { rest } else { UPKEEP_PAUSE }, context);
        }));
    }

    fn upkeep_after(&mut self, pause: Duration, context: &mut Context<Self>) {
        context.run_later(pause, Self::upkeep);
    }

    fn count(&mut self, context: &mut Context<Self>) {
        let totals = self.store.totals().into_actor(self);
        context.spawn(totals.map(|totals, root, _| root.show(totals)));
        let held = self.store.held_back().into_actor(self);
        context.spawn(held.map(|held, root, _| root.show_held(held)));
    }

    fn show_held(&self, held: Result<Vec<Held>, StoreError>) {
        let Ok(held) = held else { return };
        for push_service in PushService::ALL {
            let at = held.iter().find(|held| held.push_service == push_service);
            let (quarantines, subscriptions) =
                at.map_or((0, 0), |held| (held.quarantines, held.subscriptions));
            let of = Of { push_service: PushServiceLabel(push_service) };
            self.metrics.open_quarantines.get_or_create(&of).set(quarantines);
            self.metrics.quarantined_subscriptions.get_or_create(&of).set(subscriptions);
        }
    }

    fn show(&self, totals: Result<Totals, StoreError>) {
        if let Ok(totals) = totals {
            self.metrics.subscriptions.set(totals.subscriptions);
            self.metrics.pending_deliveries.set(totals.pending);
        }
    }
}

impl Actor for Root {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.upkeep(context);
        self.count(context);
        context.run_interval(TOTALS_PAUSE, Self::count);
    }
}

/// actix calls `started` again, which is all that a restart needs.
impl Supervised for Root {}

/// A child panicked more often than its budget allows.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct ChildGivenUp {
    /// What it was.
    pub kind: ActorKind,
}

impl Handler<ChildGivenUp> for Root {
    type Result = ();

    fn handle(&mut self, message: ChildGivenUp, _: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::ChildGivenUp);
        self.given_up += 1;
        let is_supervisor = match message.kind {
            ActorKind::ChannelWorker | ActorKind::SubscriptionWorker => false,
            ActorKind::Root | ActorKind::ChannelSupervisor | ActorKind::SubscriptionSupervisor => {
                true
            }
        };
        if is_supervisor || self.budget.spend(Instant::now().into_std()).is_none() {
            tracing::error!(actor = %ActorId::Root, kind = ?message.kind, "too many actors were given up: the process ends");
            self.failed.send_replace(true);
        }
    }
}

impl Handler<Look> for Root {
    type Result = MessageResult<Look>;

    fn handle(&mut self, _: Look, _: &mut Context<Self>) -> Self::Result {
        let journal = self.store.journal();
        let figures = vec![
            Figure::count("workers_given_up", self.given_up),
            Figure::text("store", if journal.writable { "writable" } else { "not writable" }),
        ];
        MessageResult(Particulars { figures, ..Particulars::default() })
    }
}

impl Handler<Kill> for Root {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        self.vital.received(Heard::Kill);
        kill.unwind()
    }
}
