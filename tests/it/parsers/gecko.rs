//! Gecko: a struct that is deserialised. An optional member of a wrong type has its default; `mutable` is read inside
//! `notification`; an action without its three strings is passed over, and one whose URL is none ends it all.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

use super::{SCOPE, Shown};

pub(super) fn parse(bytes: &[u8]) -> Result<Shown, String> {
    let text = String::from_utf8_lossy(bytes);
    let message: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let number: u16 = required(&message, "web_push")?;
    if number != 8030 {
        return Err("web_push is not 8030".to_owned());
    }
    let input: Map<String, Value> = required(&message, "notification")?;
    let title: String = required(&input, "title")?;
    let navigate: String = required(&input, "navigate")?;
    let mut shown = Shown::from([
        ("title", title.into()),
        ("navigate", url(&navigate).ok_or("navigate is no URL")?.into()),
        ("data", input.get("data").cloned().unwrap_or_default()),
        ("mutable", forgiven::<bool>(&input, "mutable").into()),
        ("requireInteraction", forgiven::<bool>(&input, "requireInteraction").into()),
    ]);
    for name in ["lang", "body", "tag"] {
        shown.insert(name, forgiven::<String>(&input, name).into());
    }
    let dir: String = forgiven(&input, "dir");
    let is_known = ["auto", "ltr", "rtl"].contains(&dir.as_str());
    shown.insert("dir", if is_known { dir } else { "auto".to_owned() }.into());
    // `silent` of Gecko's is false where it is absent; what is asked for says null.
    if forgiven::<bool>(&input, "silent") {
        shown.insert("silent", true.into());
    }
    let icon: Option<String> = forgiven(&input, "icon");
    shown.insert("icon", icon.and_then(|icon| url(&icon)).into());
    let actions: Vec<Value> = forgiven(&input, "actions");
    let actions: Result<Vec<_>, _> = actions.iter().filter_map(action).collect();
    shown.insert("actions without icons", actions?.into());
    Ok(shown)
}

fn required<T: DeserializeOwned>(input: &Map<String, Value>, name: &str) -> Result<T, String> {
    let value = input.get(name).ok_or_else(|| format!("{name} is missing"))?;
    T::deserialize(value).map_err(|error| format!("{name}: {error}"))
}

fn forgiven<T: DeserializeOwned + Default>(input: &Map<String, Value>, name: &str) -> T {
    input.get(name).and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}

fn action(input: &Value) -> Option<Result<Value, String>> {
    let text = |name: &str| input.get(name)?.as_str();
    let (name, title, navigate) = (text("action")?, text("title")?, text("navigate")?);
    let navigate = url(navigate).ok_or_else(|| "an action leads nowhere".to_owned());
    Some(navigate.map(|navigate| json!({ "action": name, "title": title, "navigate": navigate })))
}

fn url(text: &str) -> Option<String> {
    Url::parse(SCOPE).ok()?.join(text).ok().map(String::from)
}
