//! Safari 18.4: a member of a wrong type anywhere ends it all; URLs are parsed without a base; `mutable` and `app_badge` are
//! read inside `notification`; and an integer is one of C's `int`s, which is negative where the number is larger.

use serde_json::{Map, Value};
use url::Url;

use super::Shown;

pub(super) fn parse(bytes: &[u8]) -> Result<Shown, String> {
    let message: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
    let message = message.as_object().ok_or("it is not an object")?;
    if message.get("web_push").and_then(integer) != Some(8030) {
        return Err("web_push is not 8030".to_owned());
    }
    let input = message.get("notification").ok_or("notification is missing")?;
    let input = input.as_object().ok_or("notification is no object")?;
    let mut shown = Shown::new();
    let navigate = text(input, "navigate")?.unwrap_or_default();
    shown.insert("navigate", url("navigate", navigate)?);
    let title = text(input, "title")?.unwrap_or_default();
    if title.is_empty() {
        return Err("title is missing or empty".to_owned());
    }
    shown.insert("title", title.into());
    if let Some(badge) = badge(input)? {
        shown.insert("app_badge", badge.into());
    }
    let dir = text(input, "dir")?.unwrap_or("auto");
    if !["auto", "ltr", "rtl"].contains(&dir) {
        return Err("dir is none".to_owned());
    }
    shown.insert("dir", dir.into());
    for name in ["lang", "body", "tag"] {
        shown.insert(name, text(input, name)?.unwrap_or_default().into());
    }
    let icon = text(input, "icon")?.map(|icon| url("icon", icon)).transpose()?;
    shown.insert("icon", icon.into());
    shown.insert("silent", flag(input, "silent")?.into());
    shown.insert("data", input.get("data").cloned().unwrap_or_default());
    shown.insert("mutable", flag(input, "mutable")?.unwrap_or(false).into());
    Ok(shown)
}

fn text<'v>(input: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, String> {
    let wrong = || format!("{name} is no string");
    input.get(name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
}

fn flag(input: &Map<String, Value>, name: &str) -> Result<Option<bool>, String> {
    let wrong = || format!("{name} is no boolean");
    input.get(name).map(|value| value.as_bool().ok_or_else(wrong)).transpose()
}

fn url(name: &str, text: &str) -> Result<Value, String> {
    Url::parse(text).map(|url| url.as_str().into()).map_err(|_| format!("{name} is no valid URL"))
}

/// A number may be a string of digits, of 64 bits, or a number, of which 32 count.
fn badge(input: &Map<String, Value>) -> Result<Option<u64>, String> {
    let Some(value) = input.get("app_badge") else { return Ok(None) };
    let badge = match value.as_str() {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        Some(_) => None,
        None => integer(value).and_then(|number| u64::try_from(number).ok()),
    };
    badge.map(Some).ok_or_else(|| "app_badge is no number of the right size".to_owned())
}

/// `static_cast<int>` of a double beyond its range is what the processor makes of it: the lowest number, on Intel's.
fn integer(value: &Value) -> Option<i32> {
    let number = value.as_f64()?;
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    Some(if fits { number as i32 } else { i32::MIN })
}
