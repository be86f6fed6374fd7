//! A VAPID token as a push service reads it (RFC 8292): really verified, on `aws-lc-rs` alone, so that what our signer
//! writes is read by another hand.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// RFC 8292 §2: no further ahead than this, in seconds.
const MOST_AHEAD: i64 = 24 * 3600;

/// Who signed, and what they say of themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Vapid {
    /// The public key, as `k` writes it.
    pub(crate) key: String,
    pub(crate) sub: Option<String>,
    /// Seconds since 1970.
    pub(crate) exp: i64,
}

/// What is wrong with a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    /// There is none.
    Missing,
    /// It has not the form of RFC 8292 §3, or is no ES256 token.
    Malformed,
    /// The key beside it did not sign it.
    Signature,
    /// It is for another push service.
    Audience,
    /// `exp` is no JSON number.
    ExpiryIsNoNumber,
    /// It has ended.
    Expired,
    /// It ends more than a day from now.
    TooFarAhead,
}

/// Reads an `Authorization` header at `origin`, `now` seconds after 1970.
pub(crate) fn verify(authorization: &str, origin: &str, now: i64) -> Result<Vapid, Flaw> {
    if authorization.is_empty() {
        return Err(Flaw::Missing);
    }
    let (token, key) = parameters(authorization).ok_or(Flaw::Malformed)?;
    let claims = signed_claims(token, key)?;
    if claims["aud"] != origin {
        return Err(Flaw::Audience);
    }
    let exp = claims["exp"].as_i64().ok_or(Flaw::ExpiryIsNoNumber)?;
    if exp <= now {
        return Err(Flaw::Expired);
    }
    if exp > now + MOST_AHEAD {
        return Err(Flaw::TooFarAhead);
    }
    Ok(Vapid { key: key.to_owned(), sub: claims["sub"].as_str().map(str::to_owned), exp })
}

/// `vapid t=TOKEN, k=KEY`, in either order.
fn parameters(authorization: &str) -> Option<(&str, &str)> {
    let rest = authorization.strip_prefix("vapid ")?;
    let find = |name| rest.split(',').find_map(|part| part.trim().strip_prefix(name));
    Some((find("t=")?, find("k=")?))
}

fn signed_claims(token: &str, key: &str) -> Result<Value, Flaw> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Flaw::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Flaw::Malformed)?;
    let bytes = |text| URL_SAFE_NO_PAD.decode(text).map_err(|_| Flaw::Malformed);
    let json = |text| serde_json::from_slice::<Value>(&bytes(text)?).map_err(|_| Flaw::Malformed);
    if json(header)?["alg"] != "ES256" {
        return Err(Flaw::Malformed);
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key)?)
        .verify(signed.as_bytes(), &bytes(signature)?)
        .map_err(|_| Flaw::Signature)?;
    json(claims)
}
