//! What browsers make of the payload: the W3C's algorithm, Safari's and Gecko's parsers, each by its own rules, judge what we
//! emit. Whatever is accepted, each of them shows what its caller asked for.

mod asked;
mod gecko;
mod over_http;
mod refused;
mod safari;
mod w3c;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use fanfare::webpush::message::{AppDefaults, Content, Envelope, NotificationRequest};

/// What a browser shows, and hands to the worker: only the members that it reads.
type Shown = BTreeMap<&'static str, Value>;

/// A browser's parser: what it shows, or why it drops the message.
type Parser = fn(&[u8]) -> Result<Shown, String>;

const PARSERS: [(&str, Parser); 3] =
    [("W3C", w3c::parse), ("Safari 18.4", safari::parse), ("Gecko", gecko::parse)];

/// The service worker's scope: what a relative URL is resolved against, where one is resolved.
const SCOPE: &str = "https://tea.example/app/";

const APP: AppDefaults<'_> =
    AppDefaults { title: "Teahouse", home: "https://tea.example/home", receipts: false };

const ENVELOPE: Envelope<'_> = Envelope {
    id: "ntf_0123456789abcdefABCDEF",
    channel: "user:42/\"quoted\" ☕",
    epoch: "0123456789ab",
    seq: 9_007_199_254_740_991,
    group: Some("grp_0123456789abcdefABCDEF"),
};

/// Every parser shows all that it reads as it was asked for.
fn judge(payload: &[u8], expected: &Shown) {
    for (name, parse) in PARSERS {
        let shown = parse(payload).unwrap_or_else(|why| {
            panic!("{name} drops it: {why}\n{}", String::from_utf8_lossy(payload))
        });
        for (member, value) in shown {
            let asked = expected.get(member).unwrap_or(&Value::Null);
            assert_eq!(&value, asked, "{name} shows another {member}");
        }
    }
}

fn encode(content: &Content) -> Vec<u8> {
    let stored = Content::from_store(content.kind(), content.bytes().to_vec());
    assert_eq!(stored.as_ref(), Some(content), "what was accepted is read back");
    content.encode(&ENVELOPE).expect("a payload")
}

#[test]
fn whatever_is_accepted_every_browser_shows_as_it_was_asked_for() {
    let (mut accepted, mut refused) = (0, 0);
    let mut runner =
        TestRunner::new(Config { cases: 4_000, failure_persistence: None, ..Config::default() });
    let counts = std::cell::RefCell::new((&mut accepted, &mut refused));
    let run = runner.run(&(asked::bodies(), any::<bool>()), |(body, receipts)| {
        // As a client writes it and the daemon reads it.
        let json: Value = serde_json::from_str(&body.to_string()).unwrap();
        let app = AppDefaults { receipts, ..APP };
        let mut counts = counts.borrow_mut();
        match NotificationRequest::parse_json(&json, &app, false) {
            Ok(request) => {
                *counts.0 += 1;
                judge(&encode(&request.content), &asked::expected(&body, receipts));
            }
            Err(errors) => {
                *counts.1 += 1;
                prop_assert!(!errors.is_empty());
            }
        }
        Ok(())
    });
    run.unwrap();
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn the_fullest_payload_that_fits_is_read_whole_by_all_of_them() {
    let longest_of = |body: &dyn Fn(usize) -> Value| {
        let parse = |len| NotificationRequest::parse_json(&body(len), &APP, false).unwrap().content;
        let fits = |len: &usize| parse(*len).check_size(ENVELOPE.channel, true).is_ok();
        parse((2_000..4_000).rev().find(fits).expect("some fit"))
    };
    let epoch = "e".repeat(Envelope::MAX_EPOCH);
    // The one number with 20 characters.
    let largest = Envelope { epoch: &epoch, seq: i64::MIN, ..ENVELOPE };
    let content = longest_of(&|len| json!({ "notification": { "body": "x".repeat(len) } }));
    let payload = content.encode(&largest).unwrap();
    assert_eq!(payload.len(), 3967);
    for (name, parse) in PARSERS {
        let shown = parse(&payload).unwrap_or_else(|why| panic!("{name}: {why}"));
        let body = shown["body"].as_str().unwrap();
        assert!(body.len() > 3_000 && body.bytes().all(|byte| byte == b'x'), "{name}");
        assert_eq!(shown["data"]["fanfare"]["seq"], i64::MIN, "{name}");
    }
}

#[test]
fn the_parsers_drop_what_browsers_drop() {
    let good = json!({ "web_push": 8030, "notification": { "title": "T", "navigate": "https://a.example/" } });
    judge(
        good.to_string().as_bytes(),
        &Shown::from([
            ("title", json!("T")),
            ("navigate", json!("https://a.example/")),
            ("body", json!("")),
            ("tag", json!("")),
            ("lang", json!("")),
            ("dir", json!("auto")),
            ("mutable", json!(false)),
            ("renotify", json!(false)),
            ("requireInteraction", json!(false)),
            ("actions", json!([])),
            ("actions without icons", json!([])),
        ]),
    );
    let cases = [
        ("/web_push", json!(8031), [true, true, true]),
        ("/web_push", json!("8030"), [true, true, true]),
        ("/notification", json!([]), [true, true, true]),
        ("/notification/title", json!(7), [true, true, true]),
        ("/notification/title", json!(""), [false, true, false]),
        ("/notification/navigate", json!("not a url:"), [false, true, false]),
        ("/notification/navigate", json!("https://"), [true, true, true]),
        ("/notification/dir", json!("up"), [false, true, false]),
        ("/notification/silent", json!("yes"), [false, true, false]),
        ("/notification/mutable", json!(1), [false, true, false]),
        ("/notification/app_badge", json!(-1), [false, true, false]),
        ("/notification/app_badge", json!(3_000_000_000_u32), [false, true, false]),
        ("/notification/icon", json!("/icon.png"), [false, true, false]),
        ("/notification/renotify", json!(true), [true, false, false]),
        (
            "/notification/actions",
            json!([{ "action": "a", "title": "A", "navigate": "https://" }]),
            [true, false, true],
        ),
    ];
    for (pointer, value, dropped) in cases {
        let mut message = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        message.pointer_mut(parent).unwrap()[key] = value;
        for ((name, parse), expected) in PARSERS.into_iter().zip(dropped) {
            assert_eq!(
                parse(message.to_string().as_bytes()).is_err(),
                expected,
                "{name}: {message}"
            );
        }
    }
    let mut silent = good;
    silent["notification"]["silent"] = json!(true);
    silent["notification"]["vibrate"] = json!([1]);
    assert!(w3c::parse(silent.to_string().as_bytes()).is_err());
}
