//! One line of a table of actors, and what a supervisor shows of a worker so that one can be made.

use std::fmt::Write;

use tokio::time::Instant;

use super::kin::Children;
use super::meter::Window;
use super::vital::{Reading, Vital};
use crate::clock::Timestamp;
use crate::tree::actor_id::ActorId;

/// What an actor is doing, and until when if it waits for a time.
pub type State = (&'static str, Option<Timestamp>);

/// An actor that can be shown.
pub trait Visible {
    /// What it knows of itself.
    fn vital(&self) -> &Vital;
    /// What it is doing; that it is being restarted goes before.
    fn doing(&self) -> State;
    /// Writes its name.
    fn name(&self, to: &mut dyn Write) -> std::fmt::Result;

    /// Whom it supervises, if it is there for that.
    fn children(&self) -> Option<Children> {
        None
    }

    /// What it is doing.
    fn state(&self) -> State {
        if self.vital().is_restarting() { ("restarting", None) } else { self.doing() }
    }
}

/// One line.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Who it is.
    pub id: ActorId,
    /// What it is called.
    pub name: String,
    /// What it is doing.
    pub state: State,
    /// How many messages may wait for it before somebody is told.
    pub bound: u32,
    /// How it stands.
    pub reading: Reading,
    /// Whom it supervises.
    pub children: Option<Children>,
}

impl Row {
    /// How an actor stands at `now`.
    pub fn of(actor: &(impl Visible + ?Sized), now: Instant, window: Window) -> Self {
        let mut name = String::new();
        actor.name(&mut name).expect("a string takes all that is written to it");
        let vital = actor.vital();
        Self {
            id: vital.id,
            name,
            state: actor.state(),
            bound: vital.bound(),
            reading: vital.read(now, window),
            children: actor.children(),
        }
    }
}
