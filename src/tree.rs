//! The tree of actors. Who is below whom is who supervises whom:
//!
//! ```text
//! Root
//! ├── ChannelSupervisor        registry ChannelId → ChannelWorker, started on demand
//! │   └── ChannelWorker        one per active channel: hands out its log, member by member
//! └── SubscriptionSupervisor   one per delivery arbiter; registry SubscriptionId → SubscriptionWorker
//!     └── SubscriptionWorker   one per active endpoint: encrypts, sends, waits, retries, deletes itself
//! ```
//!
//! Channels and subscriptions are siblings: an endpoint in three channels is one actor, so all that goes to it
//! goes through one place, in one order. Workers start on demand and end when idle.

pub mod actor_id;
pub mod channel;
pub mod gates;
pub mod load;
pub mod observe;
mod options;
pub mod pauses;
pub mod postbox;
mod push_services;
pub mod root;
pub mod sabotage;
pub mod subscription;
pub mod supervision;
mod test_reply;
mod threads;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::MailboxError;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::clock::Clock;
use crate::delivery::gate::GatePolicy;
use crate::metrics::{ActorKind, Metrics};
use crate::model::{Payload, Subscription};
use crate::push::Push;
use crate::store::work::Share;
use crate::store::{Committed, Store};
use crate::webpush::vapid::VapidSigner;
use actor_id::ActorId;
use channel::arbiters::{Arbiter, Arbiters};
use channel::supervisor::{ChannelSupervisor, ChannelTools, Grown, Resumed};
use gates::Gates;
use observe::alarms::Alarms;
use observe::kin::Kin;
use observe::vital::Vital;
use pauses::PausedChannels;
use postbox::Postbox;
use root::Root;
use subscription::drain::Drain;
use subscription::supervisor::{Changed, SubscriptionSupervisor};
use subscription::tools::Tools;
use subscription::worker::SendTest;
use threads::{Threads, supervise};

pub use options::{Patience, TreeOptions};
pub use test_reply::TestReply;

/// Requests that may be under way at a push service of which nothing is known yet.
const FIRST_REQUESTS: u32 = 64;

/// How often a drain looks whether it is done.
const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// Makes an arbiter's way out, on the arbiter's own thread.
pub type MakePush = Arc<dyn Fn() -> Rc<dyn Push> + Send + Sync>;

/// What the tree is made of.
#[derive(Clone)]
pub struct TreeParts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Makes each arbiter's way out.
    pub push: MakePush,
    /// Signs requests.
    pub signer: Arc<VapidSigner>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What time it is.
    pub clock: Clock,
    /// Numbers.
    pub options: TreeOptions,
}

/// The tree from outside.
#[derive(Clone)]
pub struct Tree {
    /// Nothing, where nothing is delivered.
    branches: Option<Branches>,
    store: Arc<dyn Store>,
    writable: watch::Sender<bool>,
    patience: watch::Sender<Patience>,
    failed: watch::Receiver<bool>,
    drain: Drain,
    paused: PausedChannels,
    threads: Threads,
    alarms: Alarms,
}

#[derive(Clone)]
struct Branches {
    root: Postbox<Root>,
    channels: Postbox<ChannelSupervisor>,
    /// What all workers of channels have in common.
    channel_workers: Arc<Kin>,
    arbiters: Arbiters,
    gates: Arc<Gates>,
    signer: Arc<VapidSigner>,
}

