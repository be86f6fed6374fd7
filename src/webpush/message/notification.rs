//! The `notification` of a request: what Declarative Web Push knows, checked as strictly as its strictest
//! parser, and completed with the app's title and home.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{AppDefaults, MAX_SAFE_INTEGER};
use crate::webpush::field::{FieldError, Fields};
use crate::webpush::link;

const FIELDS: [&str; 16] = [
    "title",
    "body",
    "navigate",
    "icon",
    "image",
    "badge",
    "tag",
    "lang",
    "dir",
    "timestamp",
    "renotify",
    "silent",
    "requireInteraction",
    "vibrate",
    "data",
    "actions",
];

/// Far more than anyone nests, and well below the 128 levels that our JSON parser reads back.
const MAX_DEPTH: usize = 64;

/// What a caller is told whose data [`is_too_deep`].
pub(super) const TOO_DEEP: &str = "is nested deeper than 64 levels";

/// Reads the field `notification`, or makes one where only `data` is given.
pub(super) fn read(
    request: &mut Fields<'_, '_>,
    app: &AppDefaults<'_>,
) -> Option<Map<String, Value>> {
    let has_data = request.get("data").is_some();
    let mut made = Map::new();
    if let Some(value) = request.get("notification") {
        let pointer = request.pointer("notification");
        let mut fields = Fields::open(value, pointer, &FIELDS, request.errors())?;
        read_texts(&mut fields, &mut made);
        read_links(&mut fields, &mut made);
        read_manners(&mut fields, &mut made);
        read_data(&mut fields, has_data, &mut made);
        let navigate = made.get("navigate").and_then(Value::as_str).unwrap_or(app.home).to_owned();
        read_actions(&mut fields, &navigate, &mut made);
    }
    made.entry("title").or_insert_with(|| app.title.into());
    made.entry("navigate").or_insert_with(|| app.home.into());
    Some(made)
}

/// Whether `data` would not be read back from the store.
pub(super) fn is_too_deep(data: &Map<String, Value>) -> bool {
    data.values().any(|value| exceeds(value, MAX_DEPTH - 1))
}

fn exceeds(value: &Value, depth: usize) -> bool {
    let nested = |value| depth == 0 || exceeds(value, depth - 1);
    match (value.as_array(), value.as_object()) {
        (Some(items), _) => depth == 0 || items.iter().any(nested),
        (_, Some(fields)) => depth == 0 || fields.values().any(nested),
        (None, None) => false,
    }
}

fn read_texts(fields: &mut Fields<'_, '_>, made: &mut Map<String, Value>) {
    for name in ["title", "body", "tag", "lang", "dir"] {
        let Some(text) = fields.string(name) else { continue };
        match (name, text) {
            ("title", "") => {
                fields.refuse(name, "must not be empty; leave it out for the app's title")
            }
            // An empty tag is no tag: the default one follows.
            ("tag", "") => continue,
            ("dir", "auto" | "ltr" | "rtl") => {}
            ("dir", _) => fields.refuse(name, "must be auto, ltr or rtl"),
            _ => {}
        }
        made.insert(name.into(), text.into());
    }
}

fn read_links(fields: &mut Fields<'_, '_>, made: &mut Map<String, Value>) {
    for name in ["navigate", "icon", "image", "badge"] {
        if let Some(link) = read_link(fields, name) {
            made.insert(name.into(), link.into());
        }
    }
}

fn read_manners(fields: &mut Fields<'_, '_>, made: &mut Map<String, Value>) {
    for name in ["renotify", "silent", "requireInteraction"] {
        if let Some(wanted) = fields.boolean(name) {
            made.insert(name.into(), wanted.into());
        }
    }
    if let Some(timestamp) = fields.integer("timestamp", 0..=MAX_SAFE_INTEGER) {
        made.insert("timestamp".into(), timestamp.into());
    }
    if let Some(pattern) = read_vibrate(fields) {
        made.insert("vibrate".into(), pattern.into());
    }
    let is = |name: &str| made.get(name) == Some(&Value::Bool(true));
    if is("silent") && fields.get("vibrate").is_some() {
        fields.refuse("silent", "cannot be true beside `vibrate`; browsers refuse it");
    }
    if is("renotify") && !made.contains_key("tag") {
        fields.refuse("renotify", "needs a `tag`; browsers refuse it without");
    }
}

fn read_vibrate(fields: &mut Fields<'_, '_>) -> Option<Vec<u64>> {
    let pattern: Option<Vec<_>> = fields
        .array("vibrate")?
        .iter()
        .map(|step| step.as_u64().filter(|ms| *ms <= u64::from(u32::MAX)))
        .collect();
    if pattern.is_none() {
        fields.refuse("vibrate", "must be an array of milliseconds");
    }
    pattern
}

fn read_data(fields: &mut Fields<'_, '_>, has_outer: bool, made: &mut Map<String, Value>) {
    let Some(data) = fields.object("data") else { return };
    let pointer = fields.pointer("data");
    let mut refuse = |name: &str, detail: &str| {
        let error = FieldError::new(format!("{pointer}{name}"), detail);
        fields.errors().push(error);
    };
    if data.contains_key("fanfare") {
        refuse("/fanfare", "is reserved for the notification's id, channel and number");
    }
    if has_outer && data.contains_key("data") {
        refuse("/data", "is where the top-level `data` goes; give one of the two");
    }
    if is_too_deep(data) {
        refuse("", TOO_DEEP);
    }
    made.insert("data".into(), data.clone().into());
}

fn read_actions(fields: &mut Fields<'_, '_>, navigate: &str, made: &mut Map<String, Value>) {
    let Some(items) = fields.array("actions") else { return };
    let pointer = fields.pointer("actions");
    let actions: Vec<Value> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            const KNOWN: [&str; 4] = ["action", "title", "navigate", "icon"];
            let mut action =
                Fields::open(item, format!("{pointer}/{at}"), &KNOWN, fields.errors())?;
            Some(read_action(&mut action, navigate).into())
        })
        .collect();
    made.insert("actions".into(), actions.into());
}

fn read_action(fields: &mut Fields<'_, '_>, navigate: &str) -> Map<String, Value> {
    let mut made = Map::new();
    for name in ["action", "title"] {
        if fields.get(name).is_none_or(|value| value.as_str() == Some("")) {
            fields.refuse(name, "is missing or empty; browsers need it");
        } else if let Some(text) = fields.string(name) {
            made.insert(name.into(), text.into());
        }
    }
    read_links(fields, &mut made);
    made.entry("navigate").or_insert_with(|| navigate.into());
    made
}

/// A link, as it is sent.
fn read_link(fields: &mut Fields<'_, '_>, name: &str) -> Option<String> {
    let text = fields.string(name)?;
    let sent = link::sent(text);
    if sent.is_none() {
        fields.refuse(name, link::MUST);
    }
    sent.map(Cow::into_owned)
}
