//! What a backend asks to be sent: the body of a notification request, checked field by field, so that no
//! browser's parser refuses what was accepted here.

mod content;
mod notification;

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use content::{Content, Envelope, TooLarge};

use crate::clock::Timestamp;
use crate::id::{IdKind, PublicId};
use crate::webpush::encoding;
use crate::webpush::field::{FieldError, Fields};
use crate::webpush::request::Urgency;

/// What a notification says where its caller says nothing.
#[derive(Clone, Copy, Debug)]
pub struct AppDefaults<'a> {
    /// The app's title.
    pub title: &'a str,
    /// The app's home, an absolute URL.
    pub home: &'a str,
    /// Whether its notifications ask the devices to say what became of them.
    pub receipts: bool,
}

/// One accepted request, before it has an id, a channel and a number.
#[derive(Clone, PartialEq, Debug)]
pub struct NotificationRequest {
    /// What is pushed.
    pub content: Content,
    /// How long it is worth delivering; zero is now or never.
    pub ttl: Duration,
    /// How soon it should wake the device.
    pub urgency: Urgency,
    /// The caller's text; a newer notification of the same topic replaces what still waits.
    pub topic: Option<String>,
    /// When it is due, as asked; [`NotificationRequest::due`] judges it.
    pub send_at: Option<Timestamp>,
    /// The subscriptions that are passed over, each once.
    pub exclude: Vec<PublicId>,
    /// The channels of a request to several, each once, in the caller's order. Their names are the caller's to
    /// check.
    pub channels: Option<Vec<String>>,
}

/// What says what is pushed; `raw` and `raw_base64` each stand alone.
const PAYLOAD: [&str; 6] = ["notification", "data", "app_badge", "mutable", "raw", "raw_base64"];

/// What says how it is delivered.
const TERMS: [&str; 5] = ["ttl", "urgency", "topic", "send_at", "exclude"];

/// Four weeks: the longest that FCM keeps a message.
const MAX_TTL: u64 = 28 * 24 * 3600;

/// A day.
const DEFAULT_TTL: u64 = 24 * 3600;

/// Each is a query at the accept, which is O(1) otherwise.
const MAX_EXCLUDE: usize = 100;

/// Each is a notification of its own, all in one transaction.
const MAX_CHANNELS: usize = 1000;

/// Safari 18.4 reads a badge as one of C's `int`s, and drops the whole message where it finds that negative.
const MAX_BADGE: u64 = i32::MAX as u64;

/// The integers that JavaScript's numbers hold exactly: what a browser will read.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

impl NotificationRequest {
    /// Reads a JSON body; every wrong field is named. `channels` is required for a request to several channels
    /// (`allow_channels`) and unknown elsewhere.
    pub fn parse_json(
        json: &Value,
        app: &AppDefaults<'_>,
        allow_channels: bool,
    ) -> Result<Self, Vec<FieldError>> {
        let channels: &[&str] = if allow_channels { &["channels"] } else { &[] };
        let known = [&PAYLOAD, &TERMS[..], channels].concat();
        let mut errors = Vec::new();
        let request = Fields::open(json, "#", &known, &mut errors)
            .and_then(|mut fields| read(&mut fields, app, allow_channels));
        match request {
            Some(request) if errors.is_empty() => Ok(request),
            Some(_) | None => Err(errors),
        }
    }

    /// A plain text, shown under the app's title; an empty one is a push without a payload.
    pub fn from_text(text: &str, app: &AppDefaults<'_>) -> Self {
        let content = if text.is_empty() {
            Content::Empty
        } else {
            let parts = [("title", app.title), ("body", text), ("navigate", app.home)];
            let notification = parts.map(|(name, text)| (name.to_owned(), text.into()));
            document(notification.into_iter().collect(), true, None, app.receipts)
        };
        Self {
            content,
            ttl: Duration::from_secs(DEFAULT_TTL),
            urgency: Urgency::default(),
            topic: None,
            send_at: None,
            exclude: Vec::new(),
            channels: None,
        }
    }

    /// When it is due: `None` is now, which a time in the past means too. More than 28 days ahead is refused.
    pub fn due(&self, now: Timestamp) -> Result<Option<Timestamp>, FieldError> {
        match self.send_at.filter(|due| *due > now) {
            Some(due) if due > now + Duration::from_secs(MAX_TTL) => {
                Err(FieldError::new("#/send_at", "must be at most 28 days ahead"))
            }
            due => Ok(due),
        }
    }
}

fn read(
    fields: &mut Fields<'_, '_>,
    app: &AppDefaults<'_>,
    with_channels: bool,
) -> Option<NotificationRequest> {
    let content = read_content(fields, app);
    let ttl = fields.integer("ttl", 0..=MAX_TTL).unwrap_or(DEFAULT_TTL);
    let urgency = read_urgency(fields);
    let topic = read_topic(fields);
    let send_at = read_send_at(fields);
    let exclude = read_exclude(fields);
    let channels = if with_channels { read_channels(fields) } else { None };
    Some(NotificationRequest {
        content: content?,
        ttl: Duration::from_secs(ttl),
        urgency,
        topic,
        send_at,
        exclude,
        channels,
    })
}

