//! Credentials in the hands of attackers: subscriber tokens, subscription secrets and API keys. Each row of a table has
//! a name and ends in 401 or 403, never in 500, and nothing is stored.

mod claims;
mod forge;
mod keys;
mod places;
mod secrets;
mod signatures;
