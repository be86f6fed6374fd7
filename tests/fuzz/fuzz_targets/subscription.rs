//! A registration's JSON: what is let in comes back from what is stored of it, and who is refused is told where and why,
//! without the secrets.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare::clock::Timestamp;
use fanfare::webpush::subscription::{Endpoint, Keys, PushSubscription};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fuzz_target!(|text: &str| {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    match PushSubscription::parse(&json, NOW) {
        Ok(subscription) => read_back(&subscription),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in &errors {
                assert!(error.pointer.starts_with('#') && !error.detail.is_empty(), "{error}");
                for secret in ["/endpoint", "/keys/p256dh", "/keys/auth"] {
                    let secret = json.pointer(secret).and_then(Value::as_str).unwrap_or_default();
                    // A long one without a space is none of our own words.
                    let is_secret = secret.len() >= 40 && !secret.contains(' ');
                    assert!(!(is_secret && error.detail.contains(secret)), "{error}");
                }
            }
        }
    }
});

fn read_back(subscription: &PushSubscription) {
    assert!(subscription.expires.is_none_or(|expires| expires > NOW));
    let (endpoint, keys) = (&subscription.endpoint, &subscription.keys);
    assert_eq!(Endpoint::from_store(endpoint.as_str().to_owned()).as_ref(), Ok(endpoint));
    assert_eq!(Keys::from_store(keys.p256dh(), keys.auth()).as_ref(), Ok(keys));
    let json = json!({
        "endpoint": endpoint.as_str(),
        "expirationTime": subscription.expires.map(Timestamp::as_millis),
        "keys": {
            "p256dh": URL_SAFE_NO_PAD.encode(keys.p256dh()),
            "auth": URL_SAFE_NO_PAD.encode(keys.auth()),
        },
        "push_key": subscription.push_key,
    });
    let again = PushSubscription::parse(&json, NOW);
    // A double holds an end in the far future only roughly.
    let again = again.map(|again| PushSubscription { expires: subscription.expires, ..again });
    assert_eq!(again.as_ref(), Ok(subscription));
    let shown = format!("{subscription:?}");
    assert!(!shown.contains(&URL_SAFE_NO_PAD.encode(keys.auth())), "{shown}");
}
