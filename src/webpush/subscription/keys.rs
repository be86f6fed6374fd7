//! A subscription's keys: the browser's P-256 point and its authentication secret (RFC 8291 §2).

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Why bytes cannot be a subscription's keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeysError {
    /// Not an uncompressed P-256 point.
    #[error("must be 65 bytes of which the first is 4, an uncompressed P-256 point; it has {0}")]
    PointForm(usize),
    /// The right form, but no point of the curve.
    #[error("is not a point on the curve P-256")]
    OffCurve,
    /// A secret of another length.
    #[error("must be 16 bytes; it has {0}")]
    AuthLength(usize),
}

/// What a message to this subscription is encrypted with. Never shown.
#[derive(Clone)]
pub struct Keys {
    p256dh: [u8; 65],
    auth: [u8; 16],
}

impl Keys {
    /// `p256dh` has passed [`check_point`].
    pub(super) fn new(p256dh: [u8; 65], auth: [u8; 16]) -> Self {
        Self { p256dh, auth }
    }

    /// Keys that were checked when they were stored. That the point is on the curve is not checked again here:
    /// each encryption does so.
    pub fn from_store(p256dh: &[u8], auth: &[u8]) -> Result<Self, KeysError> {
        Ok(Self { p256dh: point_form(p256dh)?, auth: check_auth(auth)? })
    }

    /// The browser's public key, an uncompressed P-256 point.
    pub fn p256dh(&self) -> &[u8; 65] {
        &self.p256dh
    }

    /// The authentication secret.
    pub fn auth(&self) -> &[u8; 16] {
        &self.auth
    }
}

impl PartialEq for Keys {
    /// In constant time: equal keys prove that the caller holds the subscription.
    fn eq(&self, other: &Self) -> bool {
        let point = verify_slices_are_equal(&self.p256dh, &other.p256dh).is_ok();
        let auth = verify_slices_are_equal(&self.auth, &other.auth).is_ok();
        point & auth
    }
}

impl Eq for Keys {}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

/// The bytes, when they are an uncompressed point on P-256.
pub(super) fn check_point(bytes: &[u8]) -> Result<[u8; 65], KeysError> {
    let point = point_form(bytes)?;
    ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, &point))
        .map_err(|_| KeysError::OffCurve)?;
    Ok(point)
}

pub(super) fn check_auth(bytes: &[u8]) -> Result<[u8; 16], KeysError> {
    bytes.try_into().map_err(|_| KeysError::AuthLength(bytes.len()))
}

fn point_form(bytes: &[u8]) -> Result<[u8; 65], KeysError> {
    let point: [u8; 65] = bytes.try_into().map_err(|_| KeysError::PointForm(bytes.len()))?;
    if point[0] == 4 { Ok(point) } else { Err(KeysError::PointForm(bytes.len())) }
}
