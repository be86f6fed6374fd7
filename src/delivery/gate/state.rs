//! What a gate lets through, and why not more.

use crate::clock::Timestamp;

/// Why a gate is shut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The push service fails or cannot be reached.
    Outage,
    /// The push service asked to slow down.
    Throttled,
}

impl Cause {
    /// The cause in a word, for logs and the API.
    pub fn label(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Throttled => "throttled",
        }
    }
}

/// What a gate lets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Everything that there is room for.
    Open,
    /// Nothing.
    Shut {
        /// Until when.
        until: Timestamp,
        /// Why.
        cause: Cause,
    },
    /// A few requests, to see how they fare.
    Probing {
        /// How many are under way.
        out: u32,
        /// How many have failed.
        failed: u32,
        /// Why the gate was shut.
        cause: Cause,
    },
}

impl State {
    /// The state in a word, for logs and the API.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shut { .. } => "shut",
            Self::Probing { .. } => "probing",
        }
    }
}
