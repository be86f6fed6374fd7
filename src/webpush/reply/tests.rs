//! The table of statuses, row by row, and the reasons that real push services give.

mod properties;

use http::HeaderValue;
use http::header::HeaderName;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_291_200_000);

const SERVICES: [PushService; 6] = [
    PushService::Fcm,
    PushService::Mozilla,
    PushService::Apple,
    PushService::Wns,
    PushService::Ntfy,
    PushService::Other,
];

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// The verdict on a status that every push service means alike.
fn verdict(status: u16) -> Verdict {
    let verdicts = SERVICES.map(|service| classify(service, &answer(status, &[], ""), NOW));
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{status}: {verdicts:?}");
    verdicts[0]
}

fn told_to_wait(service: PushService, status: u16, retry_after: &str) -> Verdict {
    classify(service, &answer(status, &[("retry-after", retry_after)], ""), NOW)
}

fn retry(after: Option<u64>, scope: Scope) -> Verdict {
    Verdict::Retry { after: after.map(Duration::from_secs), scope }
}

#[test]
fn any_2xx_is_accepted() {
    assert!((200..300).all(|status| verdict(status) == Verdict::Accepted));
}

#[test]
fn a_wns_200_that_dropped_or_throttled_the_message_is_accepted_and_shows_the_reason() {
    for status in ["dropped", "channelthrottled"] {
        let answer = answer(200, &[("x-wns-status", status)], "");
        assert_eq!(classify(PushService::Wns, &answer, NOW), Verdict::Accepted);
        assert_eq!(dropped(PushService::Wns, &answer).as_deref(), Some(status));
        assert_eq!(dropped(PushService::Other, &answer), None, "it is a word of WNS's");
    }
    for (status, said) in [(200, "received"), (200, "Received"), (410, "dropped")] {
        let answer = answer(status, &[("x-wns-status", said)], "");
        assert_eq!(dropped(PushService::Wns, &answer), None, "{status} {said}");
    }
    let by_the_other_name = answer(200, &[("x-wns-notificationstatus", "dropped")], "");
    assert_eq!(dropped(PushService::Wns, &by_the_other_name).as_deref(), Some("dropped"));
    assert_eq!(dropped(PushService::Wns, &answer(200, &[], "")), None);
}

#[test]
fn a_redirect_is_never_followed_and_rejects() {
    assert!((300..400).all(|status| verdict(status) == Verdict::Rejected));
}

#[test]
fn a_400_rejects_the_message_and_keeps_the_subscription() {
    assert_eq!(verdict(400), Verdict::Rejected);
}

#[test]
fn a_401_or_403_is_ours_to_mend_and_never_deletes() {
    assert_eq!([verdict(401), verdict(403)], [Verdict::Unauthorized; 2]);
}

#[test]
fn a_404_or_410_is_gone() {
    assert_eq!([verdict(404), verdict(410)], [Verdict::Gone; 2]);
}

#[test]
fn a_406_is_wns_throttling_the_whole_origin() {
    assert_eq!(verdict(406), retry(None, Scope::Origin));
    assert_eq!(told_to_wait(PushService::Wns, 406, "900"), retry(Some(900), Scope::Origin));
}

#[test]
fn a_408_or_5xx_is_retried_and_never_deletes() {
    for status in (500..600).filter(|status| *status != 507).chain([408]) {
        assert_eq!(verdict(status), retry(None, Scope::Endpoint), "{status}");
    }
    assert_eq!(told_to_wait(PushService::Mozilla, 503, "120"), retry(Some(120), Scope::Endpoint));
}

#[test]
fn a_421_or_425_asks_for_the_same_request_again() {
    assert_eq!([verdict(421), verdict(425)], [retry(None, Scope::Endpoint); 2]);
}

#[test]
fn a_413_is_too_large() {
    assert_eq!(verdict(413), Verdict::TooLarge);
}

#[test]
fn a_429_waits_as_long_as_it_says_and_does_not_say_who() {
    assert_eq!(verdict(429), retry(None, Scope::Unsaid));
    for service in SERVICES {
        assert_eq!(told_to_wait(service, 429, "30"), retry(Some(30), Scope::Unsaid));
        assert_eq!(told_to_wait(service, 429, "999999"), retry(Some(86_400), Scope::Unsaid));
        assert_eq!(told_to_wait(service, 429, "later"), retry(None, Scope::Unsaid));
    }
}

