//! Receipts: a device says that a notification was shown, clicked or closed on it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::subscription::id;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::metrics::Said;
use crate::model::ReceiptEvent;
use crate::store::receipt::{Receipt, ReceiptReply};
use crate::webpush::field::FieldError;

/// What a device says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Receipt)]
pub struct ReceiptDocument {
    /// The notification's name, which its payload carries as `notification.data.fanfare.id`.
    notification: String,
    /// What happened.
    event: EventName,
}

/// What happened to a notification.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReceiptEvent)]
pub enum EventName {
    /// It was shown.
    Shown,
    /// It, or one of its actions, was clicked.
    Clicked,
    /// It was closed without a click.
    Closed,
}

impl From<EventName> for ReceiptEvent {
    fn from(name: EventName) -> Self {
        match name {
            EventName::Shown => Self::Shown,
            EventName::Clicked => Self::Clicked,
            EventName::Closed => Self::Closed,
        }
    }
}

/// Counts what a device says became of a notification.
///
/// Only a notification whose payload has `notification.data.fanfare.receipts` is counted, which the app's setting
/// `receipts` decides when it is accepted. Each event of each device counts once, however often it is said.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/receipts", operation_id = "reportReceipt", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription's name")),
    request_body = ReceiptDocument,
    responses((status = 204, description = "It is counted, or was before.")),
    security(("api_key" = ["subscribe"]), ("subscription_secret" = [])),
)]
pub async fn report(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let subscription = id(path)?;
    caller.require_subscription(&state.directory(), &subscription)?;
    state.rates.receipt(&req, &subscription)?;
    let ReceiptDocument { notification, event } = body.read(body::SMALL).await?;
    let notification = PublicId::parse(IdKind::Notification, &notification).ok_or_else(|| {
        let error = FieldError::new("#/notification", "must be a notification's id, ntf_…");
        Problem::fields(vec![error])
    })?;
    let (app, event) = (caller.app.id, ReceiptEvent::from(event));
    let reply = state.store.receipt(Receipt { app, subscription, notification, event }).await?;
    if reply == ReceiptReply::Counted {
        state.metrics.receipts.get_or_create(&Said { event }).inc();
    }
    match refusal(reply) {
        None => Ok(HttpResponse::NoContent().finish()),
        Some(problem) => Err(problem),
    }
}

fn refusal(reply: ReceiptReply) -> Option<Problem> {
    match reply {
        ReceiptReply::Counted | ReceiptReply::Repeated => None,
        ReceiptReply::UnknownSubscription => Some(Problem::not_found("subscription")),
        ReceiptReply::UnknownNotification => Some(Problem::not_found("notification")),
        ReceiptReply::NotAsked => {
            let detail = "the app's setting `receipts` was off when this notification was accepted, or it is `raw` or \
                          has no payload";
            Some(Problem::new(ProblemKind::ReceiptsNotAsked, detail))
        }
        ReceiptReply::NotForIt => {
            let detail = "this subscription is not in the notification's channel, came into it later, or was excluded";
            Some(Problem::new(ProblemKind::NotForSubscription, detail))
        }
    }
}
