//! Message encryption (RFC 8291) by `ece`, with its cryptography done by aws-lc-rs: a new ephemeral key and salt
//! for each message, one record.

mod cryptographer;

use std::sync::OnceLock;

use cryptographer::AwsLc;

use crate::webpush::subscription::Keys;

/// The longest payload. `ece` pads to a multiple of 128 bytes with at least one byte: 3967 becomes 3968, and the
/// body 86 + 3968 + 16 = 4070, within the 4096 bytes that every push service takes (RFC 8030 §7.2). One byte
/// more would make two records, which RFC 8291 §4 forbids.
pub const MAX_PAYLOAD: usize = 3967;

/// Why a message was not encrypted. Never holds the payload or the keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncryptError {
    /// Nothing to encrypt: such a push has no body at all (RFC 8030 §5).
    #[error("payload is empty; push without a payload instead")]
    Empty,
    /// More than one record would hold.
    #[error("payload has {0} bytes; at most {MAX_PAYLOAD} fit")]
    TooLong(usize),
    /// The subscription's public key is unusable, or the library failed.
    #[error("message could not be encrypted with the subscription's keys")]
    Crypto,
}

/// Makes aws-lc-rs the cryptography of `ece` and of `jsonwebtoken`, once for the process. Free to call again.
pub fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // Each can be set only once, and fails only when this process has set it elsewhere: then that one holds.
        let _ = ece::crypto::set_cryptographer(&AwsLc);
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    });
}

/// Encrypts `payload` for the browser that holds `keys`: the body of its push, in `aes128gcm` (RFC 8188).
pub fn encrypt(keys: &Keys, payload: &[u8]) -> Result<Vec<u8>, EncryptError> {
    install();
    if payload.is_empty() {
        return Err(EncryptError::Empty);
    }
    if payload.len() > MAX_PAYLOAD {
        return Err(EncryptError::TooLong(payload.len()));
    }
    ece::encrypt(keys.p256dh(), keys.auth(), payload).map_err(|_| EncryptError::Crypto)
}

#[cfg(test)]
mod tests;
