//! The HTTP API: what a user of it may do, and what everyone else is told.

mod bad_input;
mod browsers;
mod control;
mod everywhere;
mod publishing;
mod status;
