//! The integration tests: one binary, one file per behaviour, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod api;
mod encryption;
mod harness;
mod layers;
mod push_pool;
