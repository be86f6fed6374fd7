//! Keys from outside: what is let in can be encrypted for, and a VAPID key comes back from its export as it was.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare::clock::Timestamp;
use fanfare::webpush::encrypt::encrypt;
use fanfare::webpush::subscription::{Keys, PushSubscription};
use fanfare::webpush::vapid::VapidKey;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        import(text);
        register(text, text);
        let (p256dh, auth) = text.split_once('\n').unwrap_or((text, ""));
        register(p256dh, auth);
    }
    let (point, auth) = data.split_at(data.len().min(65));
    register(&URL_SAFE_NO_PAD.encode(point), &URL_SAFE_NO_PAD.encode(auth));
    // A row that was damaged is refused, or fails at the encryption, but never worse.
    if let Ok(keys) = Keys::from_store(point, auth) {
        let _ = encrypt(&keys, b"text");
    }
    // Any 32 bytes below the order are a private key.
    if let Some(scalar) = data.first_chunk::<32>()
        && let Err(error) = VapidKey::from_store(point, scalar)
    {
        assert!(!error.to_string().is_empty());
    }
});

fn register(p256dh: &str, auth: &str) {
    let keys = json!({ "p256dh": p256dh, "auth": auth });
    let json = json!({ "endpoint": "https://push.example/x", "keys": keys });
    match PushSubscription::parse(&json, Timestamp::default()) {
        Ok(subscription) => {
            encrypt(&subscription.keys, b"text").expect("whoever was let in can be encrypted for");
            let (point, auth) = (subscription.keys.p256dh(), subscription.keys.auth());
            assert_eq!(Keys::from_store(point, auth), Ok(subscription.keys.clone()));
            assert_eq!(format!("{:?}", subscription.keys), "Keys([redacted])");
        }
        Err(errors) => assert!(errors.iter().all(|error| error.pointer.starts_with("#/keys"))),
    }
}

fn import(text: &str) {
    match VapidKey::import(text) {
        Ok(key) => {
            let again = VapidKey::import(&key.export_json()).expect("what was exported");
            assert_eq!((again.public(), again.scalar()), (key.public(), key.scalar()));
            let stored = VapidKey::from_store(key.public(), key.scalar()).expect("what was stored");
            assert_eq!(stored.public_base64url(), key.public_base64url());
            assert!(!format!("{key:?}").contains(&URL_SAFE_NO_PAD.encode(key.scalar())));
        }
        Err(error) => {
            let has_spaces = text.contains(' ');
            assert!(text.len() < 40 || has_spaces || !error.to_string().contains(text));
        }
    }
}
