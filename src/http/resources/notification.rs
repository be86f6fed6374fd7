//! One notification: how far it is, who did not get it, and taking it back.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::clock::Timestamp;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::model::Outcome;
use crate::store::directory::Scope;
use crate::store::receipt::ReceiptCounts;
use crate::store::view::{FailureView, NotificationView};

/// Failures in an answer, at most.
const MAX_FAILURES: u32 = 10_000;

/// How far a notification is.
#[derive(Serialize, ToSchema)]
pub struct NotificationStatus {
    /// Its name.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Its number in the channel's log; null before it is due, and for one that was cancelled before.
    pub seq: Option<i64>,
    /// `scheduled`, `delivering`, `done` or `cancelled`.
    pub state: &'static str,
    /// How many subscriptions were to get it; null before it is due, and 0 for one that was cancelled before.
    pub recipients: Option<i64>,
    /// How the deliveries ended; together they are the recipients. All 0 before it is due.
    pub outcomes: OutcomeCounts,
    /// When it was accepted.
    pub created: String,
    /// When it stops being sent.
    pub expires: String,
    /// When it is or was to be sent; null where that was at once, as it is for a time in the past.
    pub send_at: Option<String>,
    /// How many devices have said what of it; absent where it does not ask them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<ReceiptTotals>,
}

/// How many devices have said what of a notification.
#[derive(Serialize, ToSchema)]
pub struct ReceiptTotals {
    /// It was shown.
    pub shown: i64,
    /// It, or one of its actions, was clicked.
    pub clicked: i64,
    /// It was closed without a click.
    pub closed: i64,
}

/// How many deliveries ended in each way.
#[derive(Serialize, ToSchema)]
pub struct OutcomeCounts {
    /// The push service took it.
    pub accepted: i64,
    /// Not yet known.
    pub pending: i64,
    /// The push service said that the subscription does not exist any more.
    pub gone: i64,
    /// Its TTL ended first.
    pub expired: i64,
    /// A newer one of the same topic came first.
    pub superseded: i64,
    /// It was refused.
    pub rejected: i64,
    /// Its size was refused.
    pub too_large: i64,
    /// The subscription left first.
    pub unsubscribed: i64,
    /// It was taken back first.
    pub cancelled: i64,
}

/// The deliveries that were tried and not accepted.
#[derive(Serialize, ToSchema)]
pub struct Failures {
    /// One for each.
    pub items: Vec<DeliveryFailure>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A delivery that was tried and not accepted.
#[derive(Serialize, ToSchema)]
pub struct DeliveryFailure {
    /// The subscription's name.
    pub subscription: String,
    /// How it ended.
    pub outcome: &'static str,
    /// The push service's status, if it answered.
    pub status: Option<u16>,
    /// The push service's reason, or the daemon's own.
    pub reason: String,
    /// How many attempts there were.
    pub attempts: u32,
    /// When it ended.
    pub at: String,
}

/// How many failures.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FailureParams {
    /// How many at most: 1 to 10,000, which it is where it is absent.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
}

