//! What every actor shows of itself: one file for each thing that it knows, and how the tree is looked at. Nothing is
//! gathered while nobody looks; whoever looks asks for what is on the screen.

pub mod alarms;
mod asking;
pub mod kin;
pub mod latency;
pub mod looking;
pub mod meter;
pub mod recent;
pub mod row;
pub mod selection;
pub mod vital;

use std::sync::Arc;

use actix::Message;

use crate::id::AppId;
use crate::tree::actor_id::ActorId;
use row::Row;
use selection::{Query, Selection};
use vital::Vital;

/// One thing that an actor says of itself and no other kind does.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much, or which.
    pub value: Value,
    /// In what it is counted.
    pub unit: Option<&'static str>,
}

/// A number or a word.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "a number and a word")]
pub enum Value {
    Number(f64),
    Text(String),
}

impl Figure {
    /// So many of something.
    pub fn count(name: &'static str, count: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "what is shown is below 2^53")]
        let value = Value::Number(count as f64);
        Self { name, value, unit: None }
    }

    /// A word.
    pub fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, value: Value::Text(text.into()), unit: None }
    }
}

/// What only the actor itself knows, or its supervisor.
#[derive(Clone, Default, Debug)]
pub struct Particulars {
    /// Figures of its own.
    pub figures: Vec<Figure>,
    /// The app that it works for.
    pub app: Option<AppId>,
    /// The channel that it serves.
    pub channel: Option<String>,
    /// The public id of the subscription that it serves.
    pub subscription: Option<String>,
}

/// Asks Root or a supervisor about itself. Who answers is alive.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Particulars")]
pub struct Look;

/// Asks a supervisor who its children are.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Vec<ActorId>")]
pub struct ListChildren;

/// Asks a supervisor which of some of its children are on the screen: of as many as one turn has time for.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Selection")]
pub struct LookAtChildren {
    /// What is on the screen.
    pub query: Arc<Query>,
    /// Those children. Who is no more is passed over.
    pub among: Vec<ActorId>,
}

/// Asks a supervisor about one of its children.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Option<Seen>")]
pub struct LookAtChild(pub ActorId);

/// A worker as its supervisor sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its line.
    pub row: Row,
    /// What it knows of itself.
    pub vital: Arc<Vital>,
    /// What only it knows.
    pub particulars: Particulars,
}
