//! What a SubscriptionSupervisor shows of itself and of its workers, and how they are killed.

use std::sync::Arc;

use actix::{Context, Handler, MessageResult};
use tokio::time::Instant;

use super::SubscriptionSupervisor;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::meter::Window;
use crate::tree::observe::recent::Heard;
use crate::tree::observe::row::Row;
use crate::tree::observe::selection::Selection;
use crate::tree::observe::{
    Figure, ListChildren, Look, LookAtChild, LookAtChildren, Particulars, Seen,
};
use crate::tree::subscription::registry::Entry;
use crate::tree::supervision::kill::{Kill, KillChild};
use crate::webpush::service::PushService;

impl SubscriptionSupervisor {
    fn entry(&self, id: ActorId) -> Option<&Entry> {
        match id {
            ActorId::Subscription(arbiter, subscription) if arbiter == self.share.index => {
                self.registry.get(subscription)
            }
            ActorId::Root
            | ActorId::Journal
            | ActorId::Http
            | ActorId::Channels
            | ActorId::Channel(_)
            | ActorId::Subscriptions(_)
            | ActorId::Subscription(..) => None,
        }
    }
}

fn seen(entry: &Entry) -> Seen {
    let vitals = entry.vitals();
    let known = vitals.known.borrow();
    let mut figures = vec![Figure::count("attempts_settled", vitals.settled.get())];
    if let Some(known) = known.as_ref() {
        let service = PushService::of(known.endpoint.origin());
        figures.push(Figure::text("push_service", service.label()));
        let generation = u64::try_from(known.generation.0).unwrap_or(0);
        figures.push(Figure::count("generation", generation));
    }
    Seen {
        row: Row::of(entry, Instant::now(), Window::default()),
        vital: Arc::clone(&vitals.vital),
        particulars: Particulars {
            figures,
            app: known.as_ref().map(|known| known.app),
            channel: None,
            subscription: known.as_ref().map(|known| known.public_id.as_str().to_owned()),
        },
    }
}

impl Handler<Look> for SubscriptionSupervisor {
    type Result = MessageResult<Look>;

    fn handle(&mut self, _: Look, _: &mut Context<Self>) -> Self::Result {
        let figures = vec![
            Figure::count("credits_free", self.credits.available_permits() as u64),
            Figure::count("due_credits_free", self.due_credits.available_permits() as u64),
            Figure::count("workers_at_most", self.max_workers as u64),
            Figure::count("suspects", self.suspects.len() as u64),
        ];
        MessageResult(Particulars { figures, ..Particulars::default() })
    }
}

impl Handler<ListChildren> for SubscriptionSupervisor {
    type Result = MessageResult<ListChildren>;

    fn handle(&mut self, _: ListChildren, _: &mut Context<Self>) -> Self::Result {
        let actor = |subscription| ActorId::Subscription(self.share.index, subscription);
        MessageResult(self.registry.ids().map(actor).collect())
    }
}

impl Handler<LookAtChildren> for SubscriptionSupervisor {
    type Result = MessageResult<LookAtChildren>;

    fn handle(&mut self, looked: LookAtChildren, _: &mut Context<Self>) -> Self::Result {
        let entries = looked.among.iter().filter_map(|id| self.entry(*id));
        MessageResult(Selection::of(entries, &looked.query))
    }
}

impl Handler<LookAtChild> for SubscriptionSupervisor {
    type Result = MessageResult<LookAtChild>;

    fn handle(&mut self, LookAtChild(id): LookAtChild, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.entry(id).map(seen))
    }
}

impl Handler<KillChild> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, KillChild { id, kill }: KillChild, _: &mut Context<Self>) {
        let _turn = self.vital.handling(Heard::KillChild);
        if let Some(entry) = self.entry(id) {
            entry.kill(kill);
        }
    }
}

impl Handler<Kill> for SubscriptionSupervisor {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        self.vital.received(Heard::Kill);
        kill.unwind()
    }
}
