//! An entry of a list of subscriptions, as our export and other programs keep them: browsers' subscriptions, perhaps
//! wrapped, perhaps with columns of their own around them.

use serde_json::{Map, Value};

use crate::webpush::field::FieldError;

/// Where other programs keep the subscription: a row of theirs has it as one of its columns.
const WRAPPERS: [&str; 4] =
    ["subscription", "subscription_info", "pushSubscription", "push_subscription"];

/// A row's column, the subscription in it, and that written as a string.
const MAX_WRAPPINGS: usize = 4;

/// What of an entry is a browser's subscription.
const KNOWN: [&str; 4] = ["endpoint", "expirationTime", "keys", "push_key"];

/// An entry, reduced to what counts.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// What [`super::PushSubscription::parse`] reads.
    pub subscription: Value,
    /// The channels that it was in; an entry of another program's has none.
    pub channels: Vec<ListedMembership>,
}

/// A channel that an entry was in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedMembership {
    /// The channel's name, unchecked.
    pub name: String,
    /// Up to which number of which log everything was settled, if it says so.
    pub cursor: Option<(String, i64)>,
}

impl Listed {
    /// Reads one entry. Whether its subscription is one is seen when that is parsed.
    pub fn read(entry: Value) -> Result<Self, FieldError> {
        let mut fields = unwrap(entry)?;
        let channels = match fields.remove("channels") {
            Some(Value::Array(items)) => {
                items.into_iter().enumerate().map(membership).collect::<Result<_, _>>()?
            }
            Some(_) | None => Vec::new(),
        };
        if !fields.contains_key("keys") {
            flat_keys(&mut fields);
        }
        if let Some(Value::Object(keys)) = fields.get_mut("keys") {
            keys.retain(|name, _| name == "p256dh" || name == "auth");
        }
        fields.retain(|name, _| KNOWN.contains(&name.as_str()));
        Ok(Self { subscription: Value::Object(fields), channels })
    }
}

fn unwrap(mut entry: Value) -> Result<Map<String, Value>, FieldError> {
    for _ in 0..MAX_WRAPPINGS {
        entry = match entry {
            Value::String(text) => serde_json::from_str(&text)
                .map_err(|_| FieldError::new("#", "is a string that is not JSON"))?,
            Value::Object(mut fields) if !fields.contains_key("endpoint") => {
                match WRAPPERS.iter().find_map(|name| fields.remove(*name)) {
                    Some(inner) => inner,
                    None => return Ok(fields),
                }
            }
            Value::Object(fields) => return Ok(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => break,
        };
    }
    Err(FieldError::new("#", "must be a JSON object with `endpoint` and `keys`"))
}

/// Tables have a column for each key.
fn flat_keys(fields: &mut Map<String, Value>) {
    if let (Some(p256dh), Some(auth)) = (fields.remove("p256dh"), fields.remove("auth")) {
        let keys = [("p256dh".to_owned(), p256dh), ("auth".to_owned(), auth)];
        fields.insert("keys".to_owned(), Value::Object(keys.into_iter().collect()));
    }
}

fn membership((at, item): (usize, Value)) -> Result<ListedMembership, FieldError> {
    let name = item.as_str().or_else(|| item["name"].as_str());
    let Some(name) = name else {
        let must = "must be a channel's name, or an object with `name`";
        return Err(FieldError::new(format!("#/channels/{at}"), must));
    };
    let cursor = item["epoch"].as_str().map(str::to_owned).zip(item["done_seq"].as_i64());
    Ok(ListedMembership { name: name.to_owned(), cursor })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subscription_is_found_in_whatever_a_program_keeps_it() {
        let plain = json!({ "endpoint": "e", "keys": { "p256dh": "p", "auth": "a" } });
        for entry in [
            plain.clone(),
            json!({ "id": 7, "user": "x", "subscription": plain, "created_at": "2020" }),
            json!({ "subscription": plain.to_string() }),
            json!({ "user": 1, "subscription_info": { "endpoint": "e", "keys": { "p256dh": "p", "auth": "a", "x": 1 } } }),
            json!({ "browser": "Firefox", "endpoint": "e", "p256dh": "p", "auth": "a" }),
            json!(plain.to_string()),
        ] {
            let listed = Listed::read(entry.clone()).unwrap();
            assert_eq!(listed.subscription, plain, "{entry}");
            assert_eq!(listed.channels, []);
        }
    }

    #[test]
    fn our_own_entries_say_where_they_stood() {
        let entry = json!({
            "id": "sub_1", "endpoint": "e", "expirationTime": 5, "keys": { "p256dh": "p", "auth": "a" },
            "push_key": "k", "created": "…",
            "channels": [{ "name": "news", "epoch": "0a", "done_seq": 7 }, { "name": "x" }, "y"],
        });
        let listed = Listed::read(entry).unwrap();
        let expected = json!({
            "endpoint": "e", "expirationTime": 5, "keys": { "p256dh": "p", "auth": "a" }, "push_key": "k"
        });
        assert_eq!(listed.subscription, expected);
        let at = |name: &str, cursor| ListedMembership { name: name.to_owned(), cursor };
        let cursor = Some(("0a".to_owned(), 7));
        assert_eq!(listed.channels, [at("news", cursor), at("x", None), at("y", None)]);
    }

    #[test]
    fn what_cannot_hold_one_is_refused_with_the_place() {
        for (entry, pointer) in [
            (json!(7), "#"),
            (json!([]), "#"),
            (json!("text"), "#"),
            (json!({ "subscription": null }), "#"),
            (json!({ "endpoint": "e", "channels": ["a", 7] }), "#/channels/1"),
        ] {
            assert_eq!(Listed::read(entry.clone()).unwrap_err().pointer, pointer, "{entry}");
        }
        let missing = Listed::read(json!({ "url": "e" })).unwrap();
        assert_eq!(missing.subscription, json!({}), "what is missing is named when it is parsed");
    }
}
