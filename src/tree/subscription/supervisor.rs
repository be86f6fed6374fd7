//! The SubscriptionSupervisor: starts one arbiter's workers on demand, passes on what is for them, wakes those
//! whose wait is over, and ends those that rest too long. There is never more than one worker for a subscription:
//! an entry goes only when its child has exited, and what comes meanwhile waits for the next.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, Supervised, WrapFuture,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::exits::RecentExits;
use super::registry::{Entry, Mail, Registry};
use super::tools::Tools;
use super::vitals::{Suspect, Vitals};
use super::worker::{Deliver, Refresh, SendTest, SubscriptionWorker};
use crate::id::SubscriptionId;
use crate::metrics::ActorKind;
use crate::model::{Member, Stretch};
use crate::store::StoreError;
use crate::store::work::{Due, Share};
use crate::tree::actor_id::ActorId;
use crate::tree::observe::recent::Heard;
use crate::tree::observe::vital::Vital;
use crate::tree::postbox::Postbox;
use crate::tree::root::{ChildGivenUp, Root};
use crate::tree::supervision::child::{Child, Exit};

mod looking;

/// What a channel read longer ago than this is not trusted to start a worker with, and an exit is remembered for
/// so long: between the two, no cursor that has moved meanwhile can be taken for the truth.
pub const FRESH: Duration = Duration::from_secs(2);

/// Rows of the due list that are looked at at once.
const DUE_LIMIT: i64 = 512;

/// The due list is looked at again after so long at the least, and at the most.
const DUE_PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));

/// Workers under way that were started because their wait was over.
const DUE_CREDITS: usize = 256;

/// How often resting workers are counted.
const IDLE_PAUSE: Duration = Duration::from_secs(1);

/// A subscription whose worker was given up is left alone for so long; then the store has one started anew.
const GIVEN_UP_PAUSE: Duration = Duration::from_secs(30);

/// One arbiter's workers.
pub struct SubscriptionSupervisor {
    share: Share,
    tools: Rc<Tools>,
    max_workers: usize,
    credits: Arc<Semaphore>,
    /// For those whose wait is over: they must not queue behind a broadcast.
    due_credits: Arc<Semaphore>,
    root: Postbox<Root>,
    registry: Registry,
    exits: RecentExits,
    suspects: HashMap<SubscriptionId, Suspect>,
    look_at: Option<Instant>,
    looked_to: Option<Due>,
    vital: Arc<Vital>,
}

impl SubscriptionSupervisor {
    /// A supervisor without workers, for `share` of the subscriptions; at most about `max_workers` at once.
    pub fn new(
        share: Share,
        tools: Tools,
        max_workers: usize,
        credits: Arc<Semaphore>,
        root: Postbox<Root>,
        vital: Arc<Vital>,
    ) -> Self {
        Self {
            share,
            tools: Rc::new(tools),
            max_workers,
            credits,
            due_credits: Arc::new(Semaphore::new(DUE_CREDITS)),
            root,
            registry: Registry::default(),
            exits: RecentExits::new(FRESH),
            suspects: HashMap::new(),
            look_at: None,
            looked_to: None,
            vital,
        }
    }

    fn actor(&self) -> ActorId {
        ActorId::Subscriptions(self.share.index)
    }

    fn post(&mut self, id: SubscriptionId, mail: Mail, fresh: bool, context: &mut Context<Self>) {
        if let Some(entry) = self.registry.get_mut(id) {
            return entry.post(mail);
        }
        let load_first =
            !fresh || self.exits.contains(id, Instant::now()) || self.suspects.contains_key(&id);
        let entry = self.start(id, load_first, context);
        self.registry.insert(id, entry).post(mail);
        if self.registry.staying() > self.max_workers {
            self.registry.end_longest_idle(self.max_workers.div_ceil(8));
        }
    }

    fn start(
        &mut self,
        id: SubscriptionId,
        load_first: bool,
        context: &mut Context<Self>,
    ) -> Entry {
        let suspect = self.suspects.get(&id).copied();
        let name = ActorId::Subscription(self.share.index, id);
        let vital = Vital::new(name, Arc::clone(&self.tools.workers));
        let vitals = Rc::new(Vitals::new(Arc::clone(&vital), Instant::now(), suspect));
        let (addr, child) = Child::new(self.tools.restarts, Arc::clone(&vital), |_| {
            SubscriptionWorker::new(id, load_first, Rc::clone(&self.tools), Rc::clone(&vitals))
        });
        let supervisor = Postbox::new(context.address(), Arc::clone(&self.vital));
        actix::spawn(async move {
            let exit = child.await;
            supervisor.post(ChildExited { id, exit });
        });
        Entry::new(Postbox::new(addr, vital), vitals)
    }

    /// Looks at the due list at `at`, or sooner if that is planned.
    fn look_by(&mut self, at: Instant, context: &mut Context<Self>) {
        if self.look_at.is_some_and(|planned| planned <= at) {
            return;
        }
        self.look_at = Some(at);
        context.run_later(at.duration_since(Instant::now()), move |supervisor, context| {
            // A sooner look that was planned since has taken its place.
            if supervisor.look_at == Some(at) {
                supervisor.look(context);
            }
        });
    }

