//! A subscriber token: none is accepted but those that the app's secret signed, for this app, for a day at most.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::http::auth::token::{app_name, sign, verify};
use fanfare::id::AppId;
use fanfare::store::directory::{App, AppSettings, Secret};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

static APP: LazyLock<App> = LazyLock::new(|| App {
    id: AppId(1),
    name: "default".to_owned(),
    created: NOW,
    settings: AppSettings::default(),
    token_secret: Secret(vec![7; 32]),
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // Without the secret nobody makes one: the seeds are signed with another.
    let verdict = verify(&APP, &text, NOW);
    assert!(verdict.is_err(), "{text}");
    let _ = app_name(&text);

    // One of ours is accepted until it ends, and no longer when a byte of it is another.
    let channels = vec![text.chars().take(100).collect::<String>()];
    let token =
        sign(&APP, &channels, NOW + Duration::from_secs(60)).expect("the secret is long enough");
    let read = verify(&APP, &token, NOW).expect("our own");
    assert_eq!(read.channels, channels);
    assert_eq!(app_name(&token).as_deref(), Ok("default"));
    assert!(verify(&APP, &token, NOW + Duration::from_secs(61)).is_err());
    let at = data.iter().fold(0, |sum, byte| (sum * 31 + usize::from(*byte)) % token.len());
    let mut bytes = token.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(bytes).expect("ASCII");
    assert!(verify(&APP, &tampered, NOW).is_err(), "{tampered}");
});
