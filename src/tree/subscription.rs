//! One partition of subscriptions: a supervisor on its delivery arbiter, and one worker per active endpoint.

pub mod attempt;
pub mod drain;
pub mod exits;
pub mod registry;
pub mod supervisor;
mod telling;
pub mod tools;
pub mod vitals;
pub mod worker;
