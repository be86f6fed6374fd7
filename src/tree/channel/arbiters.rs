//! The delivery arbiters as channels see them: where a subscription is placed, and the credits that bound what is
//! under way there.

use std::sync::Arc;

use actix::Addr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::id::SubscriptionId;
use crate::model::{Member, Stretch};
use crate::store::Share;
use crate::tree::subscription::supervisor::{HandOut, SubscriptionSupervisor};

/// One delivery arbiter.
#[derive(Clone)]
pub struct Arbiter {
    /// Which subscriptions are placed on it.
    pub share: Share,
    /// Its supervisor.
    pub supervisor: Addr<SubscriptionSupervisor>,
    /// How many more deliveries may be under way on it.
    pub credits: Arc<Semaphore>,
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

    /// Waits for a credit for each member.
    pub async fn credits_for(&self, members: &[Member]) -> Vec<OwnedSemaphorePermit> {
        let mut all = Vec::with_capacity(members.len());
        for arbiter in self.iter() {
            let count = members.iter().filter(|m| arbiter.share.holds(m.subscription.id)).count();
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            if count == 0 {
                continue;
            }
            // The semaphore is first come, first served: so channels take turns, a page at a time.
            let credits = Arc::clone(&arbiter.credits).acquire_many_owned(count).await;
            let mut credits = credits.expect("the semaphore of an arbiter is never closed");
            all.extend(std::iter::from_fn(|| credits.split(1)));
        }
        all
    }

    /// Hands a stretch to each of the members on `arbiter`, with a credit of that arbiter.
    pub fn hand_out(
        &self,
        read_at: Instant,
        stretch: &Arc<Stretch>,
        members: Vec<Member>,
        credits: Vec<OwnedSemaphorePermit>,
    ) {
        let mut credits = credits.into_iter();
        for arbiter in self.iter() {
            let here = members.iter().filter(|m| arbiter.share.holds(m.subscription.id)).cloned();
            let members: Vec<_> = here.zip(credits.by_ref()).collect();
            if !members.is_empty() {
                let stretch = Arc::clone(stretch);
                arbiter.supervisor.do_send(HandOut { read_at, stretch, members });
            }
        }
    }
}
