//! `Retry-After` (RFC 9110 §10.2.3): seconds or a date, and whatever else a stranger may write there.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

use super::date;
use crate::clock::Timestamp;

/// The longest wait that a push service may impose: a day. Its next answer may ask again.
const MAX: Duration = Duration::from_secs(24 * 3600);

/// How long after `now` the push service wants to be left alone, at most a day; `None` when it does not say, or only
/// nonsense. Where several headers say it (a bridge adds its own), the longest wait is the one that suits them all.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    headers.get_all(RETRY_AFTER).iter().filter_map(|value| parse(value, now)).max()
}

/// What one header's value says. What lies in the past is no wait.
fn parse(value: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    // Several headers that were joined on the way (RFC 9110 §5.3). A date has a comma too, and no number beside it.
    let longest = text.split(',').filter_map(|part| seconds(part.trim())).max();
    longest.or_else(|| until(text, now)).map(|wait| wait.min(MAX))
}

/// A fraction is not of the standard, and some servers write one: rounded up, for too early is what they ask us not to be.
fn seconds(text: &str) -> Option<Duration> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let begun = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    // More digits than a u64 holds are still a number, a huge one.
    let seconds = whole.parse().unwrap_or(u64::MAX).saturating_add(begun);
    Some(if negative { Duration::ZERO } else { Duration::from_secs(seconds) })
}

fn until(text: &str, now: Timestamp) -> Option<Duration> {
    date::parse(text).map(|date| date.since(now))
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
            ("1.5", Some(2)),
            ("1.0", Some(1)),
            ("0.001", Some(1)),
            ("-1.5", Some(0)),
            ("99999999999999999999999999.9", day),
            ("1.", None),
            (".5", None),
            ("1.5.2", None),
            ("1e9", None),
            ("0x10", None),
            ("1 2", None),
            ("\t120\t", Some(120)),
            ("120, 300", Some(300)),
            ("300,120", Some(300)),
            ("soon, 120", Some(120)),
            (",", None),
            ("soon", None),
            ("NaN", None),
        ];
        for (text, seconds) in cases {
            let value = HeaderValue::from_str(text).unwrap();
            let wait = parse(&value, NOW).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "{text:?}");
        }
    }

    #[test]
    fn of_several_retry_after_headers_the_longest_holds() {
        let wait = |values: &[&str]| {
            let value = |text: &&str| (RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            retry_after(&values.iter().map(value).collect(), NOW).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&["soon", "later"]), None);
        assert_eq!(wait(&["30", "120", "60"]), Some(120));
        assert_eq!(wait(&["-5", "soon"]), Some(0));
        assert_eq!(wait(&["30", "Sat, 21 Nov 2026 20:02:00 GMT"]), Some(120));
    }

    #[test]
    fn a_retry_after_of_no_ascii_is_nonsense() {
        let value = HeaderValue::from_bytes(b"12\xff").unwrap();
        assert_eq!(parse(&value, NOW), None);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_exceeds_a_day(
            bytes in prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..40),
            now: i64,
        ) {
            let value = HeaderValue::from_bytes(&bytes).unwrap();
            let wait = parse(&value, Timestamp::from_millis(now));
            prop_assert!(wait.is_none_or(|wait| wait <= MAX));
        }
    }
}
