//! What the door lets in and what it refuses, by field.

use serde_json::json;

use super::*;

/// RFC 8291 Appendix A: the user agent's public key and authentication secret.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const ENDPOINT: &str = "https://fcm.googleapis.com/fcm/send/abc:APA91b";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn body() -> Value {
    json!({ "endpoint": ENDPOINT, "expirationTime": null, "keys": { "p256dh": P256DH, "auth": AUTH } })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = body();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn refusals(body: &Value) -> Vec<(String, String)> {
    let errors = PushSubscription::parse(body, NOW).expect_err("refused");
    errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
}

#[test]
fn what_a_browser_sends_is_taken_as_it_is() {
    let parsed = PushSubscription::parse(&body(), NOW).unwrap();
    assert_eq!(parsed.endpoint.as_str(), ENDPOINT);
    assert_eq!(parsed.keys.auth().len(), 16);
    assert_eq!(parsed.keys.p256dh()[0], 4);
    assert_eq!((parsed.expires, parsed.push_key), (None, None));
}

#[test]
fn keys_and_push_key_are_read_in_any_base64_and_the_push_key_is_normalised() {
    let padded = format!("{}=", P256DH.replace('-', "+").replace('_', "/"));
    let mut body = body();
    body["push_key"] = json!(padded);
    body["keys"] = json!({ "p256dh": padded, "auth": format!("{AUTH}==") });
    let parsed = PushSubscription::parse(&body, NOW).unwrap();
    assert_eq!(parsed.push_key.as_deref(), Some(P256DH));
    assert_eq!(parsed.keys, PushSubscription::parse(&self::body(), NOW).unwrap().keys);
}

#[test]
fn an_expiration_time_is_milliseconds_ahead_perhaps_with_a_fraction() {
    let parsed =
        |value| PushSubscription::parse(&with("/expirationTime", value), NOW).unwrap().expires;
    let later = NOW.as_millis() + 5;
    assert_eq!(parsed(json!(later)), Some(Timestamp::from_millis(later)));
    assert_eq!(parsed(json!(1_700_000_000_007.9)), Some(Timestamp::from_millis(later + 2)));
    for (value, detail) in [
        (json!(NOW.as_millis()), "is in the past; let the browser subscribe anew"),
        (json!(-1e300), "is in the past; let the browser subscribe anew"),
        (json!("soon"), "must be null or milliseconds since 1970"),
    ] {
        let refused = refusals(&with("/expirationTime", value));
        assert_eq!(refused, [("#/expirationTime".to_owned(), detail.to_owned())]);
    }
}

