//! What a request's body becomes, and how each mistake in one is answered.

use super::*;

const APP: AppDefaults<'_> =
    AppDefaults { title: "Teahouse", home: "https://tea.example/", receipts: false };
const ENVELOPE: Envelope<'_> =
    Envelope { id: "ntf_1", channel: "user:42", epoch: "e", seq: 7, group: None };

fn parse(body: Value) -> NotificationRequest {
    NotificationRequest::parse_json(&body, &APP, false).expect("accepted")
}

fn payload(body: Value) -> Value {
    serde_json::from_slice(&parse(body).content.encode(&ENVELOPE).unwrap()).unwrap()
}

fn refusals(body: Value) -> Vec<(String, String)> {
    let errors = NotificationRequest::parse_json(&body, &APP, false).expect_err("refused");
    errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
}

#[test]
fn a_text_is_shown_under_the_apps_title_and_leads_to_its_home() {
    let request = NotificationRequest::from_text("Tea is ready", &APP);
    let payload = request.content.encode(&ENVELOPE).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&payload).unwrap(),
        json!({
            "web_push": 8030,
            "mutable": true,
            "notification": {
                "title": "Teahouse",
                "body": "Tea is ready",
                "navigate": "https://tea.example/",
                "tag": "ntf_1",
                "mutable": true,
                "data": { "fanfare": { "id": "ntf_1", "channel": "user:42", "epoch": "e", "seq": 7 } },
            },
        })
    );
    assert_eq!((request.ttl.as_secs(), request.urgency), (86_400, Urgency::Normal));
    assert_eq!(NotificationRequest::from_text("", &APP).content, Content::Empty);
}

#[test]
fn a_full_notification_keeps_all_that_its_caller_said() {
    let notification = json!({
        "title": "T", "body": "B", "navigate": "https://a.example/n", "icon": "https://a.example/i",
        "image": "https://a.example/m", "badge": "https://a.example/b", "tag": "own", "lang": "de",
        "dir": "rtl", "timestamp": 1, "renotify": true, "silent": false, "requireInteraction": true,
        "vibrate": [100, 0, 5], "data": { "k": [1.5, null] },
        "actions": [{ "action": "a", "title": "A", "navigate": "http://127.0.0.1:1/", "icon": "https://a.example/" }],
    });
    let body = json!({ "notification": notification, "app_badge": 3, "mutable": false, "data": { "x": 1 } });
    let mut expected = notification;
    expected["mutable"] = json!(false);
    expected["app_badge"] = json!(3);
    expected["data"]["data"] = json!({ "x": 1 });
    expected["data"]["fanfare"] = serde_json::to_value(ENVELOPE).unwrap();
    assert_eq!(
        payload(body),
        json!({ "web_push": 8030, "mutable": false, "app_badge": 3, "notification": expected })
    );
}

#[test]
fn data_alone_is_shown_under_the_apps_title() {
    let shown = payload(json!({ "data": { "changed": "tasks" } }));
    assert_eq!(shown["notification"]["title"], "Teahouse");
    assert_eq!(shown["notification"]["navigate"], "https://tea.example/");
    assert_eq!(shown["notification"]["data"]["data"], json!({ "changed": "tasks" }));
}

#[test]
fn an_action_inherits_where_the_notification_leads() {
    let action = json!([{ "action": "a", "title": "A" }]);
    let leads = |notification| {
        payload(json!({ "notification": notification }))["notification"]["actions"][0]["navigate"]
            .clone()
    };
    assert_eq!(
        leads(json!({ "actions": action, "navigate": "https://a.example/n" })),
        "https://a.example/n"
    );
    assert_eq!(leads(json!({ "actions": action })), "https://tea.example/");
}

#[test]
fn a_tag_defaults_to_the_groups_id_and_else_to_the_notifications() {
    let tag = |notification: Value, group| {
        let content = parse(json!({ "notification": notification })).content;
        let bytes = content.encode(&Envelope { group, ..ENVELOPE }).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()["notification"]["tag"].clone()
    };
    assert_eq!(tag(json!({}), None), "ntf_1");
    assert_eq!(tag(json!({ "tag": "" }), None), "ntf_1");
    assert_eq!(tag(json!({}), Some("grp_1")), "grp_1");
    assert_eq!(tag(json!({ "tag": "own" }), Some("grp_1")), "own");
}

