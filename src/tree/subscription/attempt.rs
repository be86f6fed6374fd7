//! One attempt at one delivery: gate, still open?, sign, encrypt, send, classify. Encryption comes after the
//! gate, so whoever waits there holds no ciphertext, no stale token and no message that was cancelled meanwhile.

mod exchange;
mod signal;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::drain::UnderWay;
use super::tools::Tools;
use super::vitals::Vitals;
use crate::clock::Timestamp;
use crate::delivery::gate::Signal;
use crate::delivery::judge::Attempted;
use crate::metrics::{Of, PushServiceLabel};
use crate::model::{Notification, Payload, Subscription};
use crate::push::PushError;
use crate::store::directory::AppVapidKey;
use crate::tree::gates::{Caller, Entered, Pass, Seen};
use crate::webpush::reply::{Answer, Verdict, classify, dropped, reason};
use crate::webpush::request::{Topic, Urgency};
use crate::webpush::service::PushService;
use crate::webpush::subscription::Origin;
use exchange::{Fault, exchange};

/// A request that was surely not looked at is sent again at once, but a broken service can say so for ever.
const UNPROCESSED_TRIES: usize = 4;

/// How long a delivery waits in line before an origin's gate. It holds one of the arbiter's credits meanwhile, so an
/// origin that stands still must not keep it: it is parked, and comes again. Twice as long as the line should be.
const IN_LINE: Duration = Duration::from_secs(2);

/// How long it waits for a connection with a stream to spare: longer than a dial may take, whose failure says more.
const FOR_STREAM: Duration = Duration::from_secs(12);

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
    /// Whether the endpoint failed the last time.
    pub is_troubled: bool,
    /// Whether it waits while the node is drained; whoever stands there and waits for a test does not.
    pub is_patient: bool,
}

/// Why nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsent {
    /// Its turn came after it was closed or the subscription changed.
    Closed,
    /// Its channel pauses.
    Paused,
}

/// Attempts a delivery.
pub async fn attempt(
    tools: &Tools,
    vitals: &Vitals,
    subscription: &Subscription,
    notification: &Notification,
    is_troubled: bool,
) -> Result<Attempted, Unsent> {
    // What says so is the last thing that is looked at: whoever resumes the channel hands it out after that.
    let is_paused = || tools.paused.contains(notification.channel);
    if is_paused() {
        return Err(Unsent::Paused);
    }
    let parcel = Parcel {
        payload: notification.payload.as_ref(),
        expires: notification.expires,
        now_or_never: notification.now_or_never,
        urgency: notification.urgency,
        topic: notification.topic.as_ref(),
        is_troubled,
        is_patient: true,
    };
    let is_open = |now| {
        !vitals.changed.get() && notification.is_open_for(subscription.id, now) && !is_paused()
    };
    let keep = |request| vitals.under_way.set(request);
    let Some(attempted) = send(tools, subscription, &parcel, is_open, keep).await else {
        return Err(if is_paused() { Unsent::Paused } else { Unsent::Closed });
    };
    if let Attempted::Answered { verdict: Verdict::Accepted, .. } = attempted {
        let service = PushServiceLabel(PushService::of(subscription.endpoint.origin()));
        let took = tools.clock.now().since(notification.accepted);
        tools
            .metrics
            .delivery_seconds
            .get_or_create(&Of { push_service: service })
            .observe(took.as_secs_f64());
    }
    Ok(attempted)
}

/// Sends a parcel, if it is still open when its turn comes; `keep` keeps the request until its result is on disk, or
/// until there is none because it is sent again.
pub async fn send(
    tools: &Tools,
    subscription: &Subscription,
    parcel: &Parcel<'_>,
    is_open: impl Fn(Timestamp) -> bool,
    keep: impl Fn(Option<UnderWay>),
) -> Option<Attempted> {
    let origin = subscription.endpoint.origin();
    let ours = |reason| Some(Attempted::Impossible { reason });
    let directory = tools.store.directory();
    let Some(key) = directory.vapid_keys.get(&subscription.vapid_key) else {
        return ours("fanfare: the subscription's VAPID key is missing".to_owned());
    };
    let (mut unprocessed, mut is_renewed) = (0, false);
    loop {
        // Whoever drains does not wait for what starts no more.
        keep(None);
        until_writable(tools).await;
        if parcel.is_patient {
            tools.drain.open().await;
        }
        if let Some(until) = paused_until(tools, origin) {
            return Some(Attempted::Paused { until });
        }
        let mut pass = match enter(tools, subscription, key, parcel.is_troubled).await {
            Ok(pass) => pass,
            Err(until) => return Some(Attempted::Held { until }),
        };
        let admission = tools.push.admit(subscription.endpoint.uri());
        let permit = match tokio::time::timeout(FOR_STREAM, admission).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(error)) => return Some(unanswered(tools, pass, &error)),
            Err(_) => {
                pass.done(Signal::Crowded, None);
                return Some(Attempted::Held { until: tools.gates.turn_away(origin) });
            }
        };
        // Nobody waits for the store with a pass in hand: the push service would seem to answer nothing for as long, and
        // whoever finds its line full would be sent away as from a slow one.
        if !*tools.writable.borrow() {
            continue;
        }
        // It may have been paused while this one stood in line: nothing is waited for from here on.
        if let Some(until) = paused_until(tools, origin) {
            return Some(Attempted::Paused { until });
        }
        let Some(request) = tools.drain.start() else {
            if parcel.is_patient {
                continue;
            }
            return None;
        };
        let now = tools.clock.now();
        if !is_open(now) {
            return None;
        }
        keep(Some(request));
        let authorization = match tools.signer.authorization(key.id, &key.key, origin, now) {
            Ok(authorization) => authorization,
            Err(error) => return ours(format!("fanfare: {error}")),
        };
        match exchange(tools, subscription, parcel, &authorization, permit).await {
            Err(Fault::Push(PushError::NotProcessed(_))) if unprocessed < UNPROCESSED_TRIES => {
                unprocessed += 1;
            }
            Err(Fault::Push(error)) => return Some(unanswered(tools, pass, &error)),
            Err(Fault::Ours(reason)) => return ours(reason),
            Ok((answer, took)) => {
                pass.saw(Seen::answer(&answer, took));
                let verdict = classify(PushService::of(origin), &answer, tools.clock.now());
                if verdict == Verdict::Unauthorized && !is_renewed {
                    is_renewed = true;
                    let now = tools.clock.now();
                    if tools.signer.renew(key.id, origin, &authorization, now) {
                        continue;
                    }
                }
                return Some(answered(tools, subscription, pass, verdict, &answer));
            }
        }
    }
}

