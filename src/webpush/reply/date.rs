//! `Date` (RFC 9110 §6.6.1): what the push service's clock said when it answered.

use std::time::UNIX_EPOCH;

use http::HeaderMap;
use http::header::DATE;

use crate::clock::Timestamp;

/// When the answer was made, in whole seconds; `None` when it does not say, or only nonsense.
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    parse(headers.get(DATE)?.to_str().ok()?)
}

/// An HTTP date in any of its three forms, from 1970 on.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let since_epoch = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_date_is_read_and_nonsense_is_none() {
        let of = |text: &'static str| {
            date(&HeaderMap::from_iter([(DATE, HeaderValue::from_static(text))]))
        };
        let expected = Some(Timestamp::from_millis(1_795_291_200_000));
        assert_eq!(of("Sat, 21 Nov 2026 20:00:00 GMT"), expected);
        assert_eq!(of("Sat Nov 21 20:00:00 2026"), expected);
        for nonsense in ["", "now", "1795291200", "Sat, 99 Nov 2026 20:00:00 GMT"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
        assert_eq!(date(&HeaderMap::new()), None);
    }
}
