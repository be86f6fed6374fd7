//! How a SubscriptionWorker is killed, and how it goes on after that or after a panic.

use actix::{Context, Handler, Supervised};

use super::SubscriptionWorker;
use crate::delivery::outbox::Event;
use crate::tree::observe::recent::Heard;
use crate::tree::supervision::kill::Kill;

impl Supervised for SubscriptionWorker {
    fn restarting(&mut self, context: &mut Context<Self>) {
        self.vitals.restarted();
        self.outbox.restarted();
        self.on(Event::Changed, context);
    }
}

impl Handler<Kill> for SubscriptionWorker {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        self.vitals.vital.received(Heard::Kill);
        kill.unwind()
    }
}
