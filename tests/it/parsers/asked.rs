//! What callers ask for, rightly and nearly rightly, and what they may then expect to be shown.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use url::Url;

use super::{APP, ENVELOPE, Shown};

/// URLs as people write them, and as nobody should.
const URLS: [&str; 24] = [
    "https://a.example",
    "https://a.example/n?q=a b#f",
    "HTTPS://A.EXAMPLE/x/../y",
    "https://user:password@a.example/",
    "https://bücher.example/straße",
    "https://a.example:8443/%2e%2e/%zz",
    "https://a.example/\\back\\slash",
    "https://a.example?no-path",
    "http://localhost:3000/",
    "http://[::1]/",
    "http://127.1/",
    "https:a.example",
    "https:/a.example/one-slash",
    "https:\\\\a.example\\back",
    "https:///three-slashes.example",
    " https://a.example/leading",
    "https://a.exa\tmple/tab",
    "https://a.example/trailing\n",
    "//a.example/",
    "/path",
    "https://",
    "https://a b.example/",
    "http://a.example/",
    "javascript:alert(1)",
];

fn texts() -> BoxedStrategy<Value> {
    prop_oneof![
        8 => ".{1,12}".prop_map(Value::from),
        1 => select(vec!["\u{0}", "\u{7}\n\t", "\u{202e}", "\u{feff}x", "\"\\", " "]).prop_map(Value::from),
        1 => Just(json!("")),
        1 => Just(Value::Null),
    ]
    .boxed()
}

fn urls() -> BoxedStrategy<Value> {
    // The first half is acceptable, but for a few.
    prop_oneof![4 => select(&URLS[..11]), 1 => select(&URLS[11..])].prop_map(Value::from).boxed()
}

fn flags() -> BoxedStrategy<Value> {
    prop_oneof![12 => any::<bool>().prop_map(Value::from), 1 => Just(json!("yes")), 1 => Just(json!(1)), 1 => Just(Value::Null)]
        .boxed()
}

fn numbers() -> BoxedStrategy<Value> {
    let odd = [
        json!(2_147_483_648_u64),
        json!(9_007_199_254_740_992_u64),
        json!(u64::MAX),
        json!(-1),
        json!(1.5),
        json!("3"),
    ];
    let fine = [json!(0), json!(3), json!(2_147_483_647)];
    prop_oneof![3 => select(fine.to_vec()), 1 => select(odd.to_vec())].boxed()
}

/// Times of any size that a number of JavaScript's holds exactly, and beyond.
fn times() -> BoxedStrategy<Value> {
    let fine = [json!(0), json!(1_800_000_000_000_u64), json!(9_007_199_254_740_991_u64)];
    prop_oneof![6 => select(fine.to_vec()), 1 => numbers()].boxed()
}

/// Any JSON, with numbers that are written in as many digits as they need.
fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
    .boxed()
}

fn data() -> BoxedStrategy<Value> {
    let keys = prop_oneof![8 => "[a-z]{1,6}", 1 => Just("fanfare".to_owned()), 1 => Just("data".to_owned())];
    prop_oneof![12 => btree_map(keys, anything(), 0..4).prop_map(|map| json!(map)), 1 => Just(json!([1]))].boxed()
}

fn object(fields: Vec<(&'static str, u32, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, percent, value)| {
            proptest::option::weighted(f64::from(percent) / 100.0, value)
                .prop_map(move |value| (name, value))
        })
        .collect();
    fields
        .prop_map(|fields| {
            let given =
                fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(given.collect())
        })
        .boxed()
}

fn actions() -> BoxedStrategy<Value> {
    let action = object(vec![
        ("action", 98, texts()),
        ("title", 98, texts()),
        ("navigate", 50, urls()),
        ("icon", 20, urls()),
    ]);
    vec(action, 0..3).prop_map(Value::from).boxed()
}

fn notifications() -> BoxedStrategy<Value> {
    let dir =
        prop_oneof![8 => select(vec!["auto", "ltr", "rtl"]), 1 => select(vec!["up", "LTR", ""])];
    let steps = prop_oneof![8 => 0..20_000_u64, 1 => Just(u64::MAX)];
    object(vec![
        ("title", 80, texts()),
        ("body", 80, texts()),
        ("navigate", 50, urls()),
        ("icon", 15, urls()),
        ("image", 10, urls()),
        ("badge", 10, urls()),
        ("tag", 40, texts()),
        ("lang", 20, texts()),
        ("dir", 20, dir.prop_map(Value::from).boxed()),
        ("timestamp", 15, times()),
        ("renotify", 10, flags()),
        ("silent", 10, flags()),
        ("requireInteraction", 15, flags()),
        ("vibrate", 10, vec(steps, 0..4).prop_map(Value::from).boxed()),
        ("data", 30, data()),
        ("actions", 20, actions()),
    ])
}

