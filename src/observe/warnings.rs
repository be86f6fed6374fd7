//! What is wrong, and what to do about it: facts in, warnings out. What was so before is remembered by
//! [`history::History`].

use crate::clock::Timestamp;

pub mod facts;
pub mod history;
mod rules;

pub use facts::Facts;
pub use rules::warnings;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Something is or will be lost, or stands still, until somebody acts.
    Critical,
    /// It is worth a look.
    Warning,
}

impl Severity {
    /// Its name in the API.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// What kind of thing: one word, for machines.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
    /// The page of the dashboard that shows more.
    pub page: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// Since when, how lately and how often, where all of that is known.
    pub seen: Option<Seen>,
}

/// When something was so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Since when.
    pub since: Timestamp,
    /// When it was so the last time.
    pub last: Timestamp,
    /// How often it began.
    pub count: u64,
}

#[cfg(test)]
mod tests;