/// Waits for the origin's gate; otherwise says when to come again.
async fn enter(
    tools: &Tools,
    subscription: &Subscription,
    key: &Arc<AppVapidKey>,
    is_troubled: bool,
) -> Result<Pass, Timestamp> {
    let origin = subscription.endpoint.origin();
    let caller = Caller { origin, key, subscription: subscription.id, is_troubled };
    match tokio::time::timeout(IN_LINE, tools.gates.enter(caller)).await {
        Ok(Entered::Go(pass)) => Ok(pass),
        Ok(Entered::Later(until)) => Err(until),
        Err(_) => Err(tools.gates.turn_away(origin)),
    }
}

/// Until when those wait whose origin an operator has paused.
fn paused_until(tools: &Tools, origin: &Origin) -> Option<Timestamp> {
    let directory = tools.store.directory();
    directory.pauses.origins.get(origin.as_str()).map(|pause| pause.parked_until)
}

/// Nothing is sent while its result could not be recorded.
async fn until_writable(tools: &Tools) {
    if !*tools.writable.borrow() {
        // The other end goes only when the daemon does, and this worker with it.
        let _ = tools.writable.clone().wait_for(|writable| *writable).await;
    }
}

fn unanswered(tools: &Tools, mut pass: Pass, error: &PushError) -> Attempted {
    let reason = error.to_string();
    if was_asked(error) {
        pass.saw(Seen::Nothing);
    }
    pass.done(signal::of_error(error), Some(&reason));
    if error.is_permanent() {
        return Attempted::Impossible { reason: format!("fanfare: {error}") };
    }
    let counts = error.counts_as_attempt() && !tools.gates.is_our_network_down();
    Attempted::Unanswered { reason, counts }
}

/// Whether the push service could have answered.
fn was_asked(error: &PushError) -> bool {
    match error {
        PushError::Refused(_) | PushError::Crowded => false,
        PushError::Dns(_)
        | PushError::Connect(_)
        | PushError::Tls(_)
        | PushError::DialTimeout
        | PushError::Timeout
        | PushError::NotProcessed(_)
        | PushError::Lost(_)
        | PushError::Protocol(_) => true,
    }
}

fn answered(
    tools: &Tools,
    subscription: &Subscription,
    pass: Pass,
    verdict: Verdict,
    answer: &Answer,
) -> Attempted {
    let origin = subscription.endpoint.origin();
    let service = PushService::of(origin);
    let (status, reason) = (answer.status.as_u16(), reason(service, answer));
    let said = (verdict != Verdict::Accepted)
        .then(|| format!("{status} {}", reason.as_deref().unwrap_or("without a reason")));
    let refused_alone = pass.done(signal::of_answer(verdict, answer), said.as_deref());
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
    Attempted::Answered { verdict, status, reason, refused_alone }
}

/// A test message for one subscription alone: it is in no log, so nothing is settled. `None`: the node was drained before
/// its turn came.
pub async fn send_test(
    tools: &Tools,
    subscription: &Arc<Subscription>,
    payload: &Payload,
) -> Option<Attempted> {
    let parcel = Parcel {
        payload: Some(payload),
        expires: tools.clock.now() + TEST_TTL,
        now_or_never: false,
        urgency: Urgency::High,
        topic: None,
        is_troubled: false,
        is_patient: false,
    };
    let under_way = Cell::new(None);
    let keep = |request| under_way.set(request);
    send(tools, subscription, &parcel, |_| true, keep).await
}

/// Somebody stands there and waits for it.
const TEST_TTL: Duration = Duration::from_secs(60);
