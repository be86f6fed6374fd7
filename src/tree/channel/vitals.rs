//! What a ChannelSupervisor knows of a worker without asking it; it outlives restarts.

use std::cell::{Cell, OnceCell};
use std::fmt::Write;
use std::sync::Arc;

use tokio::time::Instant;

use crate::id::{AppId, Seq};
use crate::tree::actor_id::ActorId;
use crate::tree::observe::vital::Vital;

/// Cells that a worker writes and its supervisor reads.
#[derive(Debug)]
pub struct ChannelVitals {
    /// What every actor knows of itself.
    pub vital: Arc<Vital>,
    /// The channel's app and name, once its log was read.
    pub of: OnceCell<(AppId, Arc<str>)>,
    /// Everything up to here has been handed out.
    pub swept: Cell<Seq>,
    /// What was handed out while the channel paused was given up: the next sweep begins at the start.
    pub from_start: Cell<bool>,
    /// Since when it has had nothing to do; `None` while it sweeps.
    pub resting_since: Cell<Option<Instant>>,
    /// Stretches swept.
    pub sweeps: Cell<u64>,
    /// Members who were handed something.
    pub handed: Cell<u64>,
}

impl ChannelVitals {
    /// Of a worker that goes on after `swept`.
    pub fn new(vital: Arc<Vital>, swept: Seq) -> Self {
        Self {
            vital,
            of: OnceCell::new(),
            swept: Cell::new(swept),
            from_start: Cell::new(false),
            resting_since: Cell::new(None),
            sweeps: Cell::new(0),
            handed: Cell::new(0),
        }
    }

    /// Writes the channel's name, or its row while that is all that is known.
    pub fn write_name(&self, to: &mut dyn Write) -> std::fmt::Result {
        match (self.of.get(), self.vital.id) {
            (Some((_, name)), _) => to.write_str(name),
            (None, ActorId::Channel(row)) => write!(to, "{}", row.0),
            (None, other) => write!(to, "{other}"),
        }
    }
}
