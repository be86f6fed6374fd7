//! A browser's push subscription, parsed once at the door: a type that cannot be wrong.

mod endpoint;
mod keys;
mod listed;

use serde_json::Value;

pub use endpoint::{Endpoint, EndpointError, Origin};
pub use keys::{Keys, KeysError};
pub use listed::{Listed, ListedMembership};

use crate::clock::Timestamp;
use crate::webpush::encoding::{self, BASE64URL};
use crate::webpush::field::{FieldError, Fields};
use base64::Engine;

/// What `PushSubscription.toJSON()` says, and the VAPID key that the browser subscribed with.
#[derive(Clone, PartialEq, Debug)]
pub struct PushSubscription {
    /// Where pushes go.
    pub endpoint: Endpoint,
    /// What they are encrypted with.
    pub keys: Keys,
    /// When the browser says that the subscription ends.
    pub expires: Option<Timestamp>,
    /// The VAPID public key that the browser subscribed with, as unpadded base64url; absent: the current one.
    /// Whether it is one of the app's is the caller's to check.
    pub push_key: Option<String>,
}

impl PushSubscription {
    /// Reads the body of a registration; every wrong field is named.
    pub fn parse(json: &Value, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        const KNOWN: &[&str] = &["endpoint", "expirationTime", "keys", "push_key"];
        let mut errors = Vec::new();
        let parts = Fields::open(json, "#", KNOWN, &mut errors).map(|mut fields| {
            let endpoint = read_endpoint(&mut fields);
            let keys = read_keys(&mut fields);
            (endpoint, keys, read_expiry(&mut fields, now), read_push_key(&mut fields))
        });
        match parts {
            Some((Some(endpoint), Some(keys), expires, push_key)) if errors.is_empty() => {
                Ok(Self { endpoint, keys, expires, push_key })
            }
            Some(_) | None => Err(errors),
        }
    }
}

fn read_endpoint(fields: &mut Fields<'_, '_>) -> Option<Endpoint> {
    if fields.get("endpoint").is_none() {
        fields.refuse("endpoint", "is missing");
    }
    let text = fields.string("endpoint")?;
    Endpoint::parse(text).map_err(|error| fields.refuse("endpoint", error.to_string())).ok()
}

fn read_keys(fields: &mut Fields<'_, '_>) -> Option<Keys> {
    let Some(value) = fields.get("keys") else {
        fields.refuse("keys", "is missing; the browser's PushSubscription.toJSON() holds it");
        return None;
    };
    let pointer = fields.pointer("keys");
    let mut keys = Fields::open(value, pointer, &["p256dh", "auth"], fields.errors())?;
    let p256dh = read_bytes(&mut keys, "p256dh").and_then(|bytes| {
        keys::check_point(&bytes).map_err(|error| keys.refuse("p256dh", error.to_string())).ok()
    });
    let auth = read_bytes(&mut keys, "auth").and_then(|bytes| {
        keys::check_auth(&bytes).map_err(|error| keys.refuse("auth", error.to_string())).ok()
    });
    Some(Keys::new(p256dh?, auth?))
}

fn read_bytes(fields: &mut Fields<'_, '_>, name: &str) -> Option<Vec<u8>> {
    if fields.get(name).is_none() {
        fields.refuse(name, "is missing");
    }
    let bytes = encoding::decode(fields.string(name)?);
    if bytes.is_none() {
        fields.refuse(name, "must be base64url");
    }
    bytes
}

fn read_expiry(fields: &mut Fields<'_, '_>, now: Timestamp) -> Option<Timestamp> {
    let value = fields.get("expirationTime")?;
    // A DOMHighResTimeStamp: milliseconds, perhaps with a fraction, which the saturating cast cuts off.
    let Some(ms) = value.as_f64() else {
        fields.refuse("expirationTime", "must be null or milliseconds since 1970");
        return None;
    };
    let expires = Timestamp::from_millis(ms as i64);
    if expires <= now {
        fields.refuse("expirationTime", "is in the past; let the browser subscribe anew");
    }
    Some(expires)
}

fn read_push_key(fields: &mut Fields<'_, '_>) -> Option<String> {
    fields.get("push_key")?;
    let bytes = read_bytes(fields, "push_key")?;
    match keys::check_point(&bytes) {
        Ok(point) => Some(BASE64URL.encode(point)),
        Err(error) => {
            fields.refuse("push_key", error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests;
