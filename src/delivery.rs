//! Policy: what is sent next, what an attempt's end means, and when to try again. All of it is pure.

pub mod judge;
pub mod outbox;
pub mod retry;
