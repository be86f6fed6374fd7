//! The sweep: a walk over a channel's members by id, a page at a time, that hands each who is behind what is open.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::arbiters::Arbiters;
use crate::id::{ChannelId, Seq, SubscriptionId};
use crate::model::{Member, Stretch};
use crate::store::{Page, PageQuery, Store, StoreError};
use crate::tree::sabotage::{Place, Sabotage};
use crate::tree::subscription::supervisor::FRESH;

/// Open notifications handed out at once. Who is further behind than that asks the store.
const STRETCH: i64 = 32;

/// What a sweep works with.
#[derive(Clone)]
pub struct Sweep {
    /// The channel.
    pub channel: ChannelId,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Where deliveries go.
    pub arbiters: Arbiters,
    /// Panics that tests ask for.
    pub sabotage: Sabotage,
}

/// How far a sweep came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Swept {
    /// Everything up to here has been handed out, is closed, or is with members who wait and look for themselves.
    pub to: Seq,
    /// How many members were handed something.
    pub handed: u64,
    /// Whether that was all there is.
    pub is_all: bool,
}

impl Sweep {
    /// Hands out the next stretch after `from` to all members who are behind. `None`: the channel is gone.
    pub async fn run(&self, from: Seq) -> Result<Option<Swept>, StoreError> {
        let Some(stretch) = self.store.stretch(self.channel, from, STRETCH).await? else {
            return Ok(None);
        };
        let is_all = i64::try_from(stretch.open.len()).is_ok_and(|open| open < STRETCH);
        let (to, last_open) = (stretch.to, stretch.open.last().map(|open| open.seq));
        let handed = match last_open {
            None => 0,
            Some(last_open) => self.hand_to_all(Arc::new(stretch), last_open).await?,
        };
        Ok(Some(Swept { to, handed, is_all }))
    }

    async fn hand_to_all(&self, stretch: Arc<Stretch>, behind: Seq) -> Result<u64, StoreError> {
        let mut after = SubscriptionId(0);
        let mut handed = 0;
        loop {
            let query =
                PageQuery { channel: self.channel, after, behind, limit: self.arbiters.page() };
            let (read_at, page) = self.read(query).await?;
            let Some(last) = page.last else { return Ok(handed) };
            handed += self.hand_out(query, read_at, page.members, &stretch).await?;
            after = last;
            // Pages that nobody on them needs come without a wait: let the others on this thread have a turn.
            tokio::task::yield_now().await;
        }
    }

    async fn read(&self, query: PageQuery) -> Result<(Instant, Page), StoreError> {
        let read_at = Instant::now();
        Ok((read_at, self.store.page(query).await?))
    }

    async fn hand_out(
        &self,
        query: PageQuery,
        read_at: Instant,
        members: Vec<Member>,
        stretch: &Arc<Stretch>,
    ) -> Result<u64, StoreError> {
        if members.is_empty() {
            return Ok(0);
        }
        self.sabotage.at(Place::HandOut(members.len()));
        let credits = self.arbiters.credits_for(&members).await;
        if read_at.elapsed() < FRESH / 2 {
            let count = members.len() as u64;
            self.arbiters.hand_out(read_at, stretch, members, credits);
            return Ok(count);
        }
        self.hand_out_again(query, credits, stretch).await
    }

    /// The credits took so long that the page is old: it is read again, and those who are still behind get theirs.
    async fn hand_out_again(
        &self,
        query: PageQuery,
        held: Vec<OwnedSemaphorePermit>,
        stretch: &Arc<Stretch>,
    ) -> Result<u64, StoreError> {
        let (read_at, page) = self.read(query).await?;
        // Who is on the page may have changed; with these back, theirs are to be had at once.
        drop(held);
        let credits = self.arbiters.credits_for(&page.members).await;
        let count = page.members.len() as u64;
        self.arbiters.hand_out(read_at, stretch, page.members, credits);
        Ok(count)
    }
}
