//! What is wrong with which field of a JSON body, and a reader of JSON objects that collects it: a caller who
//! got three fields wrong hears of all three at once.

use std::fmt;
use std::ops::RangeInclusive;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};

/// One field's problem, as `errors` of a problem document lists it (RFC 9457 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// Where: a JSON pointer as a URI fragment (RFC 6901 §6), such as `#/keys/p256dh`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    /// The problem `detail` of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same problem where the object that was read is itself the field `prefix` of a larger one:
    /// `#/endpoint` under `#/subscription` is `#/subscription/endpoint`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        let rest = self.pointer.strip_prefix('#').unwrap_or(&self.pointer);
        self.pointer = format!("{prefix}{rest}");
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

/// A JSON object being read. `null` counts as absent: that is how many backends write a missing value.
pub(super) struct Fields<'v, 'e> {
    pointer: String,
    map: &'v Map<String, Value>,
    errors: &'e mut Vec<FieldError>,
}

impl<'v, 'e> Fields<'v, 'e> {
    /// Opens `value`, the object at `pointer`, and refuses every field that is not `known`.
    pub(super) fn open(
        value: &'v Value,
        pointer: impl Into<String>,
        known: &[&str],
        errors: &'e mut Vec<FieldError>,
    ) -> Option<Self> {
        let pointer = pointer.into();
        let Some(map) = value.as_object() else {
            errors.push(FieldError::new(pointer, "must be a JSON object"));
            return None;
        };
        let strange = map.keys().filter(|name| !known.contains(&name.as_str()));
        for name in strange.take(UNKNOWN_SHOWN) {
            errors.push(FieldError::new(join(&pointer, name), unknown(name, known)));
        }
        Some(Self { pointer, map, errors })
    }

    /// The pointer of the field `name`.
    pub(super) fn pointer(&self, name: &str) -> String {
        join(&self.pointer, name)
    }

    /// Notes that the field `name` is wrong.
    pub(super) fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = self.pointer(name);
        self.errors.push(FieldError::new(pointer, detail));
    }

    /// Notes that the item `at` of the array `name` is wrong.
    pub(super) fn refuse_item(&mut self, name: &str, at: usize, detail: impl Into<String>) {
        let pointer = format!("{}/{at}", self.pointer(name));
        self.errors.push(FieldError::new(pointer, detail));
    }

    /// Where the problems of a nested object are noted.
    pub(super) fn errors(&mut self) -> &mut Vec<FieldError> {
        self.errors
    }

    /// The field's value, whatever it is.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn string(&mut self, name: &str) -> Option<&'v str> {
        self.typed(name, Value::as_str, "must be a string")
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.typed(name, Value::as_bool, "must be true or false")
    }

    pub(super) fn object(&mut self, name: &str) -> Option<&'v Map<String, Value>> {
        self.typed(name, Value::as_object, "must be a JSON object")
    }

    pub(super) fn array(&mut self, name: &str) -> Option<&'v [Value]> {
        self.typed(name, |value| value.as_array().map(Vec::as_slice), "must be an array")
    }

    pub(super) fn integer(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(name)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.refuse(name, format!("must be an integer from {least} to {most}"));
        }
        number
    }

    fn typed<T>(&mut self, name: &str, read: fn(&'v Value) -> Option<T>, must: &str) -> Option<T> {
        let value = read(self.get(name)?);
        if value.is_none() {
            self.refuse(name, must);
        }
        value
    }
}

/// RFC 6901 §6: what a URI fragment may not hold is percent-encoded.
const NOT_IN_FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`');

/// So many unknown fields of one object are named, for the same reason as in [`NAME_SHOWN`].
const UNKNOWN_SHOWN: usize = 16;

/// A stranger's field name is shown up to here, so that an answer does not grow with the question.
const NAME_SHOWN: usize = 64;

fn join(pointer: &str, name: &str) -> String {
    let shown: String = name.chars().take(NAME_SHOWN).collect();
    let token = shown.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{}", utf8_percent_encode(&token, NOT_IN_FRAGMENT))
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("is not a known field; did you mean `{near}`?"),
        None => format!("is not a known field; known are {}", known.join(", ")),
    }
}

/// The known name that `name` was probably meant to be: at most every third letter differs.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    if name.len() > NAME_SHOWN {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&plain(name), &plain(candidate)), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_moves_under_the_field_that_holds_its_object() {
        let error = FieldError::new("#/keys/auth", "is missing").under("#/subscription");
        assert_eq!(error.to_string(), "#/subscription/keys/auth: is missing");
        assert_eq!(FieldError::new("#", "x").under("#/subscription").pointer, "#/subscription");
    }

    #[test]
    fn an_unknown_field_is_answered_with_the_nearest_known_one() {
        let known = ["urgency", "send_at", "requireInteraction", "ttl"];
        let cases = [
            ("urgancy", Some("urgency")),
            ("sendAt", Some("send_at")),
            ("require_interaction", Some("requireInteraction")),
            ("TTL", Some("ttl")),
            ("payload", None),
        ];
        for (name, near) in cases {
            assert_eq!(nearest(name, &known), near, "{name}");
        }
    }

    #[test]
    fn a_strange_name_is_escaped_and_cut_in_its_pointer() {
        assert_eq!(join("#", "a/b~c d%"), "#/a~1b~0c%20d%25");
        assert_eq!(join("#", &"x".repeat(5000)).len(), 2 + NAME_SHOWN);
    }

    #[test]
    fn every_wrong_field_is_named_and_null_counts_as_absent() {
        let value = json!({ "s": 1, "b": "yes", "o": [], "a": {}, "i": -1, "n": null });
        let mut errors = Vec::new();
        let mut fields =
            Fields::open(&value, "#", &["s", "b", "o", "a", "i", "n"], &mut errors).unwrap();
        assert!(fields.string("s").is_none());
        assert!(fields.boolean("b").is_none());
        assert!(fields.object("o").is_none());
        assert!(fields.array("a").is_none());
        assert!(fields.integer("i", 0..=9).is_none());
        assert!(fields.string("n").is_none());
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/s", "#/b", "#/o", "#/a", "#/i"]);
        assert_eq!(errors[4].detail, "must be an integer from 0 to 9");
    }
}
