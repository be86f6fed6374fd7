//! A channel's worker, step by step: it reads the log, then a page of members, hands that out, and reads the next.

use std::sync::Arc;

use fanfare::id::{ChannelId, Seq, SubscriptionId};
use fanfare::store::Store;
use fanfare::store::work::PageQuery;
use fanfare::tree::channel::sweep::next;

use super::World;
use crate::model::tree::{Mail, Page, Sweep};

/// Few, so that there is a next one.
const STRETCH: i64 = 3;
const PAGE: i64 = 2;

impl World {
    pub(super) async fn sweep(&mut self, channel: usize, steps: usize) {
        let mut rows: Vec<_> = self.tree.sweeps.keys().map(|id| id.0).collect();
        for entry in self.reference.notifications.iter().filter(|entry| !entry.is_finished()) {
            rows.extend(self.reference.channels[entry.channel].row);
        }
        rows.sort_unstable();
        rows.dedup();
        if rows.is_empty() {
            return;
        }
        let id = ChannelId(rows[channel % rows.len()]);
        for _ in 0..steps {
            if !self.sweep_once(id).await {
                return;
            }
        }
    }

    /// One step; `false`: there was nothing to do.
    pub(super) async fn sweep_once(&mut self, id: ChannelId) -> bool {
        let is_paused = self.tree.paused.contains(&id);
        let Some(sweep) = self.tree.sweeps.get_mut(&id) else {
            return !is_paused && self.begin(id).await;
        };
        if let Some(page) = sweep.page.take() {
            sweep.after = page.last;
            if !page.members.is_empty() {
                let stretch = Arc::clone(&sweep.stretch);
                self.tree.mail.push_back(Mail::HandOut { page, stretch });
                self.count("hand-out");
            }
            return true;
        }
        if is_paused {
            self.count("paused sweep");
            self.tree.sweeps.remove(&id);
            return false;
        }
        let (after, behind) = (sweep.after, sweep.behind);
        let stretch = Arc::clone(&sweep.stretch);
        let among = stretch.named().map(|named| next(&named, after, PAGE).to_vec());
        let (read_at, read) = (self.now(), self.tree.tick());
        let query = PageQuery { channel: id, after, behind, limit: PAGE, among };
        let mut found = self.store.page(query).await.unwrap();
        found.members.retain(|member| stretch.is_for(member));
        match found.last {
            Some(last) => {
                let page = Page { read_at, read, members: found.members, last };
                self.tree.sweeps.get_mut(&id).unwrap().page = Some(page);
            }
            None => {
                let sweep = self.tree.sweeps.remove(&id).unwrap();
                self.swept(id, sweep.stretch.to);
            }
        }
        true
    }

    async fn begin(&mut self, id: ChannelId) -> bool {
        if self.tree.from_start.remove(&id) {
            self.tree.swept.remove(&id);
        }
        let from = self.tree.swept.get(&id).copied().unwrap_or_default();
        let Some(stretch) = self.store.stretch(id, from, STRETCH).await.unwrap() else {
            return false;
        };
        let Some(last) = stretch.open.last() else {
            self.swept(id, stretch.to);
            return false;
        };
        let behind = last.seq;
        self.count("sweep");
        let sweep =
            Sweep { stretch: Arc::new(stretch), behind, after: SubscriptionId(0), page: None };
        self.tree.sweeps.insert(id, sweep);
        true
    }

    fn swept(&mut self, id: ChannelId, to: Seq) {
        let swept = self.tree.swept.entry(id).or_default();
        *swept = (*swept).max(to);
    }
}
