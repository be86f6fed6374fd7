//! What a push service was asked, and what it is to say.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Its number in order of arrival at this service: 0, 1, 2 …
    pub(crate) index: usize,
    /// Which connection it came on: 0, 1, 2 …
    pub(crate) connection: usize,
    /// What follows the endpoints' prefix in its path (all of the path, where that has another), byte for byte.
    pub(crate) token: String,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Recorded {
    /// A header's text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A whole response.
    Reply { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// 201, once the test releases it.
    Hold,
    /// Nothing at all, for as long as the asker waits.
    Never,
    /// 201 and a body of which a byte comes now and then.
    Drip,
    /// 201 and a body without an end.
    EndlessBody,
    /// RST_STREAM with REFUSED_STREAM: surely not processed.
    Refuse,
    /// RST_STREAM with INTERNAL_ERROR.
    Reset,
    /// The connection is cut.
    Cut,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        Self::Reply { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Reply { headers, .. } = &mut self {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        self
    }

    pub(crate) fn body(mut self, text: impl Into<Bytes>) -> Self {
        if let Self::Reply { body, .. } = &mut self {
            *body = text.into();
        }
        self
    }
}

type Rule = Arc<dyn Fn(&Recorded) -> Answer + Send + Sync>;

/// The answers to come: a token's own first, then the rule for all.
pub(crate) struct Script {
    queues: Mutex<HashMap<String, VecDeque<Answer>>>,
    rule: Mutex<Rule>,
}

impl Default for Script {
    fn default() -> Self {
        Self { queues: Mutex::default(), rule: Mutex::new(Arc::new(|_| Answer::status(201))) }
    }
}

impl Script {
    pub(crate) fn queue(&self, token: &str, answers: impl IntoIterator<Item = Answer>) {
        self.queues.lock().unwrap().entry(token.to_owned()).or_default().extend(answers);
    }

    pub(crate) fn rule(&self, rule: Rule) {
        *self.rule.lock().unwrap() = rule;
    }

    pub(crate) fn answer(&self, request: &Recorded) -> Answer {
        let queued =
            self.queues.lock().unwrap().get_mut(&request.token).and_then(VecDeque::pop_front);
        // The rule runs outside of its lock: it may ask the service.
        let rule = self.rule.lock().unwrap().clone();
        queued.unwrap_or_else(|| rule(request))
    }
}