#[test]
fn raw_is_sent_untouched_and_nothing_is_no_payload() {
    let encoded = |body| parse(body).content.encode(&ENVELOPE);
    assert_eq!(encoded(json!({ "raw": "{ \"a\":1}" })).unwrap(), b"{ \"a\":1}");
    assert_eq!(encoded(json!({ "raw_base64": "AP8" })).unwrap(), [0, 255]);
    assert_eq!(encoded(json!({ "raw_base64": "+/8=" })).unwrap(), [0xfb, 0xff]);
    for body in [json!({}), json!({ "raw": "" }), json!({ "ttl": 0 }), json!({ "data": null })] {
        assert_eq!(encoded(body), None);
    }
}

#[test]
fn the_terms_of_delivery_are_read() {
    let id = PublicId::random(IdKind::Subscription, &mut rand::rng());
    let request = parse(json!({
        "ttl": 0, "urgency": "very-low", "topic": "Tee ☕", "send_at": "2026-11-21T21:00:00+01:00",
        "exclude": [id.as_str(), id.as_str()],
    }));
    assert_eq!((request.ttl, request.urgency), (Duration::ZERO, Urgency::VeryLow));
    assert_eq!(request.topic.as_deref(), Some("Tee ☕"));
    assert_eq!(request.send_at, Timestamp::parse_rfc3339("2026-11-21T20:00:00Z"));
    assert_eq!(request.exclude, [id]);
    assert_eq!(parse(json!({ "ttl": 2_419_200 })).ttl.as_secs(), 2_419_200);
}

#[test]
fn a_send_at_in_the_past_is_now_and_more_than_28_days_ahead_is_refused() {
    let now = Timestamp::parse_rfc3339("2026-11-21T20:00:00Z").unwrap();
    let due = |text: &str| parse(json!({ "send_at": text })).due(now);
    assert_eq!(parse(json!({})).due(now), Ok(None));
    assert_eq!(due("2026-11-21T20:00:00Z"), Ok(None));
    assert_eq!(due("2026-11-21T20:00:01Z"), Ok(Some(now + Duration::from_secs(1))));
    assert_eq!(due("2026-12-19T20:00:00Z"), Ok(Some(now + Duration::from_secs(28 * 86_400))));
    assert_eq!(due("2026-12-19T20:00:01Z").unwrap_err().pointer, "#/send_at");
}

#[test]
fn channels_are_required_for_several_merged_and_unknown_for_one() {
    let several = |body| NotificationRequest::parse_json(&body, &APP, true);
    let channels = several(json!({ "channels": ["b", "a", "b"] })).unwrap().channels.unwrap();
    assert_eq!(channels, ["b", "a"]);
    let many: Vec<_> = (0..1001).map(|n| n.to_string()).collect();
    for (body, pointer) in [
        (json!({}), "#/channels"),
        (json!({ "channels": [] }), "#/channels"),
        (json!({ "channels": many }), "#/channels"),
        (json!({ "channels": "a" }), "#/channels"),
        (json!({ "channels": ["a", 7] }), "#/channels/1"),
    ] {
        assert_eq!(several(body).unwrap_err()[0].pointer, pointer);
    }
    assert!(several(json!({ "channels": many[..1000] })).is_ok());
    assert_eq!(refusals(json!({ "channels": ["a"] }))[0].0, "#/channels");
}

#[test]
fn every_mistake_in_a_notification_is_named() {
    let url = "must be an absolute https URL (http for a loopback host alone)";
    let missing = "is missing or empty; browsers need it";
    let cases = [
        (json!({ "title": "" }), "/title", "must not be empty; leave it out for the app's title"),
        (json!({ "title": 1 }), "/title", "must be a string"),
        (json!({ "dir": "up" }), "/dir", "must be auto, ltr or rtl"),
        (json!({ "silent": "yes" }), "/silent", "must be true or false"),
        (
            json!({ "silent": true, "vibrate": [1] }),
            "/silent",
            "cannot be true beside `vibrate`; browsers refuse it",
        ),
        (json!({ "renotify": true }), "/renotify", "needs a `tag`; browsers refuse it without"),
        (
            json!({ "renotify": true, "tag": "" }),
            "/renotify",
            "needs a `tag`; browsers refuse it without",
        ),
        (json!({ "timestamp": -1 }), "/timestamp", "must be an integer from 0 to 9007199254740991"),
        (json!({ "vibrate": [1, -1] }), "/vibrate", "must be an array of milliseconds"),
        (json!({ "vibrate": 200 }), "/vibrate", "must be an array"),
        (json!({ "navigate": "/tea" }), "/navigate", url),
        (json!({ "navigate": "http://tea.example/" }), "/navigate", url),
        (json!({ "navigate": "javascript:alert(1)" }), "/navigate", url),
        (json!({ "icon": "data:image/png;base64,AA" }), "/icon", url),
        (json!({ "image": "http://127.0.0.1.evil.example/" }), "/image", url),
        (json!({ "data": [] }), "/data", "must be a JSON object"),
        (
            json!({ "data": { "fanfare": {} } }),
            "/data/fanfare",
            "is reserved for the notification's id, channel and number",
        ),
        (json!({ "actions": {} }), "/actions", "must be an array"),
        (json!({ "actions": ["a"] }), "/actions/0", "must be a JSON object"),
        (
            json!({ "actions": [{ "action": "a", "title": "A" }, { "title": "B" }] }),
            "/actions/1/action",
            missing,
        ),
        (json!({ "actions": [{ "action": "a", "title": "" }] }), "/actions/0/title", missing),
        (
            json!({ "actions": [{ "action": "a", "title": "A", "icon": "i" }] }),
            "/actions/0/icon",
            url,
        ),
        (
            json!({ "requireinteraction": true }),
            "/requireinteraction",
            "is not a known field; did you mean `requireInteraction`?",
        ),
    ];
    for (notification, at, detail) in cases {
        let refused = refusals(json!({ "notification": notification }));
        assert_eq!(refused, [(format!("#/notification{at}"), detail.to_owned())], "{notification}");
    }
}

