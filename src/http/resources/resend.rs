//! Sending a notification again, to those to whom it could not be delivered.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::notification;
use super::notifications::{REPLAYED, RETRY_FULL, tell};
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::http::{idempotency, in_flight, list};
use crate::id::SubscriptionId;
use crate::store::directory::Scope;
use crate::store::resend::{MAX_NAMED, Resend, ResendReply, Resent};

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// The `next` of the call before: it is sent again to the others.
    cursor: Option<i64>,
}

/// A notification that is sent again.
#[derive(Serialize, ToSchema)]
pub struct SentAgain {
    /// The new notification's name.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Its number in the channel's log.
    pub seq: Option<i64>,
    /// How many subscriptions are to get it: those that were found, at most 10,000.
    pub recipients: Option<i64>,
    /// What to send as `cursor` to send it to the others, when there are more than the 10,000 of one call; else null.
    pub next: Option<i64>,
}

/// Sends a notification again, to those alone whose delivery expired, was rejected or was too large, and who are still in
/// the channel.
///
/// It is a new notification in the same channel: the same content and urgency, as much time as the first had, and no topic.
/// The first stays as it is, so a second call sends to the same again: an `Idempotency-Key` keeps a repeat from that.
///
/// Found is who has a row among its failures that says `expired`, `rejected` or `too_large`; and, when its TTL ended with
/// deliveries pending, who has settled neither it nor a later one of the channel. Whose delivery was never tried before its
/// TTL ended, and who has settled a later one since, is not found: nothing tells them from those who got it. So `recipients`
/// may be fewer than the first one's `expired`, `rejected` and `too_large` together.
///
/// Requests that began just before its TTL ended may still be accepted. Until that is known, which takes as long as a request
/// may (`egress.timeout`) and five seconds, the answer is 409 `still-under-way` with a `Retry-After`.
#[utoipa::path(
    post, path = "/v1/notifications/{id}/resend", operation_id = "resendNotification", tag = "notifications",
    params(("id" = String, Path, description = "The notification's name"), Params,
           ("Idempotency-Key" = Option<String>, Header, description = "As for a publish.")),
    responses((status = 202, body = SentAgain, headers(("Location" = String), ("Idempotency-Replayed" = bool)))),
    security(("api_key" = ["notify"])),
)]
pub async fn resend(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Notify)?;
    let params: Params = list::query(&req)?;
    let id = notification::id(&path)?;
    let media_type = body.media_type().unwrap_or_default().to_owned();
    let mut called = body.bytes(body::SMALL).await?.to_vec();
    // Another part of those who are to get it is another call.
    called.extend_from_slice(req.query_string().as_bytes());
    let idempotency = idempotency::of(&req, &media_type, &called)?;
    // Kept until this call has its answer.
    let _flight = match &idempotency {
        Some(idempotency) => Some(state.in_flight.begin(caller.app.id, idempotency)?),
        None => None,
    };
    let after = SubscriptionId(params.cursor.unwrap_or(0));
    let (app, now) = (caller.app.id, state.now());
    let command = Resend { app, id, after, limit: MAX_NAMED, idempotency, now };
    match state.store.resend(command).await? {
        ResendReply::Resent { resent, replayed } => {
            tell(&caller, std::slice::from_ref(&resent.item), replayed);
            let mut response = HttpResponse::Accepted();
            if replayed {
                response.insert_header((REPLAYED, HeaderValue::from_static("true")));
            } else {
                state.metrics.notifications_accepted.inc();
            }
            let location = format!("/v1/notifications/{}", resent.item.id);
            Ok(response.insert_header((header::LOCATION, location)).json(SentAgain::from(resent)))
        }
        ResendReply::Unknown => Err(notification::unknown()),
        ResendReply::Nothing => {
            let detail = "of its deliveries to those who are still in the channel none has expired or been refused";
            Err(Problem::new(ProblemKind::NothingToResend, detail))
        }
        ResendReply::UnderWay(until) => {
            let wait = until.since(now).as_millis().div_ceil(1000).max(1);
            let detail = format!(
                "its TTL has ended, but requests that began before may still be answered: in {wait} s it is known to whom it \
                 was not delivered"
            );
            let wait = u64::try_from(wait).unwrap_or(u64::MAX);
            Err(Problem::new(ProblemKind::StillUnderWay, detail).retry_after(wait))
        }
        ResendReply::KeyReused => Err(in_flight::key_reused()),
        ResendReply::ChannelFull(channel) => {
            let detail =
                format!("the channel {channel} has 10,000 open notifications, as many as it may");
            Err(Problem::new(ProblemKind::ChannelFull, detail).retry_after(RETRY_FULL))
        }
    }
}

impl From<Resent> for SentAgain {
    fn from(Resent { item, next }: Resent) -> Self {
        Self {
            id: item.id,
            channel: item.channel,
            seq: item.seq,
            recipients: item.recipients,
            next,
        }
    }
}
