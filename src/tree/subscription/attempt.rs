//! One attempt at one delivery: gate, still open?, encrypt, sign, send, classify. Encryption comes after the
//! gate, so whoever waits there holds no ciphertext, no stale token and no message that was cancelled meanwhile.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::drain::UnderWay;
use super::tools::Tools;
use super::vitals::Vitals;
use crate::clock::Timestamp;
use crate::delivery::judge::Attempted;
use crate::metrics::{Answered, Of, PushServiceLabel};
use crate::model::{Notification, Payload, Subscription};
use crate::push::{Permit, PushError};
use crate::tree::sabotage::Place;
use crate::webpush::encrypt::encrypt;
use crate::webpush::reply::{Answer, Verdict, classify, dropped, reason};
use crate::webpush::request::{self, Topic, Urgency};
use crate::webpush::service::PushService;

/// A request that was surely not looked at is sent again at once, but a broken service can say so for ever.
const UNPROCESSED_TRIES: usize = 4;

/// How long a delivery waits for its turn at an origin. It holds one of the arbiter's credits meanwhile, so an
/// origin whose connections are all stuck must not keep it: it is parked, and comes again.
const ADMISSION: Duration = Duration::from_secs(5);

/// What is sent, whether it comes from a channel's log or is a test.
pub struct Parcel<'a> {
    /// The plaintext.
    pub payload: Option<&'a Payload>,
    /// From when on there is no sense in sending it.
    pub expires: Timestamp,
    /// TTL 0.
    pub now_or_never: bool,
    /// RFC 8030 §5.3.
    pub urgency: Urgency,
    /// RFC 8030 §5.4.
    pub topic: Option<&'a Topic>,
}

/// Attempts a delivery. `None`: its turn came after it was closed or the subscription changed, and nothing was sent.
pub async fn attempt(
    tools: &Tools,
    vitals: &Vitals,
    subscription: &Subscription,
    notification: &Notification,
) -> Option<Attempted> {
    let parcel = Parcel {
        payload: notification.payload.as_ref(),
        expires: notification.expires,
        now_or_never: notification.now_or_never,
        urgency: notification.urgency,
        topic: notification.topic.as_ref(),
    };
    let is_open = |now| !vitals.changed.get() && notification.is_open_for(subscription.id, now);
    let started = |request| vitals.under_way.set(Some(request));
    let attempted = send(tools, subscription, &parcel, is_open, started).await?;
    if let Attempted::Answered { verdict: Verdict::Accepted, .. } = attempted {
        let service = PushServiceLabel(PushService::of(subscription.endpoint.origin()));
        let took = tools.clock.now().since(notification.accepted);
        tools
            .metrics
            .delivery_seconds
            .get_or_create(&Of { push_service: service })
            .observe(took.as_secs_f64());
    }
    Some(attempted)
}

/// Sends a parcel, if it is still open when its turn comes; `started` keeps the request until its result is on disk.
pub async fn send(
    tools: &Tools,
    subscription: &Subscription,
    parcel: &Parcel<'_>,
    is_open: impl Fn(Timestamp) -> bool,
    started: impl Fn(UnderWay),
) -> Option<Attempted> {
    let mut unprocessed = 0;
    loop {
        let admission = tools.push.admit(subscription.endpoint.uri());
        let permit = match tokio::time::timeout(ADMISSION, admission).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(error)) => return Some(unanswered(&error)),
            Err(_) => return Some(crowded()),
        };
        until_writable(tools).await;
        let request = tools.drain.start().await;
        if !is_open(tools.clock.now()) {
            return None;
        }
        started(request);
        match exchange(tools, subscription, parcel, permit).await {
            Err(Fault::Push(PushError::NotProcessed(_))) if unprocessed < UNPROCESSED_TRIES => {
                unprocessed += 1;
            }
            Err(Fault::Push(error)) => return Some(unanswered(&error)),
            Err(Fault::Ours(reason)) => return Some(Attempted::Impossible { reason }),
            Ok(answer) => return Some(answered(tools, subscription, &answer)),
        }
    }
}

/// Nothing is sent while its result could not be recorded.
async fn until_writable(tools: &Tools) {
    if !*tools.writable.borrow() {
        // The other end goes only when the daemon does, and this worker with it.
        let _ = tools.writable.clone().wait_for(|writable| *writable).await;
    }
}

