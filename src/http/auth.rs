//! Who is calling, and what they may do. A credential rides in `Authorization: Bearer` alone; its prefix tells its
//! kind. [`Caller`] is what a handler gets; the kinds are checked each in a file of its own.

pub mod api_key;
pub mod caller;
mod identify;
pub mod secret;
pub mod token;

pub use caller::{Caller, Credential};
