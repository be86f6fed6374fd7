//! What the tests stand on: push services that are servers, browsers that decrypt.

pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod push_service;
