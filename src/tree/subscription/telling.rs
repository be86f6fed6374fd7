//! What is told of an attempt's end: to the metrics and to the log.

use crate::metrics::{Ended, Metrics, OutcomeLabel, PushServiceLabel};
use crate::model::{Notification, Outcome, Settlement, Subscription};
use crate::tree::actor_id::ActorId;
use crate::webpush::service::PushService;

/// Counts an outcome, or that there is to be another attempt.
pub(super) fn count(metrics: &Metrics, subscription: &Subscription, outcome: Option<Outcome>) {
    match outcome {
        None => drop(metrics.retries.inc()),
        Some(outcome) => {
            let service = PushService::of(subscription.endpoint.origin());
            let ended =
                Ended { push_service: PushServiceLabel(service), outcome: OutcomeLabel(outcome) };
            metrics.deliveries.get_or_create(&ended).inc();
        }
    }
}

/// Logs what is settled. The ids are the line's own: at `info` no span is there to carry them.
pub(super) fn log(
    actor: ActorId,
    subscription: &Subscription,
    notification: Option<&Notification>,
    settlement: &Settlement,
) {
    let outcome = settlement.outcome.map_or("retry", Outcome::label);
    let reason = settlement.failure.as_ref().map(|failure| failure.reason.as_str());
    tracing::debug!(
        %actor,
        notification = notification.map(|it| display(&it.id)),
        subscription = %subscription.public_id,
        origin = subscription.endpoint.origin().as_str(),
        seq = settlement.seq.0,
        outcome,
        reason,
        "an attempt ended"
    );
}
