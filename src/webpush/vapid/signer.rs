//! Tokens for push services: one signature per key and origin, shared by all threads, until it nears its end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

use super::{Subject, VapidKey};
use crate::clock::Timestamp;
use crate::id::VapidKeyId;
use crate::webpush::encrypt;
use crate::webpush::subscription::Origin;

/// How long a token is valid: half of the day that RFC 8292 §2 allows, so that neither our clock nor theirs can
/// be wrong enough to matter.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// When a token is replaced: an hour before it ends, so that one presented at the last moment is still valid at
/// a push service whose clock is most of an hour ahead. One signature in eleven hours.
const RENEW_AFTER: Duration = Duration::from_secs(11 * 3600);

/// A token that is refused is not signed anew sooner: push services count signatures.
const SIGN_ANEW_AFTER: Duration = Duration::from_secs(3600);

/// A token that seems to be signed later than now: threads read the clock at different moments, but a clock that
/// went back further than this was set, and the token's `exp` may be too far ahead.
const CLOCK_SLACK: Duration = Duration::from_secs(3600);

/// Strangers choose origins, so their number is bounded. A token has about 350 bytes.
const MAX_TOKENS: usize = 4096;

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("vapid token could not be signed")]
pub struct SignError(#[from] jsonwebtoken::errors::Error);

/// Signs, and remembers what it signed.
#[derive(Debug)]
pub struct VapidSigner {
    signed: Mutex<Signed>,
}

/// A token that is in use, without the token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenSnapshot {
    /// The key that signed it.
    pub key: VapidKeyId,
    /// Whom it is for.
    pub origin: Origin,
    /// When it was signed.
    pub issued: Timestamp,
    /// When it ends; another is signed an hour before.
    pub expires: Timestamp,
}

/// The contact, and the tokens that name it.
#[derive(Debug)]
struct Signed {
    subject: Option<Subject>,
    tokens: HashMap<(VapidKeyId, Origin), Token>,
}

#[derive(Debug)]
struct Token {
    signed: Timestamp,
    header: HeaderValue,
}

/// RFC 8292 §2. `exp` is a number: Mozilla refuses a string.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

impl VapidSigner {
    /// A signer whose tokens name `subject` as the contact.
    pub fn new(subject: Option<Subject>) -> Self {
        encrypt::install();
        Self { signed: Mutex::new(Signed { subject, tokens: HashMap::new() }) }
    }

    /// Names another contact in whatever is signed from now on; tokens with the earlier one are not used again.
    pub fn heed(&self, subject: Option<Subject>) {
        *self.lock() = Signed { subject, tokens: HashMap::new() };
    }

    /// The `Authorization` header for a push to `origin` for a subscription that was made with `key`.
    pub fn authorization(
        &self,
        key_id: VapidKeyId,
        key: &VapidKey,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<HeaderValue, SignError> {
        let mut signed = self.lock();
        let Signed { subject, tokens } = &mut *signed;
        let place = (key_id, origin.clone());
        if let Some(token) = tokens.get(&place).filter(|token| token.is_usable(now)) {
            return Ok(token.header.clone());
        }
        // Signed under the lock (some 50 µs, twice a day): all who wait for this token would sign it too.
        let header = sign(subject.as_ref(), key, origin, now)?;
        make_room(tokens, now);
        tokens.insert(place, Token { signed: now, header: header.clone() });
        Ok(header)
    }

    /// After a 401 or 403 to a request with `used`: whether another try would carry another token. A clock may have been
    /// wrong when it was signed; but no more than one signature an hour is made of it, whatever is refused.
    pub fn renew(
        &self,
        key_id: VapidKeyId,
        origin: &Origin,
        used: &HeaderValue,
        now: Timestamp,
    ) -> bool {
        let mut signed = self.lock();
        let tokens = &mut signed.tokens;
        let place = (key_id, origin.clone());
        let Some(token) = tokens.get(&place) else { return true };
        if token.header != *used {
            return true;
        }
        let is_old = now.since(token.signed) >= SIGN_ANEW_AFTER;
        if is_old {
            tokens.remove(&place);
        }
        is_old
    }

    /// The tokens that are remembered, by origin and key.
    pub fn tokens(&self) -> Vec<TokenSnapshot> {
        let of = |((key, origin), token): (&(VapidKeyId, Origin), &Token)| TokenSnapshot {
            key: *key,
            origin: origin.clone(),
            issued: token.signed,
            expires: token.signed + LIFETIME,
        };
        let mut tokens: Vec<_> = self.lock().tokens.iter().map(of).collect();
        tokens.sort_by(|a, b| (a.origin.as_str(), a.key).cmp(&(b.origin.as_str(), b.key)));
        tokens
    }

    /// A panic elsewhere cannot leave the map half written: every change is one call.
    fn lock(&self) -> MutexGuard<'_, Signed> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sign(
    subject: Option<&Subject>,
    key: &VapidKey,
    origin: &Origin,
    now: Timestamp,
) -> Result<HeaderValue, SignError> {
    let claims = Claims {
        aud: origin.as_str(),
        exp: (now + LIFETIME).as_secs(),
        sub: subject.map(Subject::as_str),
    };
    let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, key.signing())?;
    let text = format!("vapid t={token}, k={}", key.public_base64url());
    let mut header = HeaderValue::from_str(&text).expect("base64url is legal in a header");
    header.set_sensitive(true);
    Ok(header)
}

impl Token {
    fn is_usable(&self, now: Timestamp) -> bool {
        now < self.signed + RENEW_AFTER && self.signed <= now + CLOCK_SLACK
    }
}

fn make_room(tokens: &mut HashMap<(VapidKeyId, Origin), Token>, now: Timestamp) {
    if tokens.len() < MAX_TOKENS {
        return;
    }
    tokens.retain(|_, token| token.is_usable(now));
    // A quarter at a time, so that a full cache is not walked for each newcomer.
    let mut spare = if tokens.len() < MAX_TOKENS { 0 } else { MAX_TOKENS / 4 };
    tokens.retain(|_, _| {
        let dropped = spare > 0;
        spare = spare.saturating_sub(1);
        !dropped
    });
}

#[cfg(test)]
impl VapidSigner {
    pub(super) fn remembered(&self) -> usize {
        self.lock().tokens.len()
    }
}
