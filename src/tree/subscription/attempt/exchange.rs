//! The request itself: signed, encrypted, sent, and timed.

use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::Parcel;
use crate::metrics::{Answered, PushServiceLabel, StatusLabel};
use crate::model::Subscription;
use crate::push::{Permit, PushError};
use crate::tree::sabotage::Place;
use crate::tree::subscription::tools::Tools;
use crate::webpush::encrypt::encrypt;
use crate::webpush::reply::Answer;
use crate::webpush::request;
use crate::webpush::service::PushService;

/// Why there is no answer.
pub(super) enum Fault {
    Push(PushError),
    Ours(String),
}

/// Encrypts and sends on the stream that `permit` holds; says how long the answer took.
pub(super) async fn exchange(
    tools: &Tools,
    subscription: &Subscription,
    parcel: &Parcel<'_>,
    authorization: &HeaderValue,
    permit: Permit,
) -> Result<(Answer, Duration), Fault> {
    let now = tools.clock.now();
    if let Some(payload) = parcel.payload {
        tools.sabotage.at(Place::Attempt(payload.as_bytes()));
    }
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
        authorization.clone(),
        body,
        ttl,
        parcel.urgency,
        parcel.topic,
    );
    let start = Instant::now();
    let reply = tools.push.send(permit, request).await;
    let took = start.elapsed();
    let status = StatusLabel::of(reply.as_ref().map_or(0, |answer| answer.status.as_u16()));
    let service = PushServiceLabel(PushService::of(subscription.endpoint.origin()));
    tools
        .metrics
        .push_request_seconds
        .get_or_create(&Answered { push_service: service, status })
        .observe(took.as_secs_f64());
    reply.map(|answer| (answer, took)).map_err(Fault::Push)
}
