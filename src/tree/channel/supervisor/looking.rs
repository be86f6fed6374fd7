//! What a ChannelSupervisor shows of itself and of its workers, and how they are killed.

use std::sync::Arc;

use actix::{Context, Handler, MessageResult};
use tokio::time::Instant;

use super::{ChannelSupervisor, Entry};
use crate::tree::actor_id::ActorId;
use crate::tree::observe::meter::Window;
use crate::tree::observe::recent::Heard;
use crate::tree::observe::row::Row;
use crate::tree::observe::selection::Selection;
use crate::tree::observe::{
    Figure, ListChildren, Look, LookAtChild, LookAtChildren, Particulars, Seen,
};
use crate::tree::supervision::kill::{Kill, KillChild};

impl ChannelSupervisor {
    fn entry(&self, id: ActorId) -> Option<&Entry> {
        match id {
            ActorId::Channel(channel) => self.registry.get(&channel),
            ActorId::Root
            | ActorId::Journal
            | ActorId::Http
            | ActorId::Channels
            | ActorId::Subscriptions(_)
            | ActorId::Subscription(..) => None,
        }
    }
}

impl Entry {
    fn seen(&self) -> Seen {
        let of = self.vitals.of.get();
        let figures = vec![
            Figure::count("sweeps", self.vitals.sweeps.get()),
            Figure::count("members_handed", self.vitals.handed.get()),
            Figure::count("swept_to", u64::try_from(self.vitals.swept.get().0).unwrap_or(0)),
        ];
        Seen {
            row: Row::of(self, Instant::now(), Window::default()),
            vital: Arc::clone(self.postbox.vital()),
            particulars: Particulars {
                figures,
                app: of.map(|(app, _)| *app),
                channel: of.map(|(_, name)| name.to_string()),
                subscription: None,
            },
        }
    }
}

impl Handler<Look> for ChannelSupervisor {
    type Result = MessageResult<Look>;

    fn handle(&mut self, _: Look, _: &mut Context<Self>) -> Self::Result {
        let figures = vec![
            Figure::count("sweeping", self.sweeping() as u64),
            Figure::count("channels_left_open", self.left.len() as u64),
        ];
        MessageResult(Particulars { figures, ..Particulars::default() })
    }
}

impl Handler<ListChildren> for ChannelSupervisor {
    type Result = MessageResult<ListChildren>;

    fn handle(&mut self, _: ListChildren, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.registry.keys().map(|channel| ActorId::Channel(*channel)).collect())
    }
}

impl Handler<LookAtChildren> for ChannelSupervisor {
    type Result = MessageResult<LookAtChildren>;

    fn handle(&mut self, looked: LookAtChildren, _: &mut Context<Self>) -> Self::Result {
        let entries = looked.among.iter().filter_map(|id| self.entry(*id));
        MessageResult(Selection::of(entries, &looked.query))
    }
}

impl Handler<LookAtChild> for ChannelSupervisor {
    type Result = MessageResult<LookAtChild>;

    fn handle(&mut self, LookAtChild(id): LookAtChild, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.entry(id).map(Entry::seen))
    }
}

impl Handler<KillChild> for ChannelSupervisor {
    type Result = ();

    fn handle(&mut self, KillChild { id, kill }: KillChild, _: &mut Context<Self>) {
        let _turn = self.vital.handling(Heard::KillChild);
        if let Some(entry) = self.entry(id).filter(|entry| !entry.ending) {
            entry.postbox.post(kill);
        }
    }
}

impl Handler<Kill> for ChannelSupervisor {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        self.vital.received(Heard::Kill);
        kill.unwind()
    }
}