/// Bodies of requests that show something.
pub(super) fn bodies() -> BoxedStrategy<Value> {
    let bodies = object(vec![
        ("notification", 90, notifications()),
        ("data", 30, data()),
        ("mutable", 20, flags()),
        ("app_badge", 15, numbers()),
    ]);
    bodies
        .prop_filter("it shows something", |body| {
            ["notification", "data"]
                .iter()
                .any(|name| body.get(name).is_some_and(|value| !value.is_null()))
        })
        .boxed()
}

/// What is to be shown of a body that was accepted.
pub(super) fn expected(body: &Value, receipts: bool) -> Shown {
    let given =
        |object: &Value, name: &str| object.get(name).filter(|value| !value.is_null()).cloned();
    let asked = given(body, "notification").unwrap_or_else(|| json!({}));
    let text = |name: &str, default: &str| given(&asked, name).unwrap_or_else(|| default.into());
    let flag = |name: &str| given(&asked, name).unwrap_or_else(|| false.into());
    let navigate = absolute(&text("navigate", APP.home));
    let tag = given(&asked, "tag").filter(|tag| *tag != "");
    let actions = expected_actions(&given(&asked, "actions").unwrap_or_default(), &navigate);
    let mut shown = Shown::from([
        ("title", text("title", APP.title)),
        ("body", text("body", "")),
        ("lang", text("lang", "")),
        ("dir", text("dir", "auto")),
        ("tag", tag.unwrap_or_else(|| ENVELOPE.group.expect("one of several").into())),
        ("renotify", flag("renotify")),
        ("requireInteraction", flag("requireInteraction")),
        ("silent", given(&asked, "silent").unwrap_or_default()),
        ("timestamp", given(&asked, "timestamp").unwrap_or_default()),
        ("mutable", given(body, "mutable").unwrap_or_else(|| true.into())),
        ("app_badge", given(body, "app_badge").unwrap_or_default()),
        ("actions without icons", without_icons(&actions)),
        ("actions", actions),
        ("navigate", navigate),
        ("data", expected_data(&asked, body, receipts)),
    ]);
    for name in ["icon", "image", "badge"] {
        shown.insert(name, given(&asked, name).map(|url| absolute(&url)).into());
    }
    if let Some(Value::Array(steps)) = given(&asked, "vibrate") {
        let step = |step: &Value| step.as_u64().expect("milliseconds").min(10_000).into();
        shown.insert("vibrate", Value::Array(steps.iter().map(step).collect()));
    }
    shown
}

/// A URL means the same wherever it is read: it is absolute.
fn absolute(url: &Value) -> Value {
    let text = url.as_str().expect("a URL was accepted");
    Url::parse(text).expect("a URL was accepted").as_str().into()
}

fn expected_actions(asked: &Value, navigate: &Value) -> Value {
    let action = |action: &Value| {
        let url = |name: &str| action.get(name).filter(|url| !url.is_null()).map(absolute);
        let navigate = url("navigate").unwrap_or_else(|| navigate.clone());
        json!({ "action": action["action"], "title": action["title"], "navigate": navigate, "icon": url("icon") })
    };
    asked.as_array().into_iter().flatten().map(action).collect()
}

fn without_icons(actions: &Value) -> Value {
    let bare = |action: &Value| {
        let mut action = action.clone();
        action.as_object_mut().expect("an action").remove("icon");
        action
    };
    actions.as_array().expect("a list").iter().map(bare).collect()
}

/// The caller's data, exact to the last digit, with what is the daemon's.
fn expected_data(asked: &Value, body: &Value, receipts: bool) -> Value {
    let mut data = asked.get("data").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    if let Some(outer) = body.get("data").filter(|data| !data.is_null()) {
        data.insert("data".to_owned(), outer.clone());
    }
    let mut own = json!({
        "id": ENVELOPE.id, "channel": ENVELOPE.channel, "epoch": ENVELOPE.epoch, "seq": ENVELOPE.seq, "group": ENVELOPE.group,
    });
    if receipts {
        own["receipts"] = true.into();
    }
    data.insert("fanfare".to_owned(), own);
    data.into()
}