fn read_content(fields: &mut Fields<'_, '_>, app: &AppDefaults<'_>) -> Option<Content> {
    let given: Vec<_> = PAYLOAD.into_iter().filter(|name| fields.get(name).is_some()).collect();
    if let Some(raw) = given.iter().find(|name| name.starts_with("raw")) {
        for other in given.iter().filter(|other| *other != raw) {
            let detail = format!("cannot be given beside `{raw}`, which is the whole payload");
            fields.refuse(other, detail);
        }
        return read_raw(fields, raw);
    }
    if given.contains(&"notification") || given.contains(&"data") {
        return read_document(fields, app);
    }
    for name in given {
        fields.refuse(name, "is part of a notification; give `notification` or `data` too");
    }
    Some(Content::Empty)
}

fn read_raw(fields: &mut Fields<'_, '_>, name: &str) -> Option<Content> {
    let text = fields.string(name)?;
    let bytes = if name == "raw" { Some(text.as_bytes().to_vec()) } else { encoding::decode(text) };
    if bytes.is_none() {
        fields.refuse(name, "must be base64");
    }
    bytes.map(Content::raw)
}

fn read_document(fields: &mut Fields<'_, '_>, app: &AppDefaults<'_>) -> Option<Content> {
    let notification = notification::read(fields, app);
    let data = fields.object("data");
    if data.is_some_and(notification::is_too_deep) {
        fields.refuse("data", notification::TOO_DEEP);
    }
    let mutable = fields.boolean("mutable").unwrap_or(true);
    let app_badge = fields.integer("app_badge", 0..=MAX_BADGE);
    let mut notification = notification?;
    if let Some(data) = data {
        let own = notification.entry("data").or_insert_with(|| Value::Object(Map::new()));
        own["data"] = Value::Object(data.clone());
    }
    Some(document(notification, mutable, app_badge, app.receipts))
}

/// A declarative message (W3C Push API). Safari 18.4 and Gecko look for `mutable` and `app_badge` inside
/// `notification`, later Safari at the top.
fn document(
    mut notification: Map<String, Value>,
    mutable: bool,
    badge: Option<u64>,
    receipts: bool,
) -> Content {
    notification.insert("mutable".into(), mutable.into());
    let mut document = json!({ "web_push": 8030, "mutable": mutable });
    if let Some(badge) = badge {
        notification.insert("app_badge".into(), badge.into());
        document["app_badge"] = badge.into();
    }
    document["notification"] = Value::Object(notification);
    Content::Declarative { document: document.to_string(), receipts }
}

fn read_urgency(fields: &mut Fields<'_, '_>) -> Urgency {
    let Some(name) = fields.string("urgency") else { return Urgency::default() };
    Urgency::parse(name).unwrap_or_else(|| {
        let names = Urgency::ALL.map(Urgency::as_str).join(", ");
        fields.refuse("urgency", format!("must be one of {names}"));
        Urgency::default()
    })
}

fn read_topic(fields: &mut Fields<'_, '_>) -> Option<String> {
    let topic = fields.string("topic")?;
    if topic.is_empty() {
        // Most likely a variable without a value: everything would replace everything.
        fields.refuse("topic", "must not be empty; leave it out for none");
    }
    Some(topic.to_owned())
}

fn read_send_at(fields: &mut Fields<'_, '_>) -> Option<Timestamp> {
    let due = Timestamp::parse_rfc3339(fields.string("send_at")?);
    if due.is_none() {
        fields.refuse("send_at", "must be RFC 3339, such as 2026-11-21T20:00:00Z");
    }
    due
}

fn read_exclude(fields: &mut Fields<'_, '_>) -> Vec<PublicId> {
    let must = "must be a subscription's id, sub_…";
    read_items(fields, "exclude", 0..=MAX_EXCLUDE, must, |text| {
        PublicId::parse(IdKind::Subscription, text)
    })
    .unwrap_or_default()
}

fn read_channels(fields: &mut Fields<'_, '_>) -> Option<Vec<String>> {
    if fields.get("channels").is_none() {
        fields.refuse("channels", "is missing; it lists the channels to notify");
    }
    let must = "must be a channel's name";
    read_items(fields, "channels", 1..=MAX_CHANNELS, must, |text| Some(text.to_owned()))
}

/// The items of an array of texts, each once, in their order.
fn read_items<T: Clone + Eq + Hash>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    count: RangeInclusive<usize>,
    must: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    let items = fields.array(name)?;
    if !count.contains(&items.len()) {
        let (least, most, len) = (count.start(), count.end(), items.len());
        fields.refuse(name, format!("must have {least} to {most} items; it has {len}"));
        return None;
    }
    let mut seen = HashSet::new();
    let mut once = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match item.as_str().and_then(&read) {
            Some(item) if seen.insert(item.clone()) => once.push(item),
            Some(_) => {}
            None => fields.refuse_item(name, at, must),
        }
    }
    Some(once)
}

#[cfg(test)]
mod tests;