impl Tree {
    /// Grows the tree. It runs until the process ends; whoever starts it must be inside an actix system.
    pub async fn start(parts: TreeParts) -> Result<Self, MailboxError> {
        let (threads, drain) = (Threads::default(), Drain::default());
        let alarms = Alarms::new(parts.clock);
        let (failed_sender, failed) = watch::channel(false);
        let paused = PausedChannels::new(&parts.store.directory().pauses);
        let (writable, writable_receiver) = watch::channel(true);
        let (patience, patience_receiver) = watch::channel(parts.options.patience());
        let root = {
            let parts = parts.clone();
            let failed = failed_sender.clone();
            let vital = Vital::new(ActorId::Root, kin(&parts, ActorKind::Root, &alarms));
            let make =
                move |vital| Root::new(parts.store, parts.metrics, parts.clock, failed, vital);
            supervise(&threads.start("root"), vital, failed_sender.clone(), make).await?
        };
        let gates = Arc::new(gates(&parts));
        let passage = Passage {
            writable: writable_receiver,
            patience: patience_receiver.clone(),
            drain: drain.clone(),
            paused: paused.clone(),
            gates: Arc::clone(&gates),
        };
        let mut arbiters = Vec::new();
        for index in 0..parts.options.arbiters.get() {
            let share = Share { index: index as u64, of: parts.options.arbiters.get() as u64 };
            let arbiter = start_arbiter(
                &threads,
                &parts,
                share,
                root.clone(),
                passage.clone(),
                failed_sender.clone(),
                &alarms,
            );
            arbiters.push(arbiter.await?);
        }
        let arbiters = Arbiters::new(arbiters, parts.options.credits);
        let channel_workers = kin(&parts, ActorKind::ChannelWorker, &alarms);
        let channels = {
            let kind = ActorKind::ChannelSupervisor;
            let vital = Vital::new(ActorId::Channels, kin(&parts, kind, &alarms));
            let (options, root) = (parts.options, root.clone());
            let tools = ChannelTools {
                store: Arc::clone(&parts.store),
                arbiters: arbiters.clone(),
                workers: Arc::clone(&channel_workers),
                patience: patience_receiver,
                paused: paused.clone(),
                restarts: options.restarts,
                sabotage: options.sabotage,
            };
            let make = move |vital| ChannelSupervisor::new(tools, root, vital);
            supervise(&threads.start("channels"), vital, failed_sender, make).await?
        };
        let signer = parts.signer;
        let branches = Some(Branches { root, channels, channel_workers, arbiters, gates, signer });
        let store = parts.store;
        Ok(Self { branches, store, writable, patience, failed, drain, paused, threads, alarms })
    }

    /// A tree that delivers nothing: for a command that needs the API and no more.
    pub fn bare(store: Arc<dyn Store>) -> Self {
        let (writable, _) = watch::channel(true);
        let (patience, _) = watch::channel(TreeOptions::default().patience());
        let (_, failed) = watch::channel(false);
        let (drain, threads) = (Drain::default(), Threads::default());
        let alarms = Alarms::new(Clock::System);
        let paused = PausedChannels::default();
        Self { branches: None, store, writable, patience, failed, drain, paused, threads, alarms }
    }

    /// Waits as `patience` says from now on; a wait that has begun ends when it was to end.
    pub fn heed(&self, patience: Patience) {
        self.patience.send_replace(patience);
        if let Some(Branches { gates, .. }) = &self.branches {
            gates.heed(patience.retry);
        }
    }

    /// How many requests to push services have begun whose results are not on disk yet.
    pub fn under_way(&self) -> usize {
        self.drain.under_way()
    }

    /// Lets no request start until further notice, or lets them start again. What is under way is settled, what is
    /// accepted meanwhile waits. It is not kept over a restart.
    pub fn set_draining(&self, draining: bool) {
        self.drain.set(draining);
    }

    /// Whether an operator has drained the node.
    pub fn is_draining(&self) -> bool {
        self.drain.is_set()
    }

