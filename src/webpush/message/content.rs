//! What is pushed: nothing, bytes as they are, or a declarative document that gets its envelope (id, channel,
//! number) when these are known. Encoded once per notification; only the encryption differs by subscription.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::webpush::encrypt::MAX_PAYLOAD;

/// The content of a notification, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A push without a payload.
    Empty,
    /// The payload itself, sent untouched.
    Raw(Bytes),
    /// A document to be shown.
    Declarative {
        /// Compact JSON, complete but for `notification.data.fanfare` and the default tag.
        document: String,
        /// Whether it asks the devices to say what became of it.
        receipts: bool,
    },
}

/// What the daemon adds to a declarative document: `notification.data.fanfare`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Envelope<'a> {
    /// The notification's public id.
    pub id: &'a str,
    /// The channel's name.
    pub channel: &'a str,
    /// The channel's epoch.
    pub epoch: &'a str,
    /// The notification's number in its channel's log.
    pub seq: i64,
    /// What the notifications of one call to several channels share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'a str>,
}

/// The encoded payload would not fit into a push message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "notification is too large: its content has {content} bytes and its envelope {envelope}, together more than \
     {MAX_PAYLOAD}; shorten the content to {allowed} bytes"
)]
pub struct TooLarge {
    /// What the daemon adds, in bytes.
    pub envelope: usize,
    /// What the caller sent, encoded, in bytes.
    pub content: usize,
    /// How many bytes the caller's content may have in that envelope.
    pub allowed: usize,
}

/// The kind of a document that asks for receipts, in the store.
const ASKS_FOR_RECEIPTS: i16 = 3;

/// As long as a public id gets: a prefix of 4 and 22 characters.
const LONGEST_ID: &str = "ntf_xxxxxxxxxxxxxxxxxxxxxx";

impl Envelope<'_> {
    /// The longest epoch of a channel, in bytes; payload sizes are reckoned with it.
    pub const MAX_EPOCH: usize = 22;

    /// The largest that a notification may get by the time it is encoded.
    fn largest(channel: &str, group: bool) -> Envelope<'_> {
        let (_, epoch) = LONGEST_ID.split_at(LONGEST_ID.len() - Self::MAX_EPOCH);
        // The one number with 20 characters.
        let seq = i64::MIN;
        Envelope { id: LONGEST_ID, channel, epoch, seq, group: group.then_some(LONGEST_ID) }
    }

    /// What a notification is shown under: a repeat, or the same one by another channel, replaces itself.
    fn tag(&self) -> &str {
        self.group.unwrap_or(self.id)
    }
}

impl Content {
    /// Bytes as a payload; none are a push without one, for nothing cannot be encrypted.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::Empty } else { Self::Raw(bytes) }
    }

    /// The payload; `None` is a push without one.
    pub fn encode(&self, envelope: &Envelope<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Empty => None,
            Self::Raw(bytes) => (!bytes.is_empty()).then(|| bytes.to_vec()),
            // What is no document of ours is sent as it is, like `raw`: it must not cost the notification.
            Self::Declarative { document, receipts } => Some(
                enclose(document, envelope, *receipts)
                    .unwrap_or_else(|| document.as_bytes().to_vec()),
            ),
        }
    }

    /// Whether the payload will fit, whatever the notification's number and ids become: reckoned with the
    /// longest channel name of the call, and with a `group` when the call names several channels.
    pub fn check_size(&self, longest_channel: &str, group: bool) -> Result<(), TooLarge> {
        let total =
            self.encode(&Envelope::largest(longest_channel, group)).map_or(0, |all| all.len());
        if total <= MAX_PAYLOAD {
            return Ok(());
        }
        let content = self.bytes().len();
        let envelope = total - content;
        Err(TooLarge { envelope, content, allowed: MAX_PAYLOAD.saturating_sub(envelope) })
    }

    /// Its kind's number in the store.
    pub const fn kind(&self) -> i16 {
        match self {
            Self::Empty => 0,
            Self::Raw(_) => 1,
            Self::Declarative { receipts: false, .. } => 2,
            Self::Declarative { receipts: true, .. } => ASKS_FOR_RECEIPTS,
        }
    }

    /// Whether what is stored as that kind asks for receipts.
    pub const fn asks_for_receipts(kind: i16) -> bool {
        kind == ASKS_FOR_RECEIPTS
    }

    /// Its bytes in the store.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Raw(bytes) => bytes,
            Self::Declarative { document, .. } => document.as_bytes(),
        }
    }

    /// Reads back what [`Content::kind`] and [`Content::bytes`] stored; `None` when the row is damaged.
    pub fn from_store(kind: i16, bytes: Vec<u8>) -> Option<Self> {
        match kind {
            0 => bytes.is_empty().then_some(Self::Empty),
            1 => Some(Self::Raw(bytes.into())),
            2 | ASKS_FOR_RECEIPTS => {
                let document = String::from_utf8(bytes).ok()?;
                let receipts = Self::asks_for_receipts(kind);
                open(&document).is_some().then_some(Self::Declarative { document, receipts })
            }
            _ => None,
        }
    }
}

/// The document, when it has a notification to put the envelope into.
fn open(text: &str) -> Option<Map<String, Value>> {
    let document: Map<String, Value> = serde_json::from_str(text).ok()?;
    document.get("notification").is_some_and(Value::is_object).then_some(document)
}

fn enclose(text: &str, envelope: &Envelope<'_>, receipts: bool) -> Option<Vec<u8>> {
    let mut document = open(text)?;
    let notification = document.get_mut("notification")?.as_object_mut()?;
    notification.entry("tag").or_insert_with(|| envelope.tag().into());
    let data = notification.entry("data").or_insert_with(|| Map::new().into()).as_object_mut()?;
    let mut own = serde_json::to_value(envelope).ok()?;
    if receipts {
        own["receipts"] = true.into();
    }
    data.insert("fanfare".into(), own);
    serde_json::to_vec(&document).ok()
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Empty => "Empty",
            Self::Raw(_) => "Raw",
            Self::Declarative { .. } => "Declarative",
        };
        write!(f, "{name}([{} bytes])", self.bytes().len())
    }
}

#[cfg(test)]
mod tests;
