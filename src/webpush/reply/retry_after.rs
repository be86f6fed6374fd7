//! `Retry-After` (RFC 9110 §10.2.3): seconds or a date, and whatever else a stranger may write there.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;

use crate::clock::Timestamp;

/// The longest wait that a push service may impose: a day. Its next answer may ask again.
const MAX: Duration = Duration::from_secs(24 * 3600);

/// How long after `now` the push service wants to be left alone, at most a day; `None` when it is nonsense. What
/// lies in the past is no wait.
pub fn parse_retry_after(value: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    seconds(text).or_else(|| until(text, now)).map(|wait| wait.min(MAX))
}

fn seconds(text: &str) -> Option<Duration> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than a u64 holds are still a number, a huge one.
    let seconds = digits.parse().unwrap_or(u64::MAX);
    Some(if negative { Duration::ZERO } else { Duration::from_secs(seconds) })
}

fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let since_epoch = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let date = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?);
    Some(date.since(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-21 20:00:00 UTC, a Saturday.
    const NOW: Timestamp = Timestamp::from_millis(1_795_291_200_000);

    #[test]
    fn retry_after_is_parsed_and_clamped_whatever_it_says() {
        let day = Some(24 * 3600);
        let cases = [
            ("120", Some(120)),
            (" 120 ", Some(120)),
            ("0", Some(0)),
            ("86400", day),
            ("86401", day),
            ("99999999999999999999999999", day),
            ("-1", Some(0)),
            ("-99999999999999999999999999", Some(0)),
            ("Sat, 21 Nov 2026 20:02:00 GMT", Some(120)),
            ("Saturday, 21-Nov-26 20:02:00 GMT", Some(120)),
            ("Sat Nov 21 20:02:00 2026", Some(120)),
            ("Sat, 21 Nov 2026 19:00:00 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", day),
            ("Sat, 99 Nov 2026 20:02:00 GMT", None),
            ("", None),
            ("-", None),
            ("--5", None),
            ("+5", None),
            ("1.5", None),
            ("1e9", None),
            ("soon", None),
            ("NaN", None),
        ];
        for (text, seconds) in cases {
            let value = HeaderValue::from_str(text).unwrap();
            let wait = parse_retry_after(&value, NOW).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "{text:?}");
        }
    }

    #[test]
    fn a_retry_after_of_no_ascii_is_nonsense() {
        let value = HeaderValue::from_bytes(b"12\xff").unwrap();
        assert_eq!(parse_retry_after(&value, NOW), None);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_exceeds_a_day(
            bytes in prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..40),
            now: i64,
        ) {
            let value = HeaderValue::from_bytes(&bytes).unwrap();
            let wait = parse_retry_after(&value, Timestamp::from_millis(now));
            prop_assert!(wait.is_none_or(|wait| wait <= MAX));
        }
    }
}
