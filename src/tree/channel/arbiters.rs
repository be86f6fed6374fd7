//! The delivery arbiters as channels see them: where a subscription is placed, and the credits that bound what is
//! under way there.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::id::SubscriptionId;
use crate::model::{Member, Stretch};
use crate::store::work::Share;
use crate::tree::observe::kin::Kin;
use crate::tree::postbox::Postbox;
use crate::tree::subscription::supervisor::{HandOut, SubscriptionSupervisor};

/// One delivery arbiter.
#[derive(Clone)]
pub struct Arbiter {
    /// Which subscriptions are placed on it.
    pub share: Share,
    /// Its supervisor.
    pub supervisor: Postbox<SubscriptionSupervisor>,
    /// What its workers have in common.
    pub workers: Arc<Kin>,
    /// How many more deliveries may be under way on it.
    pub credits: Arc<Semaphore>,
    /// How many may be under way at once.
    pub all_credits: usize,
}

/// Members of one page: channels take turns at the credits, so many members at a time.
const PAGE: usize = 256;

/// All of them.
#[derive(Clone)]
pub struct Arbiters {
    all: Arc<[Arbiter]>,
    page: i64,
}

impl Arbiters {
    /// All arbiters, with so many credits each; the share of each says how many there are.
    pub fn new(arbiters: Vec<Arbiter>, credits: usize) -> Self {
        let page = i64::try_from(PAGE.min(credits)).expect("a page is small");
        Self { all: arbiters.into(), page }
    }

    /// How many members may be handed something at once: never more than there are credits, all of which one
    /// arbiter may have to give for a page.
    pub fn page(&self) -> i64 {
        self.page
    }

    /// Where a subscription is placed.
    pub fn of(&self, subscription: SubscriptionId) -> Option<&Arbiter> {
        self.all.iter().find(|arbiter| arbiter.share.holds(subscription))
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Arbiter> {
        self.all.iter()
    }
}

impl Arbiter {
    /// Waits for so many of its credits. First come, first served: so channels take turns, a page at a time.
    pub async fn credits(&self, count: usize) -> Vec<OwnedSemaphorePermit> {
        let count = u32::try_from(count).expect("a page is small");
        let credits = Arc::clone(&self.credits).acquire_many_owned(count).await;
        let mut credits = credits.expect("the semaphore of an arbiter is never closed");
        std::iter::from_fn(|| credits.split(1)).collect()
    }

    /// Hands a stretch to members that are placed here, each with one of its credits.
    pub fn hand_out(
        &self,
        read_at: Instant,
        stretch: &Arc<Stretch>,
        members: Vec<Member>,
        credits: Vec<OwnedSemaphorePermit>,
    ) {
        let (stretch, members) = (Arc::clone(stretch), members.into_iter().zip(credits).collect());
        self.supervisor.post(HandOut { read_at, stretch, members });
    }
}
