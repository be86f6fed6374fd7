//! The HTTP request of one push (RFC 8030 §5), as every push service takes it.

mod topic;
mod urgency;

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request};

pub use topic::Topic;
pub use urgency::Urgency;

use crate::webpush::service::PushService;
use crate::webpush::subscription::Endpoint;

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");
const WNS_CACHE_POLICY: HeaderName = HeaderName::from_static("x-wns-cache-policy");

/// The request that pushes `payload` (already encrypted) to `endpoint`. `ttl` is what remains of the
/// notification's time; it is rounded up, so that only a message that is out of time says 0, and cut at FCM's limit.
pub fn build(
    endpoint: &Endpoint,
    authorization: HeaderValue,
    payload: Option<Vec<u8>>,
    ttl: Duration,
    urgency: Urgency,
    topic: Option<&Topic>,
) -> Request<Bytes> {
    let has_payload = payload.is_some();
    let mut request = Request::new(payload.map(Bytes::from).unwrap_or_default());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.uri().clone();

    let seconds = whole_seconds(ttl);
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(TTL, HeaderValue::from(seconds));
    headers.insert(URGENCY, HeaderValue::from_static(urgency.as_str()));
    if let Some(topic) = topic {
        headers.insert(TOPIC, topic.to_header());
    }
    if has_payload {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    add_specials(PushService::of(endpoint.origin()), seconds, headers);
    request
}

/// The longest TTL that FCM takes, and that a publisher may ask for: 28 days. More remains only where the clock was set
/// back meanwhile, and that must not make the message one that FCM refuses.
const MAX_TTL: u64 = 2_419_200;

fn whole_seconds(ttl: Duration) -> u64 {
    ttl.as_secs().saturating_add(u64::from(ttl.subsec_nanos() > 0)).min(MAX_TTL)
}

/// What one push service wants beyond the standard.
fn add_specials(service: PushService, ttl: u64, headers: &mut HeaderMap) {
    match service {
        PushService::Wns => {
            // WNS answers 400 to a TTL of 0 that it may cache.
            let policy = if ttl == 0 { "no-cache" } else { "cache" };
            headers.insert(WNS_CACHE_POLICY, HeaderValue::from_static(policy));
        }
        PushService::Fcm
        | PushService::Mozilla
        | PushService::Apple
        | PushService::Ntfy
        | PushService::Other => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(endpoint: &str, payload: Option<Vec<u8>>, ttl: Duration) -> Request<Bytes> {
        let endpoint = Endpoint::parse(endpoint).unwrap();
        let authorization = HeaderValue::from_static("vapid t=x, k=y");
        let topic = Topic::derive("default", "demo", "tea");
        build(&endpoint, authorization, payload, ttl, Urgency::High, Some(&topic))
    }

    #[test]
    fn a_push_is_a_post_to_the_endpoints_very_bytes_with_every_header_it_needs() {
        let text = "https://fcm.googleapis.com/wp/a%2bb:c?d=%2F";
        let request = push(text, Some(vec![1, 2]), Duration::from_millis(59_001));
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::POST, text));
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        let topic = Topic::derive("default", "demo", "tea");
        assert_eq!(
            headers,
            [
                "authorization: vapid t=x, k=y",
                "content-encoding: aes128gcm",
                "content-type: application/octet-stream",
                format!("topic: {}", topic.as_str()).as_str(),
                "ttl: 60",
                "urgency: high",
            ]
        );
        assert_eq!(request.body().as_ref(), [1, 2]);
    }

    #[test]
    fn without_a_payload_or_topic_there_is_no_body_and_no_header_of_theirs() {
        let endpoint = Endpoint::parse("https://push.example/x").unwrap();
        let value = HeaderValue::from_static("vapid");
        let request = build(&endpoint, value, None, Duration::ZERO, Urgency::Normal, None);
        assert!(request.body().is_empty());
        for absent in [CONTENT_ENCODING, CONTENT_TYPE, TOPIC, WNS_CACHE_POLICY] {
            assert!(!request.headers().contains_key(&absent), "{absent}");
        }
        assert_eq!(
            (&request.headers()[TTL], &request.headers()[URGENCY]),
            (&HeaderValue::from_static("0"), &HeaderValue::from_static("normal"))
        );
    }

    #[test]
    fn a_ttl_is_rounded_up_to_whole_seconds_and_never_more_than_fcm_takes() {
        let cases = [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (2_419_200_001, 2_419_200)];
        for (ms, seconds) in cases {
            assert_eq!(whole_seconds(Duration::from_millis(ms)), seconds, "{ms} ms");
        }
        assert_eq!(whole_seconds(Duration::MAX), MAX_TTL);
    }

    #[test]
    fn wns_is_told_not_to_cache_exactly_when_the_ttl_is_0() {
        let wns = "https://wns2-by3p.notify.windows.com/w/?token=x";
        let policy = |ttl| push(wns, None, ttl).headers()[WNS_CACHE_POLICY].clone();
        assert_eq!(policy(Duration::ZERO), "no-cache");
        assert_eq!(policy(Duration::from_millis(1)), "cache");
    }
}
