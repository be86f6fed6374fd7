//! Supervision, ours because actix's is not OTP's: `actix::Supervisor` does not restart an actor whose handler
//! panicked, and it revives one that stopped itself.

pub mod budget;
pub mod child;
pub mod kill;