    fn look(&mut self, context: &mut Context<Self>) {
        let due = self.tools.store.due(self.share, self.looked_to, DUE_LIMIT).into_actor(self);
        context.spawn(due.map(|due, supervisor, context| {
            supervisor.look_at = None;
            let pause = supervisor.wake(due, context);
            supervisor.look_by(Instant::now() + pause.clamp(DUE_PAUSE.0, DUE_PAUSE.1), context);
        }));
    }

    /// Starts workers for those whose wait is over; answers when to look again.
    fn wake(&mut self, due: Result<Vec<Due>, StoreError>, context: &mut Context<Self>) -> Duration {
        let due = match due {
            Ok(due) => due,
            Err(error) => {
                if !error.is_told() {
                    tracing::warn!(actor = %self.actor(), %error, "the due list cannot be read");
                }
                return DUE_PAUSE.1;
            }
        };
        let now = self.tools.clock.now();
        let is_full = i64::try_from(due.len()).is_ok_and(|count| count == DUE_LIMIT);
        // Behind a full page there may be somebody without a worker, whose time has come as well.
        let next = due.last().copied().filter(|_| is_full);
        self.looked_to = None;
        for Due { subscription, not_before } in due {
            // Who has a worker wakes by its own timer, or is just about to be settled.
            if self.registry.contains(subscription) {
                continue;
            }
            if not_before > now {
                return not_before.since(now);
            }
            let Ok(credit) = Arc::clone(&self.due_credits).try_acquire_owned() else {
                return DUE_PAUSE.0;
            };
            let refresh = Mail::Refresh(Refresh { credit: Some(credit) });
            self.post(subscription, refresh, false, context);
        }
        self.looked_to = next;
        if is_full { DUE_PAUSE.0 } else { DUE_PAUSE.1 }
    }

    fn hold_back(&self, id: SubscriptionId, context: &mut Context<Self>) {
        let until = self.tools.clock.now() + GIVEN_UP_PAUSE;
        let hold = self.tools.store.hold_back(id, until).into_actor(self);
        let actor = ActorId::Subscription(self.share.index, id);
        context.spawn(hold.map(move |held, _, _| {
            if let Err(error) = held {
                tracing::warn!(%actor, %error, "a given-up subscription could not be put on the due list");
            }
        }));
    }
}

impl Actor for SubscriptionSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(IDLE_PAUSE, |supervisor, _| {
            let idle = supervisor.tools.patience.borrow().idle;
            if let Some(deadline) = Instant::now().checked_sub(idle) {
                supervisor.registry.end_idle(deadline);
            }
        });
        self.look_by(Instant::now(), context);
    }
}

impl Supervised for SubscriptionSupervisor {
    /// actix calls `started` again, which plans the next look.
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.look_at = None;
    }
}

/// A channel hands out a stretch of its log to some of its members.
#[derive(Message)]
#[rtype(result = "()")]
pub struct HandOut {
    /// When the members were read.
    pub read_at: Instant,
    /// What is open.
    pub stretch: Arc<Stretch>,
    /// Who gets it, each with one of this arbiter's credits.
    pub members: Vec<(Member, OwnedSemaphorePermit)>,
}

impl Handler<HandOut> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, message: HandOut, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::HandOut);
        let HandOut { read_at, stretch, members } = message;
        let fresh = read_at.elapsed() < FRESH;
        for (Member { subscription, done }, credit) in members {
            let id = subscription.id;
            let stretch = Arc::clone(&stretch);
            let deliver = Deliver { subscription, done, stretch, read_at, fresh, credit };
            self.post(id, Mail::Deliver(deliver), fresh, context);
        }
    }
}

/// The store has changed a subscription: if it has a worker, that one reads it anew; if not, it may be due.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Changed(pub SubscriptionId);

impl Handler<Changed> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, Changed(id): Changed, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::Changed);
        match self.registry.get_mut(id) {
            Some(entry) => entry.post(Mail::Refresh(Refresh { credit: None })),
            None => {
                // A page that was read before may still be on its way: its word starts no worker either.
                self.exits.note(id, Instant::now());
                self.look_by(Instant::now() + DUE_PAUSE.0, context);
            }
        }
    }
}

impl Handler<SendTest> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, message: SendTest, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::SendTest);
        let id = message.subscription.id;
        self.post(id, Mail::Test(message), false, context);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct ChildExited {
    id: SubscriptionId,
    exit: Exit,
}

impl Handler<ChildExited> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, ChildExited { id, exit }: ChildExited, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::ChildExited);
        let Some(entry) = self.registry.remove(id) else { return };
        self.exits.note(id, Instant::now());
        match exit {
            Exit::Stopped => {
                self.suspects.remove(&id);
                // It may have parked itself, to be woken sooner than the next planned look.
                if let super::vitals::Doing::Waiting { until, .. } = entry.vitals().doing.get() {
                    let wait = until.since(self.tools.clock.now());
                    self.look_by(Instant::now() + wait.clamp(DUE_PAUSE.0, DUE_PAUSE.1), context);
                }
            }
            Exit::GivenUp(_) => {
                self.suspects.extend(entry.vitals().suspect.get().map(|suspect| (id, suspect)));
                self.hold_back(id, context);
                self.root.post(ChildGivenUp { kind: ActorKind::SubscriptionWorker });
            }
        }
        for mail in entry.into_waiting_mail() {
            self.post(id, mail, false, context);
        }
    }
}
