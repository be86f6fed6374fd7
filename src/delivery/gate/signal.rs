//! What a gate is told of each request's end.

use std::time::Duration;

use crate::webpush::reply::Scope;

/// How a request ended, as far as the origin is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// The push service took the message.
    Accepted,
    /// It answered something else: of this message or this subscription.
    Answered,
    /// It refuses our VAPID key, claims or clock.
    Refused,
    /// It asks to slow down.
    Throttled {
        /// For how long, if it said so.
        after: Option<Duration>,
        /// Whom it means.
        scope: Scope,
    },
    /// It failed.
    Failed {
        /// For how long it will, if it said so.
        after: Option<Duration>,
        /// How.
        fault: Fault,
    },
    /// Its connections have no stream to spare.
    Crowded,
    /// Nothing was asked, or nothing is known.
    Nothing,
}

/// How an origin failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It said so (5xx).
    Answer,
    /// Nothing came, or half of it.
    Silence,
    /// It could not be connected to.
    Unreachable,
}