#[test]
fn every_mistake_beside_the_notification_is_named() {
    let ttl = "must be an integer from 0 to 2419200";
    let lonely = "is part of a notification; give `notification` or `data` too";
    let cases = [
        (json!("text"), "#", "must be a JSON object"),
        (json!({ "notification": "text" }), "#/notification", "must be a JSON object"),
        (json!({ "ttl": -1 }), "#/ttl", ttl),
        (json!({ "ttl": 2_419_201 }), "#/ttl", ttl),
        (json!({ "ttl": 1.5 }), "#/ttl", ttl),
        (json!({ "ttl": "60" }), "#/ttl", ttl),
        (json!({ "urgency": "urgent" }), "#/urgency", "must be one of very-low, low, normal, high"),
        (json!({ "topic": "" }), "#/topic", "must not be empty; leave it out for none"),
        (
            json!({ "send_at": "tomorrow" }),
            "#/send_at",
            "must be RFC 3339, such as 2026-11-21T20:00:00Z",
        ),
        (json!({ "exclude": ["sub_"] }), "#/exclude/0", "must be a subscription's id, sub_…"),
        (json!({ "exclude": vec![0; 101] }), "#/exclude", "must have 0 to 100 items; it has 101"),
        (json!({ "app_badge": 3 }), "#/app_badge", lonely),
        (json!({ "mutable": true }), "#/mutable", lonely),
        (
            json!({ "data": {}, "app_badge": -3 }),
            "#/app_badge",
            "must be an integer from 0 to 2147483647",
        ),
        (json!({ "data": {}, "mutable": 1 }), "#/mutable", "must be true or false"),
        (json!({ "data": [1] }), "#/data", "must be a JSON object"),
        (json!({ "raw": {} }), "#/raw", "must be a string"),
        (json!({ "raw_base64": "é" }), "#/raw_base64", "must be base64"),
        (
            json!({ "urgancy": "high" }),
            "#/urgancy",
            "is not a known field; did you mean `urgency`?",
        ),
        (
            json!({ "notification": { "data": { "data": 1 } }, "data": {} }),
            "#/notification/data/data",
            "is where the top-level `data` goes; give one of the two",
        ),
    ];
    for (body, pointer, detail) in cases {
        assert_eq!(refusals(body.clone()), [(pointer.to_owned(), detail.to_owned())], "{body}");
    }
}

#[test]
fn raw_stands_alone() {
    let body = json!({ "raw": "x", "raw_base64": "AA", "notification": {}, "data": {}, "app_badge": 1, "mutable": true });
    let pointers: Vec<_> = refusals(body).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["#/notification", "#/data", "#/app_badge", "#/mutable", "#/raw_base64"]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let body = json!({ "notification": { "title": "", "dir": "x" }, "ttl": -1, "urgency": 5, "sendat": 1 });
    let pointers: Vec<_> = refusals(body).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(
        pointers,
        ["#/sendat", "#/notification/title", "#/notification/dir", "#/ttl", "#/urgency"]
    );
}

#[test]
fn data_that_is_nested_too_deep_to_be_read_back_is_refused() {
    let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({ "d": inner }));
    let body = |depth| json!({ "data": nested(depth), "notification": { "data": { "n": nested(depth - 1) } } });
    assert!(payload(body(64))["notification"]["data"]["fanfare"].is_object());
    let pointers: Vec<_> = refusals(body(65)).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["#/notification/data", "#/data"]);
}
