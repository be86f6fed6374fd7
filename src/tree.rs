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

use actix::{Addr, MailboxError, Recipient};
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
use observe::{Observe, ObserveChildren, Snapshot, TreeSnapshot};
use pauses::PausedChannels;
use root::{ChildGivenUp, Root};
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
}

#[derive(Clone)]
struct Branches {
    root: Addr<Root>,
    channels: Addr<ChannelSupervisor>,
    arbiters: Arbiters,
    gates: Arc<Gates>,
    signer: Arc<VapidSigner>,
}

impl Tree {
    /// Grows the tree. It runs until the process ends; whoever starts it must be inside an actix system.
    pub async fn start(parts: TreeParts) -> Result<Self, MailboxError> {
        let (threads, drain) = (Threads::default(), Drain::default());
        let (failed_sender, failed) = watch::channel(false);
        let paused = PausedChannels::new(&parts.store.directory().pauses);
        let (writable, writable_receiver) = watch::channel(true);
        let (patience, patience_receiver) = watch::channel(parts.options.patience());
        let root = {
            let parts = parts.clone();
            let failed = failed_sender.clone();
            let make = move || Root::new(parts.store, parts.metrics, parts.clock, failed);
            let (kind, id) = (ActorKind::Root, ActorId::Root);
            supervise(&threads.start("root"), kind, id, failed_sender.clone(), make).await?
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
                root.clone().recipient(),
                passage.clone(),
                failed_sender.clone(),
            );
            arbiters.push(arbiter.await?);
        }
        let arbiters = Arbiters::new(arbiters, parts.options.credits);
        let channels = {
            let (options, root) = (parts.options, root.clone().recipient());
            let tools = ChannelTools {
                store: Arc::clone(&parts.store),
                arbiters: arbiters.clone(),
                metrics: parts.metrics,
                patience: patience_receiver,
                paused: paused.clone(),
                restarts: options.restarts,
                sabotage: options.sabotage,
            };
            let make = move || ChannelSupervisor::new(tools, root);
            let (kind, id) = (ActorKind::ChannelSupervisor, ActorId::Channels);
            supervise(&threads.start("channels"), kind, id, failed_sender, make).await?
        };
        let signer = parts.signer;
        let branches = Some(Branches { root, channels, arbiters, gates, signer });
        let store = parts.store;
        Ok(Self { branches, store, writable, patience, failed, drain, paused, threads })
    }

    /// A tree that delivers nothing: for a command that needs the API and no more.
    pub fn bare(store: Arc<dyn Store>) -> Self {
        let (writable, _) = watch::channel(true);
        let (patience, _) = watch::channel(TreeOptions::default().patience());
        let (_, failed) = watch::channel(false);
        let (drain, threads) = (Drain::default(), Threads::default());
        let paused = PausedChannels::default();
        Self { branches: None, store, writable, patience, failed, drain, paused, threads }
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
            Committed::Accepted(channel) => channels.do_send(Grown(channel)),
            Committed::SubscriptionChanged(id) => {
                if let Some(arbiter) = arbiters.of(id) {
                    arbiter.supervisor.do_send(Changed(id));
                }
            }
            Committed::PausesChanged => {
                let resumed = self.paused.heed(&self.store.directory().pauses);
                resumed.into_iter().for_each(|channel| channels.do_send(Resumed(channel)));
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
        arbiter.supervisor.do_send(SendTest { subscription, payload, reply });
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

    /// What the tree looks like, without the workers one by one.
    pub async fn snapshot(&self) -> Result<TreeSnapshot, MailboxError> {
        let Branches { root, channels, arbiters, .. } = self.branches()?;
        let mut subscriptions = Vec::new();
        for arbiter in arbiters.iter() {
            subscriptions.push(arbiter.supervisor.send(Observe).await?);
        }
        Ok(TreeSnapshot {
            root: root.send(Observe).await?,
            journal: self.store.journal(),
            channels: channels.send(Observe).await?,
            subscriptions,
        })
    }

    /// The workers of channels and of subscriptions, at most `limit` of each supervisor.
    pub async fn workers(&self, limit: usize) -> Result<Vec<Snapshot>, MailboxError> {
        let Branches { channels, arbiters, .. } = self.branches()?;
        let mut workers = channels.send(ObserveChildren { limit }).await?;
        for arbiter in arbiters.iter() {
            workers.extend(arbiter.supervisor.send(ObserveChildren { limit }).await?);
        }
        Ok(workers)
    }

    fn branches(&self) -> Result<&Branches, MailboxError> {
        self.branches.as_ref().ok_or(MailboxError::Closed)
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

async fn start_arbiter(
    threads: &Threads,
    parts: &TreeParts,
    share: Share,
    root: Recipient<ChildGivenUp>,
    passage: Passage,
    failed: watch::Sender<bool>,
) -> Result<Arbiter, MailboxError> {
    let credits = Arc::new(Semaphore::new(parts.options.credits));
    let make = {
        let (parts, credits) = (parts.clone(), Arc::clone(&credits));
        move || {
            let TreeParts { store, push, signer, metrics, clock, options } = parts;
            let tools = Tools {
                arbiter: share.index,
                store,
                push: push(),
                signer,
                patience: passage.patience,
                clock,
                metrics,
                writable: passage.writable,
                drain: passage.drain,
                paused: passage.paused,
                gates: passage.gates,
                restarts: options.restarts,
                sabotage: options.sabotage,
            };
            SubscriptionSupervisor::new(share, tools, options.max_workers, credits, root)
        }
    };
    let kind = ActorKind::SubscriptionSupervisor;
    let id = ActorId::Subscriptions(share.index);
    let thread = threads.start(&load::thread_name(share.index));
    let supervisor = supervise(&thread, kind, id, failed, make).await?;
    Ok(Arbiter { share, supervisor, credits, all_credits: parts.options.credits })
}
