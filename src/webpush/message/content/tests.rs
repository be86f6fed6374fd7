//! Content in the store, on the wire, and at the limit of what fits.

use serde_json::json;

use super::*;
use crate::webpush::message::{AppDefaults, NotificationRequest};

const APP: AppDefaults<'_> =
    AppDefaults { title: "Teahouse", home: "https://tea.example/", receipts: false };

#[test]
fn content_comes_back_from_the_store() {
    for body in [json!({}), json!({ "raw": "x" }), json!({ "notification": {} })] {
        let content = NotificationRequest::parse_json(&body, &APP, false).unwrap().content;
        let back = Content::from_store(content.kind(), content.bytes().to_vec());
        assert_eq!(back, Some(content));
    }
    for (kind, bytes) in [(0, &b"x"[..]), (2, b"{"), (2, b"{}"), (2, b"\xff"), (3, b"")] {
        assert_eq!(Content::from_store(kind, bytes.to_vec()), None, "{kind}");
    }
}

#[test]
fn what_asks_for_receipts_says_so_beside_its_id_and_that_is_counted() {
    let asking = AppDefaults { receipts: true, ..APP };
    let id = "ntf_0123456789012345678901";
    let envelope = Envelope { id, channel: "tea", epoch: "e", seq: 7, group: None };
    let encode = |app: &AppDefaults<'_>| {
        let content = NotificationRequest::from_text("Tea is ready", app).content;
        let back = Content::from_store(content.kind(), content.bytes().to_vec());
        assert_eq!(back.as_ref(), Some(&content));
        assert_eq!(Content::asks_for_receipts(content.kind()), app.receipts);
        content.encode(&envelope).unwrap()
    };
    let (silent, asks) = (encode(&APP), encode(&asking));
    assert_eq!(asks.len(), silent.len() + ",\"receipts\":true".len());
    let asks: Value = serde_json::from_slice(&asks).unwrap();
    assert_eq!(asks["notification"]["data"]["fanfare"]["receipts"], true);
    let raw = json!({ "raw": "x" });
    for body in [json!({}), raw] {
        let content = NotificationRequest::parse_json(&body, &asking, false).unwrap().content;
        assert!(!Content::asks_for_receipts(content.kind()), "{body}");
    }
}

#[test]
fn what_is_checked_to_fit_fits_to_the_byte_and_one_more_is_too_large() {
    let id = "ntf_0123456789012345678901";
    let (epoch, channel) = ("e".repeat(Envelope::MAX_EPOCH), "\"☕".repeat(50));
    let cases = [(false, None), (true, Some(id))];
    let cases = cases.iter().flat_map(|case| [false, true].map(|receipts| (*case, receipts)));
    for ((group, group_id), receipts) in cases {
        let app = AppDefaults { receipts, ..APP };
        let text = |len| NotificationRequest::from_text(&"x".repeat(len), &app).content;
        let longest = (3000..4000).rev().find(|len| text(*len).check_size(&channel, group).is_ok());
        let longest = longest.expect("3000 bytes of text always fit");
        let envelope =
            Envelope { id, channel: &channel, epoch: &epoch, seq: i64::MIN, group: group_id };
        assert_eq!(text(longest).encode(&envelope).unwrap().len(), 3967);
        let error = text(longest + 1).check_size(&channel, group).unwrap_err();
        assert_eq!(error.content, error.allowed + 1);
        assert_eq!(error.envelope + error.content, 3968);
    }
}

#[test]
fn raw_may_fill_the_message_and_has_no_envelope() {
    assert_eq!(Content::raw(vec![0; 3967]).check_size("demo", true), Ok(()));
    let error = Content::raw(vec![0; 3968]).check_size("demo", true).unwrap_err();
    assert_eq!(error, TooLarge { envelope: 0, content: 3968, allowed: 3967 });
    assert_eq!(
        error.to_string(),
        "notification is too large: its content has 3968 bytes and its envelope 0, together more than 3967; \
         shorten the content to 3967 bytes"
    );
    assert_eq!(Content::Empty.check_size("demo", false), Ok(()));
}

#[test]
fn a_payload_is_not_shown() {
    let request = NotificationRequest::from_text("a secret", &APP);
    assert!(!format!("{request:?}").contains("secret"));
}
