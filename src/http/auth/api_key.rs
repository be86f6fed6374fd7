//! API keys (`fk_…`): stored as SHA-256, looked up by it, compared in constant time.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;

use crate::store::directory::{ApiKey, Directory};

/// What every API key begins with.
pub const PREFIX: &str = "fk_";

/// Bytes of randomness in a key that the daemon makes.
const RANDOM: usize = 32;

/// A new key. It is shown once and kept nowhere.
pub fn generate(rng: &mut impl Rng) -> String {
    let mut bytes = [0; RANDOM];
    rng.fill_bytes(&mut bytes);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a key. A plain hash is enough: a key has 256 random bits, so there is nothing to guess.
pub fn hash(key: &str) -> [u8; 32] {
    digest(&SHA256, key.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The key that `presented` is.
pub fn find(directory: &Directory, presented: &str) -> Option<Arc<ApiKey>> {
    let hash = hash(presented);
    let (stored, key) = directory.api_keys.get_key_value(&hash)?;
    verify_slices_are_equal(stored, &hash).ok().map(|()| Arc::clone(key))
}
