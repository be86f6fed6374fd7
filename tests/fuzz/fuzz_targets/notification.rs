//! A notification's JSON, all the way to the encrypted payload: what is accepted fits, and what does not fit is told so in
//! numbers.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::webpush::encrypt::{MAX_PAYLOAD, encrypt};
use fanfare::webpush::message::{AppDefaults, Content, Envelope, NotificationRequest};
use fanfare::webpush::subscription::Keys;
use fanfare::webpush::vapid::VapidKey;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const APP: AppDefaults<'_> =
    AppDefaults { title: "Fanfare", home: "https://app.example/", receipts: false };
const ID: &str = "ntf_0123456789abcdefghijkl";

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let pair = VapidKey::generate().expect("a point on the curve");
    Keys::from_store(pair.public(), &[7; 16]).expect("65 and 16 bytes")
});

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let plain = NotificationRequest::from_text(text, &APP);
    follow(&plain.content, *choice);
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    let several = choice & 1 == 1;
    match NotificationRequest::parse_json(&json, &APP, several) {
        Ok(request) => {
            assert!(request.ttl <= Duration::from_secs(28 * 24 * 3600));
            assert!(request.exclude.len() <= 100);
            assert_eq!(request.channels.is_some(), several);
            let _ = request.due(Timestamp::from_millis(1_800_000_000_000));
            follow(&request.content, *choice);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|e| e.pointer.starts_with('#') && !e.detail.is_empty()));
        }
    }
});

/// Through the store and under an envelope to the browser.
fn follow(content: &Content, choice: u8) {
    let stored = Content::from_store(content.kind(), content.bytes().to_vec());
    assert_eq!(stored.as_ref(), Some(content), "what was accepted is read back");
    let channel = "\u{7}\"k".repeat(usize::from(choice) % 50);
    let group = (choice & 1 == 1).then_some(ID);
    let envelope =
        Envelope { id: ID, channel: &channel, epoch: "0123456789ab", seq: i64::MAX, group };
    let payload = content.encode(&envelope);
    match content.check_size(&channel, group.is_some()) {
        Ok(()) => {
            let Some(payload) = payload else { return };
            assert!(payload.len() <= MAX_PAYLOAD, "{} bytes", payload.len());
            let body = encrypt(&KEYS, &payload).expect("what fits is encrypted");
            assert!(body.len() <= 4096, "{} bytes", body.len());
            if content.kind() == 2 {
                let document: Value = serde_json::from_slice(&payload).expect("JSON");
                let own = &document["notification"]["data"]["fanfare"];
                assert_eq!((&own["id"], &own["channel"]), (&ID.into(), &channel.as_str().into()));
                assert!(document["notification"]["tag"].is_string());
            }
        }
        Err(large) => {
            assert!(large.content + large.envelope > MAX_PAYLOAD && large.content > large.allowed);
            let said = large.to_string();
            for number in [large.content, large.envelope, large.allowed, MAX_PAYLOAD] {
                assert!(said.contains(&number.to_string()), "{said}");
            }
            // What is said to fit does: bytes that JSON need not escape count as they are.
            assert!(large.allowed + large.envelope <= MAX_PAYLOAD || large.allowed == 0);
        }
    }
}
