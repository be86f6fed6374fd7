//! Killing an actor on purpose: it panics in a handler of its own, and its [`Child`](super::child::Child) restarts it at
//! once, without a word to the panic hook, at no cost to its restart budget, and whatever it had in hand is not suspected of
//! having killed it.

use actix::Message;
use tokio::sync::oneshot;

use crate::tree::actor_id::ActorId;

/// Kills the actor that gets it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Kill(
    /// How often the actor was restarted, once it has been.
    pub oneshot::Sender<u32>,
);

impl Kill {
    /// Unwinds the actor's turn.
    pub fn unwind(self) -> ! {
        std::panic::resume_unwind(Box::new(Killed(self.0)))
    }
}

/// What unwinds a killed actor.
pub(super) struct Killed(pub(super) oneshot::Sender<u32>);

/// Kills a child of the supervisor that gets it; one that is not there drops the sender.
#[derive(Message)]
#[rtype(result = "()")]
pub struct KillChild {
    /// Whom.
    pub id: ActorId,
    /// Passed on.
    pub kill: Kill,
}
