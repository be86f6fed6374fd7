//! Subscriber tokens: a JWT (RFC 7519) in which a backend says which channels a browser may be put into.
//!
//! The key fixes the algorithm, never the token's header (RFC 8725 §3.1): the app's secret verifies HS256 alone,
//! and each registered public key the one algorithm of its kind. Times are compared with the daemon's clock.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::store::directory::App;

mod public_key;

pub use public_key::check as check_public_key;

/// The longest token. The largest honest ones hold some dozens of channels.
const MAX_LEN: usize = 4096;
/// How far ahead a token may end.
pub const MAX_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// By how much a backend's clock may run ahead of ours.
const SKEW: Duration = Duration::from_secs(60);
/// RFC 7518 §3.2: an HS256 key has at least as many bits as the hash.
const MIN_SECRET: usize = 32;
/// What stands before the app's name in `aud`.
const AUDIENCE: &str = "fanfare:";

/// A verified token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Names, or prefixes with a final `*`.
    pub channels: Vec<String>,
    /// A short name of this token for counting its calls: a part of its signature.
    pub fingerprint: String,
}

/// Why a token is not accepted. The texts go into a header, so they hold no quotation marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT.
    #[error("the token is not a JWT of at most {MAX_LEN} bytes")]
    Malformed,
    /// `aud` names no app, several, or another than the one that was called.
    #[error("the token's aud must be fanfare:<app>, of an app that exists")]
    Audience,
    /// `none`, or an algorithm that no key of the app is for.
    #[error(
        "the token's alg is not that of any of the app's keys (HS256, or ES256, EdDSA, RS256 once a key is registered)"
    )]
    Algorithm,
    /// Another key, or changed since.
    #[error("the token's signature is not by any of the app's keys")]
    Signature,
    /// A claim is missing or of another type.
    #[error("the token must hold aud, exp (a number) and channels (an array of strings)")]
    Claims,
    /// `exp` has come.
    #[error("the token has expired")]
    Expired,
    /// `exp` is too far.
    #[error("the token's exp is more than 24 hours ahead")]
    TooLong,
    /// `nbf` has not come, or `iat`.
    #[error("the token is not valid yet: its nbf or its iat is in the future")]
    NotYet,
    /// The header demands something of its reader.
    #[error("the token's header has crit, and no extension is understood")]
    Critical,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Addressed {
    aud: Audience,
}

/// RFC 7519 §2: a NumericDate may have a fraction. A claim that is there twice is an error: of two readers each could
/// take the other one for what it says (RFC 7519 §4).
#[derive(Deserialize)]
struct Claims {
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    channels: Vec<String>,
}

#[derive(Serialize)]
struct Issued<'a> {
    aud: String,
    exp: i64,
    channels: &'a [String],
}

/// The name of the app that a token is for. Nothing is verified yet.
pub fn app_name(text: &str) -> Result<String, TokenError> {
    if text.len() > MAX_LEN || text.split('.').count() != 3 {
        return Err(TokenError::Malformed);
    }
    let addressed: Addressed = claims(text)?;
    let audiences = match addressed.aud {
        Audience::One(audience) => vec![audience],
        Audience::Several(audiences) => audiences,
    };
    let mut apps = audiences.iter().filter_map(|audience| audience.strip_prefix(AUDIENCE));
    match (apps.next(), apps.next()) {
        (Some(app), None) => Ok(app.to_owned()),
        _ => Err(TokenError::Audience),
    }
}

/// The token, when one of the app's keys signed it and it holds now.
pub fn verify(app: &App, text: &str, now: Timestamp) -> Result<Token, TokenError> {
    if app_name(text)? != app.name {
        return Err(TokenError::Audience);
    }
    // jsonwebtoken has no `none`: such a header does not parse.
    let header = jsonwebtoken::decode_header(text).map_err(|_| TokenError::Algorithm)?;
    // RFC 7515 §4.1.11. All else that a header may hold (`kid`, `jku`, `jwk`, `x5u`, `x5c`) is not even looked at.
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    let algorithm = header.alg;
    let keys: Vec<_> = keys(app).into_iter().filter(|(own, _)| *own == algorithm).collect();
    if keys.is_empty() {
        return Err(TokenError::Algorithm);
    }
    if !keys.iter().any(|(algorithm, key)| is_signed_by(text, *algorithm, key)) {
        return Err(TokenError::Signature);
    }
    let claims: Claims = claims(text)?;
    check_times(&claims, now)?;
    let signature = text.rsplit('.').next().unwrap_or_default();
    let fingerprint = signature.chars().take(22).collect();
    Ok(Token { channels: claims.channels, fingerprint })
}

/// A token by the app's secret.
pub fn sign(app: &App, channels: &[String], expires: Timestamp) -> Option<String> {
    let secret = Some(&app.token_secret.0).filter(|secret| secret.len() >= MIN_SECRET)?;
    let aud = format!("{AUDIENCE}{}", app.name);
    let claims = Issued { aud, exp: expires.as_secs(), channels };
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
}

/// What the token says, whoever wrote it.
fn claims<T: DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| {
        match jsonwebtoken::decode_header(text) {
            Ok(_) => TokenError::Claims,
            Err(_) => TokenError::Malformed,
        }
    })
}

fn keys(app: &App) -> Vec<(Algorithm, DecodingKey)> {
    let secret = &app.token_secret.0;
    let own =
        (secret.len() >= MIN_SECRET).then(|| (Algorithm::HS256, DecodingKey::from_secret(secret)));
    own.into_iter()
        .chain(app.settings.token_keys.iter().filter_map(|pem| public_key::read(pem)))
        .collect()
}

fn is_signed_by(text: &str, algorithm: Algorithm, key: &DecodingKey) -> bool {
    let mut validation = Validation::new(algorithm);
    // Ours to check: against the daemon's clock, and with a bound on how far ahead.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<IgnoredAny>(text, key, &validation).is_ok()
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
    // The cast saturates, and makes 0 of what is not a number: expired.
    let at = |seconds: f64| Timestamp::from_millis((seconds * 1000.0) as i64);
    let expires = at(claims.exp);
    if expires <= now {
        return Err(TokenError::Expired);
    }
    if expires > now + MAX_LIFE + SKEW {
        return Err(TokenError::TooLong);
    }
    // A token from the future was made by a clock that cannot be trusted with `exp` either.
    let is_ahead = |seconds: f64| at(seconds) > now + SKEW;
    match claims.nbf.is_some_and(is_ahead) || claims.iat.is_some_and(is_ahead) {
        true => Err(TokenError::NotYet),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
