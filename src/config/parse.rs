//! Text to values: what is the same for several keys. An error says what is wrong and what to write instead.

use std::time::Duration;

/// `250ms`, `10s`, `1h 30m`; not zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_zero(text)? {
        Duration::ZERO => Err("is zero; choose a duration that is longer".to_owned()),
        duration => Ok(duration),
    }
}

/// As [`duration`], and `0s` is one.
pub(super) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| {
        format!(
            "is not a duration: {text:?}; write a number with its unit, such as 250ms, 10s or 1h"
        )
    })
}

/// `true` or `false`.
pub(super) fn answer(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("is neither true nor false: {other:?}; write one of the two")),
    }
}

/// A whole number from `min` to `max`.
pub(super) fn number(text: &str, min: u32, max: u32) -> Result<u32, String> {
    text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or_else(|| {
        format!("is not a whole number from {min} to {max}: {text:?}; write one that is")
    })
}

/// A duration as [`duration`] reads it.
pub(super) fn show_duration(duration: Duration) -> toml::Value {
    humantime::format_duration(duration).to_string().into()
}
