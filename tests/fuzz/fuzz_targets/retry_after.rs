//! Whatever a push service writes into `Retry-After`, nobody waits longer than a day, and a number is that number.

#![no_main]

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::webpush::reply::retry_after;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const DAY: u64 = 24 * 3600;

fuzz_target!(|data: &[u8]| {
    let Some((now, text)) = data.split_first_chunk::<8>() else { return };
    let Ok(value) = HeaderValue::from_bytes(text) else { return };
    let now = Timestamp::from_millis(i64::from_le_bytes(*now));
    let wait = retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now);
    assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(DAY)));
    if let Ok(text) = std::str::from_utf8(text)
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(seconds) = text.parse::<u64>()
    {
        assert_eq!(wait, Some(Duration::from_secs(seconds.min(DAY))));
    }
});
