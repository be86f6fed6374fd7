//! The policy of delivery, pure: events and time come in as arguments, decisions come out as values.

pub mod retry;