enum Fault {
    Push(PushError),
    Ours(String),
}

async fn exchange(
    tools: &Tools,
    subscription: &Subscription,
    parcel: &Parcel<'_>,
    permit: Permit,
) -> Result<Answer, Fault> {
    let now = tools.clock.now();
    if let Some(payload) = parcel.payload {
        tools.sabotage.at(Place::Attempt(payload.as_bytes()));
    }
    let authorization = authorization(tools, subscription, now)?;
    let body = match parcel.payload {
        None => None,
        Some(payload) => Some(
            encrypt(&subscription.keys, payload.as_bytes())
                .map_err(|error| Fault::Ours(format!("fanfare: {error}")))?,
        ),
    };
    let ttl = if parcel.now_or_never { Duration::ZERO } else { parcel.expires.since(now) };
    let request = request::build(
        &subscription.endpoint,
        authorization,
        body,
        ttl,
        parcel.urgency,
        parcel.topic,
    );
    let start = Instant::now();
    let reply = tools.push.send(permit, request).await;
    let status = reply.as_ref().map_or(0, |answer| answer.status.as_u16());
    let service = PushServiceLabel(PushService::of(subscription.endpoint.origin()));
    tools
        .metrics
        .push_request_seconds
        .get_or_create(&Answered { push_service: service, status })
        .observe(start.elapsed().as_secs_f64());
    reply.map_err(Fault::Push)
}

fn authorization(
    tools: &Tools,
    subscription: &Subscription,
    now: Timestamp,
) -> Result<HeaderValue, Fault> {
    let directory = tools.store.directory();
    let Some(key) = directory.vapid_keys.get(&subscription.vapid_key) else {
        return Err(Fault::Ours("fanfare: the subscription's VAPID key is missing".to_owned()));
    };
    tools
        .signer
        .authorization(key.id, &key.key, subscription.endpoint.origin(), now)
        .map_err(|error| Fault::Ours(format!("fanfare: {error}")))
}

fn crowded() -> Attempted {
    let reason = "no connection to the push service had a stream to spare".to_owned();
    Attempted::Unanswered { reason, counts: false }
}

fn unanswered(error: &PushError) -> Attempted {
    if error.is_permanent() {
        return Attempted::Impossible { reason: format!("fanfare: {error}") };
    }
    Attempted::Unanswered { reason: error.to_string(), counts: error.counts_as_attempt() }
}

fn answered(tools: &Tools, subscription: &Subscription, answer: &Answer) -> Attempted {
    let origin = subscription.endpoint.origin();
    let service = PushService::of(origin);
    let verdict = classify(service, answer, tools.clock.now());
    let status = answer.status.as_u16();
    let reason = reason(service, answer);
    if verdict == Verdict::Unauthorized {
        // The next attempt carries a fresh signature: a clock may have been wrong when this one was made.
        tools.signer.forget(subscription.vapid_key, origin);
        tracing::warn!(
            subscription = %subscription.public_id,
            origin = origin.as_str(),
            status,
            reason = reason.as_deref(),
            "the push service refuses our VAPID key, claims or clock"
        );
    }
    if let Some(reason) = dropped(service, answer) {
        tools.metrics.dropped.get_or_create(&Of { push_service: PushServiceLabel(service) }).inc();
        tracing::debug!(
            subscription = %subscription.public_id,
            origin = origin.as_str(),
            status,
            reason,
            "the push service accepted a message and does not pass it on"
        );
    }
    Attempted::Answered { verdict, status, reason }
}

/// A test message for one subscription alone: it is in no log, so nothing is settled.
pub async fn send_test(
    tools: &Tools,
    subscription: &Arc<Subscription>,
    payload: &Payload,
) -> Attempted {
    let parcel = Parcel {
        payload: Some(payload),
        expires: tools.clock.now() + TEST_TTL,
        now_or_never: false,
        urgency: Urgency::High,
        topic: None,
    };
    let under_way = Cell::new(None);
    let started = |request| under_way.set(Some(request));
    let sent = send(tools, subscription, &parcel, |_| true, started).await;
    sent.unwrap_or(Attempted::Unanswered { reason: "it was not sent".to_owned(), counts: false })
}

/// Somebody stands there and waits for it.
const TEST_TTL: Duration = Duration::from_secs(60);
