//! The ChannelWorker: sweeps its channel when the log has grown, and again while it grows meanwhile.

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, Supervised,
    WrapFuture,
};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use super::sweep::{Sweep, Swept};
use super::vitals::ChannelVitals;
use crate::id::Seq;
use crate::store::StoreError;
use crate::tree::actor_id::ActorId;
use crate::tree::observe::recent::Heard;
use crate::tree::supervision::kill::Kill;

/// How long to wait before a sweep that the store could not serve is tried again.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// One channel's worker.
pub struct ChannelWorker {
    sweep: Sweep,
    vitals: Rc<ChannelVitals>,
    sweeping: bool,
    again: bool,
}

impl ChannelWorker {
    /// A worker that goes on where `vitals` says that the last one came to.
    pub fn new(sweep: Sweep, vitals: Rc<ChannelVitals>) -> Self {
        Self { sweep, vitals, sweeping: false, again: false }
    }

    fn sweep(&mut self, context: &mut Context<Self>) {
        if self.sweeping {
            self.again = true;
            return;
        }
        self.sweeping = true;
        self.again = false;
        if self.vitals.from_start.take() {
            self.vitals.swept.set(Seq(0));
        }
        self.vitals.resting_since.set(None);
        let (sweep, from) = (self.sweep.clone(), self.vitals.swept.get());
        let span = tracing::debug_span!("sweep", actor = %ActorId::Channel(sweep.channel), notification = Empty);
        let begun = Instant::now();
        let run = async move {
            let end = sweep.run(from).await;
            sweep.vitals.vital.took(begun.elapsed());
            end
        };
        let run = run.instrument(span);
        context.spawn(run.into_actor(self).map(|end, worker, context| worker.swept(end, context)));
    }

    fn swept(&mut self, end: Result<Option<Swept>, StoreError>, context: &mut Context<Self>) {
        self.sweeping = false;
        match end {
            Ok(Some(swept)) => {
                self.vitals.sweeps.set(self.vitals.sweeps.get() + 1);
                self.vitals.handed.set(self.vitals.handed.get() + swept.handed);
                self.vitals.swept.set(Seq(self.vitals.swept.get().0.max(swept.to.0)));
                if self.again || !swept.is_all {
                    self.sweep(context);
                } else {
                    self.vitals.resting_since.set(Some(Instant::now()));
                }
            }
            Ok(None) => context.stop(),
            Err(error) => {
                let actor = ActorId::Channel(self.sweep.channel);
                if error.is_told() {
                    tracing::debug!(%actor, %error, "a sweep was cut short");
                } else {
                    tracing::warn!(%actor, %error, "a sweep was cut short");
                }
                context.run_later(STORE_PAUSE, |worker, context| worker.sweep(context));
            }
        }
    }
}

impl Actor for ChannelWorker {
    type Context = Context<Self>;
}

impl Supervised for ChannelWorker {
    fn restarting(&mut self, context: &mut Context<Self>) {
        // Members who were handed the stretch before the panic know it, and pass over what comes twice.
        self.sweeping = false;
        self.sweep(context);
    }
}

/// The channel's log may have grown.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Poke;

impl Handler<Poke> for ChannelWorker {
    type Result = ();

    fn handle(&mut self, _: Poke, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::Poke);
        self.sweep(context);
    }
}

/// Nobody needs this worker now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct End;

impl Handler<End> for ChannelWorker {
    type Result = ();

    fn handle(&mut self, _: End, context: &mut Context<Self>) {
        self.vitals.vital.received(Heard::End);
        context.stop();
    }
}

impl Handler<Kill> for ChannelWorker {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        self.vitals.vital.received(Heard::Kill);
        kill.unwind()
    }
}
