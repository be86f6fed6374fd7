//! What the tests stand on: push services that are servers, browsers that decrypt, a house to live in.

pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod call;
pub(crate) mod daemon;
pub(crate) mod disk;
pub(crate) mod house;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod push_service;
pub(crate) mod sender;
pub(crate) mod shortcut;
pub(crate) mod stream;