#[test]
fn each_refusal_names_its_field() {
    let off_curve = {
        let mut point = encoding::decode(P256DH).unwrap();
        point[64] ^= 1;
        BASE64URL.encode(point)
    };
    let compressed = BASE64URL.encode([2; 33]);
    let form = "must be 65 bytes of which the first is 4, an uncompressed P-256 point; it has";
    let cases = [
        ("/endpoint", json!(7), "must be a string".to_owned()),
        ("/endpoint", json!("http://example.com/"), "endpoint is not an https URL".to_owned()),
        ("/keys", json!([]), "must be a JSON object".to_owned()),
        ("/keys/p256dh", json!("é"), "must be base64url".to_owned()),
        ("/keys/p256dh", json!(compressed), format!("{form} 33")),
        ("/keys/p256dh", json!(BASE64URL.encode([5; 65])), format!("{form} 65")),
        ("/keys/p256dh", json!(off_curve), "is not a point on the curve P-256".to_owned()),
        ("/keys/auth", json!("AAAA"), "must be 16 bytes; it has 3".to_owned()),
        ("/keys/auth", json!(null), "is missing".to_owned()),
    ];
    for (pointer, value, detail) in cases {
        let refused = refusals(&with(pointer, value));
        assert_eq!(refused, [(format!("#{pointer}"), detail)]);
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let pointers: Vec<_> = refusals(&json!({ "endpoints": "x", "push_key": "AA" }))
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(pointers, ["#/endpoints", "#/endpoint", "#/keys", "#/push_key"]);
    assert_eq!(refusals(&json!([]))[0].0, "#");
}

#[test]
fn an_endpoint_keeps_the_bytes_of_its_path_and_its_origin_is_what_vapid_wants() {
    let cases = [
        (
            "https://wns2-par02p.notify.windows.com/w/?token=BQY%2b%2f9",
            "https://wns2-par02p.notify.windows.com",
            443,
        ),
        ("https://push.example:8443/up?x=/../y", "https://push.example:8443", 8443),
        ("https://[2001:db8::1]:444/a", "https://[2001:db8::1]:444", 444),
        ("https://192.0.2.7/a//b?", "https://192.0.2.7", 443),
    ];
    for (text, origin, port) in cases {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!(endpoint.as_str(), text);
        assert!(text.ends_with(endpoint.uri().path_and_query().unwrap().as_str()), "{text}");
        assert_eq!((endpoint.origin().as_str(), endpoint.origin().port()), (origin, port));
        assert!(origin.contains(endpoint.origin().host()));
        assert_eq!(Endpoint::from_store(text.to_owned()), Ok(endpoint));
    }
}

#[test]
fn one_endpoint_is_written_in_one_way_however_it_is_spelled() {
    let cases = [
        ("https://Push.Example:443/wp/%2b?x", "https://push.example/wp/%2b?x"),
        ("HTTPS://push.example/wp/A", "https://push.example/wp/A"),
        ("https://push.example", "https://push.example/"),
        ("https://push.example?up=1", "https://push.example/?up=1"),
        ("https://PUSH.example:8443/x", "https://push.example:8443/x"),
    ];
    for (spelled, text) in cases {
        let endpoint = Endpoint::parse(spelled).unwrap();
        assert_eq!((endpoint.as_str(), endpoint.uri().to_string().as_str()), (text, text));
        assert_eq!(Endpoint::parse(text), Ok(endpoint));
    }
}

#[test]
fn what_cannot_be_an_endpoint_is_refused_with_the_reason() {
    use EndpointError::{Dead, Fragment, Malformed, NotHttps, TooLong, Userinfo};
    let long = format!("https://push.example/{}", "a".repeat(2048));
    let slash = format!("https://push.example?{}", "a".repeat(2048 - 21));
    let cases = [
        (long.as_str(), TooLong),
        (slash.as_str(), TooLong),
        ("http://push.example/", NotHttps),
        ("ftp://push.example/", NotHttps),
        ("https://user@push.example/", Userinfo),
        ("https://:pw@push.example/", Userinfo),
        ("https://@push.example/", Malformed),
        ("https://push.example/#frag", Fragment),
        ("https://push.example/#", Fragment),
        ("https://", Malformed),
        ("https:///x", Malformed),
        ("push.example/x", Malformed),
        ("", Malformed),
        (" https://push.example/", Malformed),
        ("https://push.example\\@evil.example/", Malformed),
        ("https://push.ex\tample/", Malformed),
        ("https://push.example./", Malformed),
        ("https://0x7f.1/", Malformed),
        ("https://2130706433/", Malformed),
        ("https://push.example:99999/", Malformed),
        ("https://pûsh.example/", Malformed),
        ("https://push.example/a/../b", Malformed),
        ("https://push.example/a/./b", Malformed),
        ("https://push.example/a/%2e%2E/b", Malformed),
        ("https://push.example/a\"b", Malformed),
        ("https://android.googleapis.com/gcm/send/abc", Dead),
        ("https://permanently-removed.invalid/fcm/send/abc", Dead),
    ];
    for (text, error) in cases {
        assert_eq!(Endpoint::parse(text).err(), Some(error), "{text}");
    }
    let dead = "https://permanently-removed.invalid/x".to_owned();
    assert!(Endpoint::from_store(dead).is_ok(), "a stored row must still load");
}

#[test]
fn secrets_are_not_shown() {
    let parsed = PushSubscription::parse(&body(), NOW).unwrap();
    let shown = format!("{parsed:?} {}", parsed.endpoint);
    assert!(shown.contains("https://fcm.googleapis.com"), "{shown}");
    assert!(!shown.contains("APA91b") && !shown.contains("send"), "{shown}");
    assert!(!shown.contains(&format!("{:?}", parsed.keys.auth())), "{shown}");
}

#[test]
fn keys_are_equal_only_when_both_parts_are() {
    let keys = PushSubscription::parse(&body(), NOW).unwrap().keys;
    let other_auth = Keys::from_store(keys.p256dh(), &[0; 16]).unwrap();
    assert!(keys == keys.clone());
    assert!(keys != other_auth);
    assert_eq!(Keys::from_store(keys.p256dh(), &[0; 15]).err(), Some(KeysError::AuthLength(15)));
    assert!(Keys::from_store(&[4; 64], keys.auth()).is_err());
}

#[test]
fn an_origin_is_read_as_it_is_written_and_in_no_other_way() {
    for text in ["https://push.example", "https://push.example:8443", "https://127.0.0.1:1"] {
        assert_eq!(Origin::parse(text).map(|origin| origin.as_str().to_owned()), Some(text.into()));
    }
    for text in [
        "",
        "push.example",
        "http://push.example",
        "https://PUSH.example",
        "https://push.example:443",
        "https://push.example/",
        "https://push.example/x",
        "https://push.example?x",
        "https://push.example#",
        "https://user@push.example",
        "https://",
    ] {
        assert!(Origin::parse(text).is_none(), "{text}");
    }
}
