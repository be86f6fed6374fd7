//! Who we are to a push service (RFC 8292): a key pair, a contact, and signed tokens that are used again until
//! they near their end.

mod import;
mod key;
mod signer;
mod subject;

pub use key::{VapidKey, VapidKeyError};
pub use signer::{SignError, TokenSnapshot, VapidSigner};
pub use subject::{Subject, SubjectError};

#[cfg(test)]
mod tests;
