//! The bounds of the way out.

use std::time::Duration;

/// The bounds of one arbiter's connections.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// From the request's first byte to the response's last.
    pub timeout: Duration,
    /// From the name to a connection that is ready.
    pub dial_timeout: Duration,
    /// A connection that nobody used for so long is closed.
    pub idle: Duration,
    /// How often a connection looks after itself. While requests are out it asks for a sign of life each time, and one
    /// that gave none since the last time is dead.
    pub heartbeat: Duration,
    /// Connections to one origin.
    pub max_connections_per_origin: usize,
    /// Connections to all origins that strangers brought; known and allowed push services do not count.
    pub max_connections: usize,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            dial_timeout: Duration::from_secs(10),
            // Long enough for the next notification of a busy channel, short enough to find a dead peer by dialling.
            idle: Duration::from_secs(60),
            // A dead connection is noticed by the time its first requests run into their deadline.
            heartbeat: Duration::from_secs(5),
            // The browsers' services allow 100 streams and more on each.
            max_connections_per_origin: 8,
            // With the usual limit of 1024 files, two arbiters leave half of them for everything else.
            max_connections: 256,
        }
    }
}
