//! Who wants to send, and what a gate answers.

use crate::clock::Timestamp;
use crate::id::VapidKeyId;

/// Who wants to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// With which key the request is signed.
    pub key: VapidKeyId,
    /// Whether its endpoint failed the last time.
    pub is_troubled: bool,
}

/// The answer to who wants to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Now.
    Go(Ticket),
    /// When a request that is under way has ended.
    Full,
    /// Not before then.
    Later(Timestamp),
}

/// A request that may start; [`Gate::leave`](super::Gate::leave) or [`Gate::cancel`](super::Gate::cancel) takes it back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a ticket that is not given back takes up room for ever"]
pub struct Ticket {
    pub(super) started: Timestamp,
    pub(super) key: VapidKeyId,
    pub(super) is_troubled: bool,
    pub(super) is_probe: bool,
    pub(super) probes_key: bool,
}
