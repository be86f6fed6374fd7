//! The integration tests: one binary, one file per behaviour, over real sockets.

mod api;
mod harness;
mod push_pool;
