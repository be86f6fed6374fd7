//! Sending a notification again, to those to whom it could not be delivered.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::notification;
use super::notifications::{REPLAYED, RETRY_FULL};
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::http::{idempotency, in_flight, list};
use crate::id::SubscriptionId;
use crate::store::directory::Scope;
use crate::store::resend::{Resend, ResendReply, Resent};

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
    /// How many subscriptions are to get it.
    pub recipients: Option<i64>,
    /// What to send as `cursor` to send it to the others, when there are more than the 10,000 of one call; else null.
    pub next: Option<i64>,
}

/// Sends a notification again, to those alone whose delivery expired, was rejected or was too large, and who are still in
/// the channel.
///
/// It is a new notification in the same channel: the same content and urgency, as much time as the first had, and no topic.
/// The first stays as it is, so a second call sends to the same again: an `Idempotency-Key` keeps a repeat from that. Of
/// those to whom it was never tried because its TTL ended first, who has settled a later one of the channel since is not
/// known any more.
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
    let command = Resend { app: caller.app.id, id, after, idempotency, now: state.now() };
    match state.store.resend(command).await? {
        ResendReply::Resent { resent, replayed } => {
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
