//! The Web Push protocol, pure: no actor, no clock, no I/O. What comes from outside is parsed here once, into
//! types that cannot be wrong; what goes to a push service is made here; what it answers is judged here.
//!
//! In the order of a notification's life: a [`subscription`] is parsed, a [`message`] is parsed and later
//! encoded, [`encrypt`]ed (RFC 8291), signed for ([`vapid`], RFC 8292), put into a [`request`] (RFC 8030) whose
//! form depends on the push [`service`], and the [`reply`] becomes a verdict.

pub mod field;
pub mod subscription;

pub mod link;
pub mod message;

pub mod encrypt;
pub mod vapid;

pub mod request;
pub mod service;

pub mod reply;

mod encoding;
