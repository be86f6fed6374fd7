//! The `Topic` header (RFC 8030 §5.4): 32 characters of the base64url alphabet, which a caller's text is not.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use http::HeaderValue;

use crate::webpush::encoding::BASE64URL;

/// A caller's topic as push services see it: a hash, so that it may be any text, says nothing to strangers, and
/// differs between channels that share an endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Topic(Box<str>);

/// The most characters that RFC 8030 allows. Apple decodes a topic, and base64url can have this length.
const LEN: usize = 32;

/// What 32 characters of base64url hold.
const HASH_BYTES: usize = LEN / 4 * 3;

impl Topic {
    /// The topic of the text `topic` in that app and channel.
    pub fn derive(app: &str, channel: &str, topic: &str) -> Self {
        let mut hash = Context::new(&SHA256);
        for part in [app, channel, topic] {
            // Each part's length goes before it, so that no two triples make the same bytes.
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finish();
        Self(BASE64URL.encode(&digest.as_ref()[..HASH_BYTES]).into())
    }

    /// Reads back a topic that was derived when it was stored; `None` when the row is damaged.
    pub fn from_store(text: String) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (text.len() == LEN && text.bytes().all(legal)).then(|| Self(text.into()))
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("base64url characters are legal in a header")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_32_characters_of_base64url_for_any_text() {
        for text in ["", "tea", "täglich ☕ / + \n", &"x".repeat(10_000)] {
            let topic = Topic::derive("default", "demo", text);
            assert_eq!(topic.as_str().len(), 32);
            assert_eq!(Topic::from_store(topic.as_str().to_owned()), Some(topic));
        }
        for damaged in ["", "x", "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/"] {
            assert_eq!(Topic::from_store(damaged.to_owned()), None, "{damaged}");
        }
    }

    #[test]
    fn topics_of_different_parts_differ_even_where_the_parts_run_together() {
        let triples = [("a", "bc", "d"), ("ab", "c", "d"), ("a", "b", "cd"), ("", "abc", "d")];
        let topics: std::collections::HashSet<_> = triples
            .iter()
            .map(|(app, channel, topic)| Topic::derive(app, channel, topic))
            .collect();
        assert_eq!(topics.len(), triples.len());
    }
}