    /// Lets no further request start, and waits until what is under way is on disk; `false` when that took longer
    /// than `deadline`.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.drain.begin();
        let drained = async {
            let mut looks = tokio::time::interval(DRAIN_LOOK);
            while self.drain.under_way() > 0 {
                looks.tick().await;
            }
        };
        tokio::time::timeout(deadline, drained).await.is_ok()
    }

    /// Ends all actors and the threads that they run on. What they had not settled is in the store, and goes on
    /// from there at the next start.
    pub async fn stop(&self) {
        let threads = self.threads.clone();
        if tokio::task::spawn_blocking(move || threads.stop()).await.is_err() {
            tracing::error!("the tree could not be stopped");
        }
    }

    /// Acts on what the store has committed.
    pub fn committed(&self, event: Committed) {
        if let Committed::Writable(writable) = event {
            self.writable.send_replace(writable);
        }
        let Some(Branches { channels, arbiters, .. }) = &self.branches else { return };
        match event {
            Committed::Accepted(channel) => channels.post(Grown(channel)),
            Committed::SubscriptionChanged(id) => {
                if let Some(arbiter) = arbiters.of(id) {
                    arbiter.supervisor.post(Changed(id));
                }
            }
            Committed::PausesChanged => {
                let resumed = self.paused.heed(&self.store.directory().pauses);
                resumed.into_iter().for_each(|channel| channels.post(Resumed(channel)));
            }
            Committed::Writable(_) => {}
        }
    }

    /// Sends a test message to one subscription alone.
    pub async fn send_test(&self, subscription: Arc<Subscription>, payload: Payload) -> TestReply {
        let unavailable = || TestReply::Unavailable("no worker took it; try again".to_owned());
        if !*self.writable.borrow() {
            // It would wait for the store with all others, and whoever asked with it.
            let reason = "the store cannot be written, and nothing is sent until it can; try again";
            return TestReply::Unavailable(reason.to_owned());
        }
        if self.drain.is_set() {
            return TestReply::drained();
        }
        let arbiter = self.branches.as_ref().and_then(|tree| tree.arbiters.of(subscription.id));
        let Some(arbiter) = arbiter else { return unavailable() };
        let (reply, answer) = oneshot::channel();
        arbiter.supervisor.post(SendTest { subscription, payload, reply });
        match answer.await {
            Ok(attempted) => TestReply::from(attempted),
            // It was drained before its turn came.
            Err(_) if self.drain.is_set() => TestReply::drained(),
            Err(_) => unavailable(),
        }
    }

    /// Whether all of it runs and the store can be written.
    pub fn is_ready(&self) -> bool {
        !*self.failed.borrow() && *self.writable.borrow()
    }

    /// Ends when the process had better end.
    pub async fn failed(&self) {
        if self.failed.clone().wait_for(|failed| *failed).await.is_err() {
            // There is nobody who could fail.
            std::future::pending().await
        }
    }
}

/// What all requests of all arbiters pass.
#[derive(Clone)]
struct Passage {
    writable: watch::Receiver<bool>,
    patience: watch::Receiver<Patience>,
    drain: Drain,
    paused: PausedChannels,
    gates: Arc<Gates>,
}

/// No push service may take up all credits: at most half of them are under way there.
fn gates(parts: &TreeParts) -> Gates {
    let credits = parts.options.credits.saturating_mul(parts.options.arbiters.get());
    let policy = GatePolicy {
        retry: parts.options.retry,
        first: FIRST_REQUESTS,
        most: u32::try_from(credits / 2).unwrap_or(u32::MAX).max(1),
        places: FIRST_REQUESTS,
    };
    Gates::new(policy, parts.clock, Arc::clone(&parts.metrics))
}

/// What all actors of a kind will have in common.
fn kin(parts: &TreeParts, kind: ActorKind, alarms: &Alarms) -> Arc<Kin> {
    Arc::new(Kin::new(kind, &parts.metrics, alarms.clone()))
}

async fn start_arbiter(
    threads: &Threads,
    parts: &TreeParts,
    share: Share,
    root: Postbox<Root>,
    passage: Passage,
    failed: watch::Sender<bool>,
    alarms: &Alarms,
) -> Result<Arbiter, MailboxError> {
    let credits = Arc::new(Semaphore::new(parts.options.credits));
    let workers = kin(parts, ActorKind::SubscriptionWorker, alarms);
    let make = {
        let (parts, credits, workers) = (parts.clone(), Arc::clone(&credits), Arc::clone(&workers));
        move |vital| {
            let TreeParts { store, push, signer, metrics, clock, options } = parts;
            let tools = Tools {
                arbiter: share.index,
                store,
                push: push(),
                signer,
                patience: passage.patience,
                clock,
                metrics,
                workers,
                writable: passage.writable,
                drain: passage.drain,
                paused: passage.paused,
                gates: passage.gates,
                restarts: options.restarts,
                sabotage: options.sabotage,
            };
            SubscriptionSupervisor::new(share, tools, options.max_workers, credits, root, vital)
        }
    };
    let kin = kin(parts, ActorKind::SubscriptionSupervisor, alarms);
    let vital = Vital::new(ActorId::Subscriptions(share.index), kin);
    let thread = threads.start(&load::thread_name(share.index));
    let supervisor = supervise(&thread, vital, failed, make).await?;
    Ok(Arbiter { share, supervisor, workers, credits, all_credits: parts.options.credits })
}
