//! The integration tests: one binary, one file per behaviour, over real sockets.

mod harness;
mod push_pool;
