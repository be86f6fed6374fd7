//! The push services of renown, played: each refuses what the real one refuses, in its own words (status, body,
//! headers), and takes the rest as the real one takes it. What they say is gathered in their sources, documents and
//! users' reports.

#[path = "persona/apple.rs"]
pub(crate) mod apple;
#[path = "persona/fcm.rs"]
pub(crate) mod fcm;
#[path = "persona/mozilla.rs"]
pub(crate) mod mozilla;
#[path = "persona/ntfy.rs"]
pub(crate) mod ntfy;
#[path = "persona/vapid.rs"]
pub(crate) mod vapid;
#[path = "persona/wns.rs"]
pub(crate) mod wns;

use std::collections::HashMap;
use std::sync::Mutex;

use fanfare::clock::Clock;
use http::Method;

use self::vapid::{Flaw, Vapid};
use super::script::{Answer, Recorded};

/// Who is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Persona {
    Fcm,
    Mozilla,
    Apple,
    Wns,
    Ntfy,
}

impl Persona {
    pub(crate) const ALL: [Self; 5] =
        [Self::Fcm, Self::Mozilla, Self::Apple, Self::Wns, Self::Ntfy];

    /// By what name browsers call it, on port 443.
    pub(crate) const fn host(self) -> &'static str {
        match self {
            Self::Fcm => "fcm.googleapis.com",
            Self::Mozilla => "updates.push.services.mozilla.com",
            Self::Apple => "web.push.apple.com",
            Self::Wns => "wns2-par02p.notify.windows.com",
            Self::Ntfy => "ntfy.sh",
        }
    }

    /// What stands before the token in an endpoint's path.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Fcm => "/fcm/send/",
            Self::Mozilla => "/wpush/v2/",
            Self::Apple | Self::Ntfy => "/",
            Self::Wns => "/w/?token=",
        }
    }

    /// How it takes a message.
    pub(crate) fn accepts(self, request: &Recorded) -> Answer {
        match self {
            Self::Fcm => fcm::accepts(),
            Self::Mozilla => mozilla::accepts(request),
            Self::Apple => apple::accepts(),
            Self::Wns => wns::accepts("received"),
            Self::Ntfy => ntfy::accepts(),
        }
    }

    /// What is wrong with the request, in its words.
    fn refuses(self, asked: &Asked<'_>) -> Option<Answer> {
        match self {
            Self::Fcm => fcm::refuses(asked),
            Self::Mozilla => mozilla::refuses(asked),
            Self::Apple => apple::refuses(asked),
            Self::Wns => wns::refuses(asked),
            Self::Ntfy => ntfy::refuses(asked),
        }
    }
}

/// What it knows of a subscription that it has handed out. Of one that it was not told of, it knows nothing bad.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscribed {
    /// The VAPID public key that the browser subscribed with.
    pub(crate) key: Option<String>,
    /// The browser has unsubscribed.
    pub(crate) ended: bool,
    /// The device takes no larger body.
    pub(crate) most: Option<usize>,
}

/// A request, and what the service finds out about it before it decides.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Recorded,
    pub(crate) vapid: Result<Vapid, Flaw>,
    pub(crate) subscribed: Subscribed,
}

impl Asked<'_> {
    /// A header; `None` where it is absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.contains_key(name).then(|| self.request.header(name))
    }

    /// Whether the token was signed with another key than the browser subscribed with.
    pub(crate) fn is_of_another_key(&self) -> bool {
        match (&self.vapid, &self.subscribed.key) {
            (Ok(vapid), Some(key)) => vapid.key != *key,
            (Ok(_) | Err(_), _) => false,
        }
    }

    /// Whether the body is larger than this device takes.
    pub(crate) fn is_too_large(&self) -> bool {
        self.subscribed.most.is_some_and(|most| self.request.body.len() > most)
    }
}

/// A persona at work, and its memory.
pub(crate) struct Role {
    persona: Persona,
    subscribed: Mutex<HashMap<String, Subscribed>>,
}

impl Role {
    pub(crate) fn new(persona: Persona) -> Self {
        Self { persona, subscribed: Mutex::default() }
    }

    pub(crate) fn persona(&self) -> Persona {
        self.persona
    }

    /// The origin that it is called by, and that tokens for it must name.
    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.persona.host())
    }

    /// Changes what is known of the subscription behind `token`.
    pub(crate) fn remember(&self, token: &str, change: impl FnOnce(&mut Subscribed)) {
        change(self.subscribed.lock().unwrap().entry(token.to_owned()).or_default());
    }

    /// The refusal of a request that is not as it should be.
    pub(crate) fn refuses(&self, request: &Recorded) -> Option<Answer> {
        if request.method != Method::POST {
            return Some(Answer::status(405));
        }
        let now = Clock::System.now().as_secs();
        let vapid = vapid::verify(request.header("authorization"), &self.origin(), now);
        let subscribed =
            self.subscribed.lock().unwrap().get(&request.token).cloned().unwrap_or_default();
        self.persona.refuses(&Asked { request, vapid, subscribed })
    }
}

/// A JSON answer.
fn json(status: u16, body: &serde_json::Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}

/// Whether `topic` is made of the base64url alphabet alone (RFC 8030 §5.4), and no longer than 32 characters.
fn is_topic(topic: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&topic.len()) && topic.bytes().all(legal)
}
