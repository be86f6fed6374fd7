//! What a gate tells whoever watches it.

use super::Cause;
use crate::clock::Timestamp;
use crate::id::VapidKeyId;

/// Something about the gate changed that somebody may want to hear of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// No request starts.
    Shut {
        /// Until when.
        until: Timestamp,
        /// Why.
        cause: Cause,
        /// Whether it had been opened since it was last said.
        is_new: bool,
    },
    /// Requests start again.
    Opened,
    /// The push service refuses this key: said at the first refusal, and again only when the key pauses after it was served.
    KeyRefused(VapidKeyId),
    /// Nothing that this key signs is sent.
    KeyPaused(VapidKeyId, Timestamp),
    /// The push service takes what this key signs, after it was paused.
    KeyServed(VapidKeyId),
}

/// What follows from a request's end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Left {
    /// What is worth saying.
    pub notices: Vec<Notice>,
    /// How often in a row this subscription was refused while others of its key were served in between.
    pub refused_alone: u32,
}
