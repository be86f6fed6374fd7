//! What holds of every answer, whatever a stranger's server writes into it.

use proptest::prelude::*;

use super::*;

fn any_service() -> impl Strategy<Value = PushService> {
    prop::sample::select(SERVICES.to_vec())
}

/// The headers that are read, and one that is not, with any value that HTTP allows; each may come several times.
fn any_headers() -> impl Strategy<Value = HeaderMap> {
    const NAMES: &[&str] = &[
        "retry-after",
        "x-wns-status",
        "x-wns-error-description",
        "x-wns-notificationstatus",
        "location",
    ];
    let said = prop_oneof![
        "[0-9]{1,25}",
        "-[0-9]{1,5}",
        "[0-9]{1,3}\\.[0-9]{0,3}",
        "(Mon|Sat), [0-9]{2} (Feb|Nov) [0-9]{1,4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        "received|dropped|channelthrottled|gone|404|410",
    ]
    .prop_map(String::into_bytes);
    let bytes = prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..60);
    let header = (prop::sample::select(NAMES.to_vec()), prop_oneof![said, bytes]);
    prop::collection::vec(header, 0..5).prop_map(|headers| {
        headers
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
            })
            .collect()
    })
}

/// Reasons as services write them, with words that mean the end elsewhere, and any bytes at all.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let word = "Unregistered|NotRegistered|NOT_FOUND|Gone|TooManyRequests|BadJwtToken|\\PC{0,40}";
    let json = (
        prop::sample::select(vec!["reason", "error", "message", "status", "x"]),
        word,
        any::<i64>(),
    )
        .prop_map(|(name, word, number)| {
            let nested = serde_json::json!({ name: word, "code": number, "errno": number });
            serde_json::json!({ "error": nested, name: word, "code": 410, "errno": number })
                .to_string()
        });
    let html = word.prop_map(|word| format!("<HTML><TITLE>{word}</TITLE>{word}"));
    prop_oneof![
        json.prop_map(String::into_bytes),
        html.prop_map(String::into_bytes),
        word.prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

fn any_answer() -> impl Strategy<Value = Answer> {
    (100_u16..1000, any_headers(), any_body()).prop_map(|(status, headers, body)| Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: body.into(),
    })
}

proptest! {
    #[test]
    fn only_404_and_410_say_gone_only_507_no_subscriber_and_only_2xx_accepted(
        service in any_service(),
        answer in any_answer(),
        now: i64,
    ) {
        let verdict = classify(service, &answer, Timestamp::from_millis(now));
        let status = answer.status.as_u16();
        prop_assert_eq!(verdict == Verdict::Gone, matches!(status, 404 | 410));
        prop_assert_eq!(verdict == Verdict::NoSubscriber, status == 507);
        prop_assert_eq!(verdict == Verdict::Accepted, matches!(status, 200..=299));
        if let Verdict::Retry { after, .. } = verdict {
            prop_assert!(after.is_none_or(|wait| wait <= Duration::from_secs(86_400)));
        }
    }

    #[test]
    fn whoever_is_to_blame_follows_from_the_status_whatever_the_service_writes_beside_it(
        service in any_service(),
        answer in any_answer(),
    ) {
        let bare = Answer { headers: HeaderMap::new(), body: Bytes::new(), ..answer.clone() };
        let (full, bare) = (classify(service, &answer, NOW), classify(service, &bare, NOW));
        prop_assert_eq!(std::mem::discriminant(&full), std::mem::discriminant(&bare));
    }

    #[test]
    fn a_reason_is_short_printable_and_shows_no_token(
        service in any_service(),
        answer in any_answer(),
        token in "[A-Za-z0-9_-]{32,200}",
    ) {
        let endpoint = format!("https://push.example/{token}");
        let mut told = answer.body.to_vec();
        told.extend_from_slice(format!(" {endpoint} {token}").as_bytes());
        for body in [told, serde_json::json!({ "message": endpoint, "reason": token }).to_string().into()] {
            let answer = Answer { body: body.into(), ..answer.clone() };
            for text in [reason(service, &answer), dropped(service, &answer)].into_iter().flatten() {
                prop_assert!(text.chars().count() <= 200 && !text.chars().any(char::is_control));
                prop_assert!(!text.contains(&token), "{}", text);
            }
        }
    }
}
