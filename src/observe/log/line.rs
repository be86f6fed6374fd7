//! A line of the log, as it is kept: as much of it as a screen needs, and no more than so many bytes.

use serde_json::Value;
use tracing::Level;

use crate::clock::Timestamp;

/// A line of the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// 1, 2, 3 … since the daemon started.
    pub number: u64,
    /// When it was logged.
    pub at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// The module that says it.
    pub target: String,
    /// What it says.
    pub message: String,
    /// What else it says.
    pub fields: Vec<(&'static str, Value)>,
    /// Whom it is about.
    pub ids: Ids,
}

/// Whom a line is about, as it says itself or as the spans say that it was logged in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ids {
    /// The actor at work.
    pub actor: Option<String>,
    /// The request that is being answered.
    pub request: Option<String>,
    /// The notification.
    pub notification: Option<String>,
    /// The subscription.
    pub subscription: Option<String>,
}

impl Line {
    /// How many bytes of text it holds.
    pub(super) fn size(&self) -> usize {
        let fields = self.fields.iter().map(|(name, value)| name.len() + size(value));
        self.target.len() + self.message.len() + fields.sum::<usize>()
    }
}

fn size(value: &Value) -> usize {
    value.as_str().map_or(size_of::<Value>(), |text| text.len() + size_of::<Value>())
}

impl Ids {
    /// Whether any is known.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `others` has each of these.
    pub(super) fn are_within(&self, others: &Self) -> bool {
        let is_same =
            |mine: &Option<String>, other: &Option<String>| mine.is_none() || mine == other;
        is_same(&self.actor, &others.actor)
            && is_same(&self.request, &others.request)
            && is_same(&self.notification, &others.notification)
            && is_same(&self.subscription, &others.subscription)
    }

    /// Takes what is not known here from further out.
    pub(super) fn fill_from(&mut self, outer: &Self) {
        let fill = |mine: &mut Option<String>, outer: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(outer);
            }
        };
        fill(&mut self.actor, &outer.actor);
        fill(&mut self.request, &outer.request);
        fill(&mut self.notification, &outer.notification);
        fill(&mut self.subscription, &outer.subscription);
    }

    /// The place of an id by its field's name.
    pub(super) fn named(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "actor" => Some(&mut self.actor),
            "request" => Some(&mut self.request),
            "notification" => Some(&mut self.notification),
            "subscription" => Some(&mut self.subscription),
            _ => None,
        }
    }
}
