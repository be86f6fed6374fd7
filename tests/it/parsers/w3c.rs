//! The W3C's algorithm: the Push API's "declarative push message parser", and the Notifications standard's "create a
//! notification" that it runs. It passes over an optional member of a wrong type, and fails where a notification cannot be
//! created.

use serde_json::{Map, Value, json};
use url::Url;

use super::{SCOPE, Shown};

/// A vibration step is at most so long (Vibration API, "validate and normalize").
const MAX_VIBRATION: u64 = 10_000;

pub(super) fn parse(bytes: &[u8]) -> Result<Shown, String> {
    let message: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
    let message = message.as_object().ok_or("it is not a map")?;
    if message.get("web_push").and_then(Value::as_f64) != Some(8030.0) {
        return Err("web_push is not 8030".to_owned());
    }
    let input = message.get("notification").and_then(Value::as_object);
    let input = input.ok_or("notification is no map")?;
    let title = input.get("title").and_then(Value::as_str).ok_or("title is no string")?;
    let navigate = input.get("navigate").and_then(Value::as_str).ok_or("navigate is no string")?;
    let mut shown = create(input)?;
    shown.insert("title", title.into());
    shown.insert("navigate", url(navigate).ok_or("there is no navigation URL")?);
    let is_mutable = message.get("mutable").and_then(Value::as_bool).unwrap_or(false);
    shown.insert("mutable", is_mutable.into());
    if let Some(badge) = message.get("app_badge").filter(|badge| badge.is_u64()) {
        shown.insert("app_badge", badge.clone());
    }
    Ok(shown)
}

/// Creates the notification: what cannot be one is a TypeError.
fn create(input: &Map<String, Value>) -> Result<Shown, String> {
    let flag = |name: &str| input.get(name).and_then(Value::as_bool);
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let vibrate = input.get("vibrate").and_then(Value::as_array);
    if flag("silent") == Some(true) && vibrate.is_some() {
        return Err("silent with vibrate".to_owned());
    }
    if flag("renotify") == Some(true) && text("tag").is_empty() {
        return Err("renotify without tag".to_owned());
    }
    let mut shown = Shown::new();
    let dir = Some(text("dir")).filter(|dir| ["auto", "ltr", "rtl"].contains(dir));
    shown.insert("dir", dir.unwrap_or("auto").into());
    for name in ["body", "tag", "lang"] {
        shown.insert(name, text(name).into());
    }
    for name in ["renotify", "requireInteraction"] {
        shown.insert(name, flag(name).unwrap_or(false).into());
    }
    shown.insert("silent", flag("silent").into());
    for name in ["icon", "image", "badge"] {
        shown.insert(name, url(text_of(input, name).unwrap_or("https://")).into());
    }
    if let Some(steps) = vibrate {
        shown.insert("vibrate", steps.iter().map(step).collect::<Option<Value>>().into());
    }
    shown.insert("timestamp", input.get("timestamp").filter(|time| time.is_u64()).cloned().into());
    shown.insert("data", input.get("data").cloned().unwrap_or_default());
    let actions = input.get("actions").and_then(Value::as_array);
    let actions = actions.into_iter().flatten().filter_map(Value::as_object);
    let actions: Result<Vec<_>, _> = actions.filter_map(action).collect();
    shown.insert("actions", actions?.into());
    Ok(shown)
}

fn text_of<'v>(input: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    input.get(name).and_then(Value::as_str)
}

/// An action without its three members is passed over; one whose URL is none ends it all.
fn action(input: &Map<String, Value>) -> Option<Result<Value, String>> {
    let (name, title) = (text_of(input, "action")?, text_of(input, "title")?);
    let navigate = url(text_of(input, "navigate")?);
    let icon = text_of(input, "icon").and_then(url);
    let navigate = navigate.ok_or_else(|| "an action leads nowhere".to_owned());
    Some(navigate.map(
        |navigate| json!({ "action": name, "title": title, "navigate": navigate, "icon": icon }),
    ))
}

fn step(step: &Value) -> Option<Value> {
    step.as_u64().map(|step| step.min(MAX_VIBRATION).into())
}

/// A URL string is parsed against the scope.
fn url(text: &str) -> Option<Value> {
    let base = Url::parse(SCOPE).expect("the scope is a URL");
    base.join(text).ok().map(|url| url.as_str().into())
}
