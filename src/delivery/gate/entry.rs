//! What a gate answers to who wants to send.

use crate::clock::Timestamp;
use crate::id::VapidKeyId;

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
    pub(super) is_probe: bool,
    pub(super) probes_key: bool,
}
