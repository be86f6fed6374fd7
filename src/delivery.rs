//! Policy: what is sent next, whether its push service may be asked now, what an attempt's end means, and when to try
//! again. All of it is pure.

pub mod gate;
pub mod judge;
pub mod outbox;
pub mod retry;
