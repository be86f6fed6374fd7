//! The integration tests: one binary, one file per behaviour, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod acting;
mod api;
mod brake;
mod crash;
mod cross_origin;
mod drain;
mod encryption;
mod events;
mod fan_out;
mod faults;
mod figures;
mod first_start;
mod gates;
mod guards;
mod harness;
mod idempotency;
mod journal;
mod late_pages;
mod layers;
mod lifecycle;
mod limits;
mod model;
mod moving;
mod observe;
mod outcomes;
mod ownership;
mod parsers;
mod push_pool;
mod receipts;
mod reload;
mod resend;
mod retention;
mod secrecy;
mod service_manager;
mod services;
mod supervision;
mod tokens;
mod top;
mod vapid;
mod waiting;
