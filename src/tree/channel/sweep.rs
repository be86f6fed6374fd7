//! The sweep: a walk over a channel's members by id, a page at a time, that hands each who is behind what is open.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::arbiters::Arbiters;
use super::vitals::ChannelVitals;
use crate::id::{ChannelId, Seq, SubscriptionId};
use crate::model::{Member, Stretch};
use crate::store::work::PageQuery;
use crate::store::{Store, StoreError};
use crate::tree::pauses::PausedChannels;
use crate::tree::sabotage::{Place, Sabotage};

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
    /// Channels of which nothing may be sent.
    pub paused: PausedChannels,
    /// Panics that tests ask for.
    pub sabotage: Sabotage,
    /// Where the worker's supervisor sees what it does.
    pub vitals: Rc<ChannelVitals>,
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

/// How many members were handed something.
enum Handed {
    /// All who are behind.
    All(u64),
    /// Those before the channel was paused.
    Some(u64),
}

impl Sweep {
    /// Hands out the next stretch after `from` to all members who are behind. `None`: the channel is gone. Of one that
    /// pauses it has come nowhere, and there is no more to do until somebody resumes it.
    pub async fn run(&self, from: Seq) -> Result<Option<Swept>, StoreError> {
        let paused = |handed| Ok(Some(Swept { to: from, handed, is_all: true }));
        if self.is_paused() {
            return paused(0);
        }
        let Some(stretch) = self.store.stretch(self.channel, from, STRETCH).await? else {
            return Ok(None);
        };
        self.vitals.of.get_or_init(|| (stretch.app, Arc::clone(&stretch.name)));
        let is_all = i64::try_from(stretch.open.len()).is_ok_and(|open| open < STRETCH);
        let (to, last_open) = (stretch.to, stretch.open.last().map(|open| open.seq));
        if let [only] = stretch.open.as_slice() {
            tracing::Span::current().record("notification", only.id.as_str());
        }
        let open = stretch.open.len();
        let handed = match last_open {
            None => 0,
            Some(last_open) => match self.hand_to_all(Arc::new(stretch), last_open).await? {
                Handed::All(handed) => handed,
                Handed::Some(handed) => return paused(handed),
            },
        };
        if open > 0 {
            tracing::debug!(open, to = to.0, handed, "a sweep has handed out what is open");
        }
        Ok(Some(Swept { to, handed, is_all }))
    }

    async fn hand_to_all(&self, stretch: Arc<Stretch>, behind: Seq) -> Result<Handed, StoreError> {
        // What is for a few alone is looked for with them alone, not with a million others.
        let named = stretch.named();
        let mut after = SubscriptionId(0);
        let mut handed = 0;
        loop {
            if self.is_paused() {
                return Ok(Handed::Some(handed));
            }
            let limit = self.arbiters.page();
            let among = named.as_deref().map(|named| next(named, after, limit).to_vec());
            let query = PageQuery { channel: self.channel, after, behind, limit, among };
            let read_at = Instant::now();
            let mut page = self.store.page(query).await?;
            let Some(last) = page.last else { return Ok(Handed::All(handed)) };
            page.members.retain(|member| stretch.is_for(member));
            handed += self.hand_out(read_at, &page.members, &stretch).await;
            after = last;
            // Pages that nobody on them needs come without a wait: let the others on this thread have a turn.
            tokio::task::yield_now().await;
        }
    }

    fn is_paused(&self) -> bool {
        self.paused.contains(self.channel)
    }

    /// Hands out one page, arbiter by arbiter, so that a busy one does not sit on the credits of the others. Where
    /// the credits take long the page grows old; the supervisor sees that by `read_at`, and then asks the store.
    async fn hand_out(&self, read_at: Instant, members: &[Member], stretch: &Arc<Stretch>) -> u64 {
        if !members.is_empty() {
            self.sabotage.at(Place::HandOut(members.len()));
        }
        for arbiter in self.arbiters.iter() {
            let is_here = |member: &&Member| arbiter.share.holds(member.subscription.id);
            let here: Vec<_> = members.iter().filter(is_here).cloned().collect();
            if !here.is_empty() {
                let credits = arbiter.credits(here.len()).await;
                arbiter.hand_out(read_at, stretch, here, credits);
            }
        }
        members.len() as u64
    }
}

/// Those of `named` who come after `after`, at most `limit`.
pub fn next(named: &[SubscriptionId], after: SubscriptionId, limit: i64) -> &[SubscriptionId] {
    let from = named.partition_point(|id| *id <= after);
    let to = named.len().min(from + usize::try_from(limit).unwrap_or(usize::MAX));
    &named[from..to]
}
