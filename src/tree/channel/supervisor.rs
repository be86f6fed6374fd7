//! The ChannelSupervisor: the registry of channels' workers. It starts one when a channel's log has grown, and
//! looks every few seconds for channels with open work and none running; that is also the recovery after a start.

use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, Supervised, WrapFuture,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::arbiters::Arbiters;
use super::sweep::Sweep;
use super::vitals::ChannelVitals;
use super::worker::{ChannelWorker, End, Poke};
use crate::id::{ChannelId, Seq};
use crate::metrics::ActorKind;
use crate::store::work::ChannelWork;
use crate::store::{Store, StoreError};
use crate::tree::Patience;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::kin::Kin;
use crate::tree::observe::recent::Heard;
use crate::tree::observe::row::{State, Visible};
use crate::tree::observe::vital::Vital;
use crate::tree::pauses::PausedChannels;
use crate::tree::postbox::Postbox;
use crate::tree::root::{ChildGivenUp, Root};
use crate::tree::sabotage::Sabotage;
use crate::tree::supervision::budget::RestartPolicy;
use crate::tree::supervision::child::{Child, Exit};

mod looking;

/// How often channels with open work and no worker are looked for.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// Channels with work that are looked at at once.
const WORK_LIMIT: i64 = 1024;

/// Sweeps under way above which no further channels are looked for.
const MAX_FOUND: usize = 1024;

/// A channel whose work stays open is swept from the start again after so long, then after twice as long, up to
/// the second: nothing may depend on a hand-out that was lost.
const RESWEEP: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

struct Entry {
    postbox: Postbox<ChannelWorker>,
    vitals: Rc<ChannelVitals>,
    ending: bool,
    poked_while_ending: bool,
}

impl Visible for Entry {
    fn vital(&self) -> &Vital {
        self.postbox.vital()
    }

    fn doing(&self) -> State {
        match self.vitals.resting_since.get() {
            _ if self.ending => ("ending", None),
            Some(_) => ("resting", None),
            None => ("sweeping", None),
        }
    }

    fn name(&self, to: &mut dyn Write) -> std::fmt::Result {
        self.vitals.write_name(to)
    }
}

/// How far a channel without a worker had come, and when it is swept from the start again.
#[derive(Clone, Copy)]
struct Left {
    swept: Seq,
    again_at: Instant,
    pause: Duration,
}

/// What a supervisor of channels works with.
#[derive(Clone)]
pub struct ChannelTools {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Where deliveries go.
    pub arbiters: Arbiters,
    /// What all workers have in common.
    pub workers: Arc<Kin>,
    /// How long a worker may rest before it ends.
    pub patience: watch::Receiver<Patience>,
    /// Channels of which nothing may be sent.
    pub paused: PausedChannels,
    /// How often a worker may be restarted.
    pub restarts: RestartPolicy,
    /// Panics that tests ask for.
    pub sabotage: Sabotage,
}

/// The registry of channels' workers.
pub struct ChannelSupervisor {
    tools: ChannelTools,
    root: Postbox<Root>,
    registry: HashMap<ChannelId, Entry>,
    left: HashMap<ChannelId, Left>,
    looked_to: ChannelId,
    looking: bool,
    vital: Arc<Vital>,
}

impl ChannelSupervisor {
    /// A supervisor without workers.
    pub fn new(tools: ChannelTools, root: Postbox<Root>, vital: Arc<Vital>) -> Self {
        Self {
            tools,
            root,
            registry: HashMap::new(),
            left: HashMap::new(),
            looked_to: ChannelId(0),
            looking: false,
            vital,
        }
    }

    fn poke(&mut self, id: ChannelId, from: Seq, context: &mut Context<Self>) {
        if !self.registry.contains_key(&id) {
            let entry = self.start(id, from, context);
            self.registry.insert(id, entry);
        }
        let Some(entry) = self.registry.get_mut(&id) else { return };
        if entry.ending {
            entry.poked_while_ending = true;
        } else {
            entry.postbox.post(Poke);
        }
    }

    /// How far the channel had come when its last worker ended.
    fn swept(&self, id: ChannelId) -> Seq {
        self.left.get(&id).map_or(Seq(0), |left| left.swept)
    }

    fn start(&mut self, id: ChannelId, from: Seq, context: &mut Context<Self>) -> Entry {
        let vital = Vital::new(ActorId::Channel(id), Arc::clone(&self.tools.workers));
        let vitals = Rc::new(ChannelVitals::new(Arc::clone(&vital), from));
        let sweep = Sweep {
            channel: id,
            store: Arc::clone(&self.tools.store),
            arbiters: self.tools.arbiters.clone(),
            paused: self.tools.paused.clone(),
            sabotage: self.tools.sabotage.clone(),
            vitals: Rc::clone(&vitals),
        };
        let worker = ChannelWorker::new(sweep, Rc::clone(&vitals));
        let (addr, child) = Child::new(self.tools.restarts, Arc::clone(&vital), |_| worker);
        let supervisor = Postbox::new(context.address(), Arc::clone(&self.vital));
        actix::spawn(async move {
            let exit = child.await;
            supervisor.post(ChildExited { id, exit });
        });
        let postbox = Postbox::new(addr, vital);
        Entry { postbox, vitals, ending: false, poked_while_ending: false }
    }