/// How far a notification is.
#[utoipa::path(
    get, path = "/v1/notifications/{id}", operation_id = "getNotification", tag = "notifications",
    params(("id" = String, Path, description = "The notification's name")),
    responses((status = 200, body = NotificationStatus)),
    security(("api_key" = ["read"]), ("api_key" = ["notify"])),
)]
pub async fn show(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<NotificationStatus>, Problem> {
    caller.require_any(&[Scope::Read, Scope::Notify])?;
    let found = state.store.notification(caller.app.id, id(&path)?).await?;
    found.map(|view| web::Json(NotificationStatus::from(view))).ok_or_else(unknown)
}

/// The deliveries that were tried and not accepted.
#[utoipa::path(
    get, path = "/v1/notifications/{id}/failures", operation_id = "listFailures", tag = "notifications",
    params(("id" = String, Path, description = "The notification's name"), FailureParams),
    responses((status = 200, body = Failures)),
    security(("api_key" = ["read"])),
)]
pub async fn failures(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<Failures>, Problem> {
    caller.require(Scope::Read)?;
    let params: FailureParams = list::query(&req)?;
    let limit = params.limit.unwrap_or(MAX_FAILURES);
    if !(1..=MAX_FAILURES).contains(&limit) {
        let detail = format!("`limit` must be from 1 to {MAX_FAILURES}");
        return Err(Problem::new(ProblemKind::BadQuery, detail));
    }
    let rows = i64::from(limit) + 1;
    let found = state.store.failures(caller.app.id, id(&path)?, rows).await?.ok_or_else(unknown)?;
    let truncated = found.len() > limit as usize;
    let items = found.into_iter().take(limit as usize).map(DeliveryFailure::from).collect();
    Ok(web::Json(Failures { items, truncated }))
}

/// Cancels what was not sent, or is not due. What is in flight settles. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/notifications/{id}", operation_id = "cancelNotification", tag = "notifications",
    params(("id" = String, Path, description = "The notification's name")),
    responses((status = 200, body = NotificationStatus)),
    security(("api_key" = ["notify"])),
)]
pub async fn cancel(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<NotificationStatus>, Problem> {
    caller.require(Scope::Notify)?;
    let cancelled = state.store.cancel(caller.app.id, id(&path)?, state.now()).await?;
    cancelled.map(|view| web::Json(NotificationStatus::from(view))).ok_or_else(unknown)
}

pub(super) fn id(path: &str) -> Result<PublicId, Problem> {
    PublicId::parse(IdKind::Notification, path).ok_or_else(unknown)
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("notification")
}

impl NotificationStatus {
    /// Whether every delivery has its outcome.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, "done" | "cancelled")
    }
}

impl From<NotificationView> for NotificationStatus {
    fn from(view: NotificationView) -> Self {
        let pending = view.pending();
        let count = |outcome| view.outcomes.get(outcome);
        Self {
            state: view.state().label(),
            outcomes: OutcomeCounts {
                accepted: count(Outcome::Accepted),
                pending,
                gone: count(Outcome::Gone),
                expired: count(Outcome::Expired),
                superseded: count(Outcome::Superseded),
                rejected: count(Outcome::Rejected),
                too_large: count(Outcome::TooLarge),
                unsubscribed: count(Outcome::Unsubscribed),
                cancelled: count(Outcome::Cancelled),
            },
            id: view.id.to_string(),
            channel: view.channel,
            seq: view.seq,
            recipients: view.recipients,
            created: view.created.to_rfc3339(),
            expires: view.expires.to_rfc3339(),
            send_at: view.send_at.map(Timestamp::to_rfc3339),
            receipts: view.receipts.map(ReceiptTotals::from),
        }
    }
}

impl From<ReceiptCounts> for ReceiptTotals {
    fn from(ReceiptCounts { shown, clicked, closed }: ReceiptCounts) -> Self {
        Self { shown, clicked, closed }
    }
}

impl From<FailureView> for DeliveryFailure {
    fn from(view: FailureView) -> Self {
        Self {
            subscription: view.subscription.to_string(),
            outcome: view.outcome.label(),
            status: view.status,
            reason: view.reason,
            attempts: view.attempts,
            at: view.at.to_rfc3339(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcomes;

    #[test]
    fn the_outcomes_and_the_pending_ones_are_the_recipients() {
        let mut outcomes = Outcomes::default();
        for (count, outcome) in (1..).zip(Outcome::ALL) {
            outcomes.add(outcome, count);
        }
        let view = |recipients, cancelled| NotificationView {
            id: PublicId::random(IdKind::Notification, &mut rand::rng()),
            channel: "demo".into(),
            seq: Some(7),
            recipients: Some(recipients),
            outcomes,
            created: Timestamp::default(),
            expires: Timestamp::default(),
            send_at: None,
            cancelled,
            receipts: None,
        };
        for (recipients, cancelled, state) in
            [(40, false, "delivering"), (36, false, "done"), (40, true, "cancelled")]
        {
            let status = NotificationStatus::from(view(recipients, cancelled));
            let json = serde_json::to_value(&status).unwrap();
            let counts = json["outcomes"].as_object().unwrap();
            let sum: i64 = counts.values().map(|count| count.as_i64().unwrap()).sum();
            assert_eq!((sum, json["state"].as_str()), (recipients, Some(state)));
            assert_eq!(counts.len(), Outcome::ALL.len() + 1);
            for outcome in Outcome::ALL {
                assert_eq!(counts[outcome.label()], outcomes.get(outcome));
            }
        }
    }
}