#[test]
fn an_apple_429_says_who_in_its_reason() {
    for (reason, scope) in [
        ("TooManyRequests", Scope::Endpoint),
        ("TooManyProviderTokenUpdates", Scope::Origin),
        ("Another", Scope::Unsaid),
    ] {
        let answer = answer(429, &[], &format!(r#"{{"reason":"{reason}"}}"#));
        assert_eq!(classify(PushService::Apple, &answer, NOW), retry(None, scope));
        assert_eq!(classify(PushService::Other, &answer, NOW), retry(None, Scope::Unsaid));
    }
}

#[test]
fn a_507_is_a_topic_without_a_subscriber() {
    assert_eq!(verdict(507), Verdict::NoSubscriber);
}

#[test]
fn every_other_status_rejects_and_none_panics() {
    let told = [401, 403, 404, 406, 408, 410, 413, 421, 425, 429];
    for status in (100..200).chain((400..500).filter(|s| !told.contains(s))).chain(600..1000) {
        assert_eq!(verdict(status), Verdict::Rejected, "{status}");
    }
}

#[test]
fn only_404_and_410_delete_at_once() {
    let gone: Vec<_> =
        (100..1000).filter(|status| *status != 429 && verdict(*status) == Verdict::Gone).collect();
    assert_eq!(gone, [404, 410]);
}

#[test]
fn an_outage_is_the_services_own_failure_alone() {
    let outages: Vec<_> = (100..1000).filter(|s| answer(*s, &[], "").is_outage()).collect();
    let expected: Vec<_> = [408].into_iter().chain((500..600).filter(|s| *s != 507)).collect();
    assert_eq!(outages, expected);
}

#[test]
fn real_reasons_are_found_where_each_service_puts_them() {
    let cases = [
        (PushService::Apple, r#"{"reason":"BadJwtToken"}"#, "BadJwtToken"),
        (
            PushService::Mozilla,
            r#"{"code":404,"errno":102,"error":"Not Found","message":"Request did not validate","more_info":"http://autopush.example/"}"#,
            "Not Found: Request did not validate: errno 102",
        ),
        (
            PushService::Mozilla,
            r#"{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}"#,
            "Unauthorized: VAPID public key mismatch: errno 109",
        ),
        (
            PushService::Mozilla,
            r#"{"code":503,"errno":null,"error":"Service Unavailable","message":"Database error"}"#,
            "Service Unavailable: Database error: code 503",
        ),
        (
            PushService::Ntfy,
            r#"{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic without previously active subscriber","link":"https://ntfy.sh/x"}"#,
            "cannot publish to UnifiedPush topic without previously active subscriber: code 50701",
        ),
        (
            PushService::Fcm,
            r#"{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}"#,
            "NOT_FOUND: Requested entity was not found.: code 404",
        ),
        (
            PushService::Fcm,
            "push subscription has unsubscribed or expired.\n",
            "push subscription has unsubscribed or expired.",
        ),
        (
            PushService::Fcm,
            "<HTML><HEAD><TITLE>UnauthorizedRegistration</TITLE></HEAD>",
            "UnauthorizedRegistration",
        ),
        (
            PushService::Other,
            r#"{"type":"about:blank","title":"Bad Gateway","detail":"upstream is down"}"#,
            "Bad Gateway: upstream is down",
        ),
    ];
    for (service, body, expected) in cases {
        assert_eq!(reason(service, &answer(400, &[], body)).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn wns_reasons_are_in_its_headers() {
    let headers = [
        ("x-wns-error-description", "The cloud notification channel expired"),
        ("x-wns-notificationstatus", "dropped"),
    ];
    let expected = "The cloud notification channel expired, dropped";
    let twice = [("x-wns-status", "dropped"), ("x-wns-notificationstatus", "dropped")];
    assert_eq!(reason(PushService::Wns, &answer(400, &twice, "")).as_deref(), Some("dropped"));
    assert_eq!(reason(PushService::Wns, &answer(410, &headers, "")).as_deref(), Some(expected));
    assert_eq!(reason(PushService::Other, &answer(410, &headers, "")), None);
}

#[test]
fn where_there_is_no_reason_there_is_none() {
    for body in
        ["", " \n", "{}", "[]", "null", "42", r#"{"reason":7}"#, "<html>", "{\"cut", "\u{0}\u{1b}"]
    {
        assert_eq!(reason(PushService::Other, &answer(500, &[], body)), None, "{body:?}");
    }
}

#[test]
fn a_reason_never_shows_what_could_be_an_endpoint() {
    let secrets = [
        "https://fcm.googleapis.com/fcm/send/dQw4:APA91bH",
        "(https://ntfy.sh/upDZKgQmf?up=1)",
        "https%3A%2F%2Fpush.example%2Fx",
        "/wpush/v2/gAAAAABk",
        "wpush/v2/gAAAAABk",
        "fcm.googleapis.com/fcm/send/x",
        "token=BQYAAAB1234abcd",
        "up1d2f3g4h5j6k7l",
        "BTBZMqHHyrWTtsJuJvaSIg",
        "eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln",
        "\"dQw4w9WgXcQ:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ\"",
        "gaaaaabkzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "ops@example.org",
    ];
    for secret in secrets {
        let body = format!("no such subscription: {secret} sorry");
        let shown = reason(PushService::Other, &answer(404, &[], &body)).unwrap();
        assert_eq!(shown, "no such subscription: [redacted] sorry");
    }
    let plain = "Content-Type must be application/octet-stream (RFC 8030), TTL of 2419200 s? VapidPkHashMismatch \
                 TooManyProviderTokenUpdates X-WNS-Cache-Policy";
    assert_eq!(reason(PushService::Other, &answer(400, &[], plain)).as_deref(), Some(plain));
}

#[test]
fn a_reason_is_one_short_printable_line() {
    let body = format!("a\u{1b}[31mb\r\n\tc\u{202e}d {}", "wörd ".repeat(5000));
    let shown = reason(PushService::Other, &answer(500, &[], &body)).unwrap();
    assert!(shown.starts_with("a [31mb c d wörd wörd"), "{shown}");
    assert_eq!((shown.chars().count(), shown.ends_with('…')), (200, true));
    let binary = Answer { body: Bytes::from_static(&[0xff, 0xfe, b'x']), ..answer(500, &[], "") };
    assert_eq!(reason(PushService::Other, &binary).as_deref(), Some("\u{fffd}\u{fffd}x"));
}