    fn look(&mut self, context: &mut Context<Self>) {
        // One look at a time, and none while enough is being swept: what is found only waits the longer.
        if self.looking || self.sweeping() >= MAX_FOUND {
            return;
        }
        self.looking = true;
        let work = self.tools.store.channels_with_work(self.looked_to, WORK_LIMIT).into_actor(self);
        context.spawn(work.map(|work, supervisor, context| {
            supervisor.looking = false;
            supervisor.found(work, context);
        }));
    }

    fn sweeping(&self) -> usize {
        let is_sweeping = |entry: &&Entry| entry.vitals.resting_since.get().is_none();
        self.registry.values().filter(is_sweeping).count()
    }

    fn found(&mut self, work: Result<Vec<ChannelWork>, StoreError>, context: &mut Context<Self>) {
        let work = match work {
            Ok(work) => work,
            Err(error) => {
                if !error.is_told() {
                    tracing::warn!(actor = %ActorId::Channels, %error, "channels with open work cannot be read");
                }
                return;
            }
        };
        let is_full = i64::try_from(work.len()).is_ok_and(|count| count == WORK_LIMIT);
        let from = self.looked_to;
        self.looked_to = work.last().filter(|_| is_full).map_or(ChannelId(0), |last| last.channel);
        self.forget_finished(from, &work);
        for ChannelWork { channel, head } in work {
            self.attend(channel, head, context);
        }
        if is_full {
            self.look(context);
        }
    }

    /// What is not among the channels with work has none: nothing need be known of it.
    fn forget_finished(&mut self, after: ChannelId, work: &[ChannelWork]) {
        let to = self.looked_to;
        let is_listed = |id: &ChannelId| work.binary_search_by_key(id, |work| work.channel).is_ok();
        self.left.retain(|id, _| {
            let was_looked_at = *id > after && (to == ChannelId(0) || *id <= to);
            !was_looked_at || is_listed(id)
        });
    }

    fn attend(&mut self, id: ChannelId, head: Seq, context: &mut Context<Self>) {
        if self.registry.contains_key(&id) || self.tools.paused.contains(id) {
            return;
        }
        match self.left.get_mut(&id) {
            None => self.poke(id, Seq(0), context),
            Some(left) if Instant::now() >= left.again_at => {
                left.pause = (left.pause * 2).min(RESWEEP.1);
                left.again_at = Instant::now() + left.pause;
                self.poke(id, Seq(0), context);
            }
            Some(left) if head > left.swept => {
                let from = left.swept;
                self.poke(id, from, context);
            }
            Some(_) => {}
        }
    }

    fn end_idle(&mut self) {
        let idle = self.tools.patience.borrow().idle;
        for entry in self.registry.values_mut() {
            let rests =
                entry.vitals.resting_since.get().is_some_and(|since| since.elapsed() >= idle);
            if rests && !entry.ending && entry.postbox.vital().waiting() == 0 {
                entry.ending = true;
                entry.postbox.post(End);
            }
        }
    }
}

impl Actor for ChannelSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.look(context);
        context.run_interval(LOOK_PAUSE, |supervisor, context| {
            supervisor.end_idle();
            supervisor.look(context);
        });
    }
}

impl Supervised for ChannelSupervisor {
    /// actix calls `started` again, which looks anew.
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.looking = false;
    }
}

/// A channel's log has grown.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Grown(pub ChannelId);

impl Handler<Grown> for ChannelSupervisor {
    type Result = ();

    fn handle(&mut self, Grown(id): Grown, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::Grown);
        if self.tools.paused.contains(id) {
            return;
        }
        let from = self.swept(id);
        self.poke(id, from, context);
    }
}

/// A channel pauses no more: what is open is handed out anew, to everybody who is behind.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Resumed(pub ChannelId);

impl Handler<Resumed> for ChannelSupervisor {
    type Result = ();

    fn handle(&mut self, Resumed(id): Resumed, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::Resumed);
        self.left.remove(&id);
        if let Some(entry) = self.registry.get(&id) {
            entry.vitals.from_start.set(true);
        }
        self.poke(id, Seq(0), context);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct ChildExited {
    id: ChannelId,
    exit: Exit,
}

impl Handler<ChildExited> for ChannelSupervisor {
    type Result = ();

    fn handle(&mut self, ChildExited { id, exit }: ChildExited, context: &mut Context<Self>) {
        let vital = Arc::clone(&self.vital);
        let _turn = vital.handling(Heard::ChildExited);
        let Some(entry) = self.registry.remove(&id) else { return };
        let from_start = entry.vitals.from_start.get();
        let swept = if from_start { Seq(0) } else { entry.vitals.swept.get() };
        let left = self.left.entry(id).or_insert_with(|| Left {
            swept,
            again_at: Instant::now() + RESWEEP.0,
            pause: RESWEEP.0,
        });
        left.swept = swept;
        if let Exit::GivenUp(_) = exit {
            self.root.post(ChildGivenUp { kind: ActorKind::ChannelWorker });
        }
        if entry.poked_while_ending {
            self.poke(id, swept, context);
        }
    }
}
