//! A sender of single pushes, without a store or a tree: what Fanfare would send, changed as a test wants, and what it
//! makes of the answer.

use std::rc::Rc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fanfare::id::VapidKeyId;
use fanfare::push::Push;
use fanfare::webpush::encrypt::encrypt;
use fanfare::webpush::reply::{self, Verdict, classify};
use fanfare::webpush::request::{self, Topic, Urgency};
use fanfare::webpush::service::PushService as Kind;
use fanfare::webpush::subscription::PushSubscription;
use fanfare::webpush::vapid::{Subject, VapidKey, VapidSigner};
use http::{HeaderValue, Request};
use serde_json::{Value, json};

use super::browser::Browser;
use super::house::{now, way_out};
use super::push_service::PushService;

/// Half of what RFC 8292 allows.
pub(crate) const HALF_A_DAY: i64 = 12 * 3600;

pub(crate) struct Sender {
    push: Rc<dyn Push>,
    key: VapidKey,
    signer: VapidSigner,
    browser: Browser,
    endpoint: String,
    aud: String,
}

/// An answer, and what Fanfare makes of it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Judged {
    pub(crate) status: u16,
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<String>,
}

impl Judged {
    /// For comparing: the status, the verdict, the reason or nothing.
    pub(crate) fn parts(&self) -> (u16, Verdict, &str) {
        (self.status, self.verdict, self.reason.as_deref().unwrap_or_default())
    }
}

impl Sender {
    /// One browser's subscription at `service`, made with the sender's key.
    pub(crate) fn to(service: &PushService, token: &str) -> Self {
        let key = VapidKey::generate().unwrap();
        let public = key.public_base64url().to_owned();
        service.remember(token, |subscribed| subscribed.key = Some(public));
        Self {
            push: way_out(&[service])(),
            key,
            signer: VapidSigner::new(Some(Subject::parse("mailto:ops@example.org").unwrap())),
            browser: Browser::new(),
            endpoint: service.endpoint(token),
            aud: service.origin(),
        }
    }

    /// What Fanfare sends for a text that is worth a minute.
    pub(crate) fn request(&self) -> Request<Bytes> {
        self.request_for(Duration::from_secs(60), None)
    }

    /// The same for another time and under a topic.
    pub(crate) fn request_for(&self, ttl: Duration, topic: Option<&Topic>) -> Request<Bytes> {
        let json = self.browser.subscription_json(&self.endpoint);
        let subscription = PushSubscription::parse(&json, now()).unwrap();
        let origin = subscription.endpoint.origin();
        let token = self.signer.authorization(VapidKeyId(1), &self.key, origin, now()).unwrap();
        let body = encrypt(&subscription.keys, b"text").unwrap();
        request::build(&subscription.endpoint, token, Some(body), ttl, Urgency::Normal, topic)
    }

    /// The claims of a token that no push service finds fault with.
    pub(crate) fn claims(&self) -> Value {
        let exp = now().as_secs() + HALF_A_DAY;
        json!({ "aud": self.aud, "exp": exp, "sub": "mailto:ops@example.org" })
    }

    /// A request whose token says `claims`, signed with `key`, under the name of the sender's own.
    pub(crate) fn signed_by(&self, key: &VapidKey, claims: &Value) -> Request<Bytes> {
        self.with_token(&token(key, claims), &self.key)
    }

    /// A request whose token says `claims`.
    pub(crate) fn claiming(&self, claims: &Value) -> Request<Bytes> {
        self.signed_by(&self.key, claims)
    }

    /// A good token, of another key than the subscription's.
    pub(crate) fn of_another_key(&self) -> Request<Bytes> {
        let other = VapidKey::generate().unwrap();
        self.with_token(&token(&other, &self.claims()), &other)
    }

    fn with_token(&self, token: &str, key: &VapidKey) -> Request<Bytes> {
        let mut request = self.request();
        let text = format!("vapid t={token}, k={}", key.public_base64url());
        let value = HeaderValue::from_str(&text).unwrap();
        request.headers_mut().insert("authorization", value);
        request
    }

    /// A request with one header changed, or taken out.
    pub(crate) fn with(&self, name: &'static str, value: Option<&str>) -> Request<Bytes> {
        let mut request = self.request();
        match value {
            Some(value) => {
                request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
            }
            None => {
                request.headers_mut().remove(name);
            }
        }
        request
    }

    /// Sends a request; answers what Fanfare makes of the answer.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Judged {
        let answer = self.ask(request).await;
        let kind = self.kind();
        Judged {
            status: answer.status.as_u16(),
            verdict: classify(kind, &answer, now()),
            reason: reply::reason(kind, &answer),
        }
    }

    /// Sends a request; answers as it was answered.
    pub(crate) async fn ask(&self, request: Request<Bytes>) -> reply::Answer {
        let permit = self.push.admit(request.uri()).await.unwrap();
        self.push.send(permit, request).await.unwrap()
    }

    /// What Fanfare takes the push service for.
    pub(crate) fn kind(&self) -> Kind {
        let json = self.browser.subscription_json(&self.endpoint);
        Kind::of(PushSubscription::parse(&json, now()).unwrap().endpoint.origin())
    }
}

/// A token as RFC 8292 wants it, whatever it says.
fn token(key: &VapidKey, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = json!({ "typ": "JWT", "alg": "ES256" });
    let signed = format!("{}.{}", encode(&header), encode(claims));
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        key.scalar(),
        key.public(),
    );
    let signature = pair.unwrap().sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
