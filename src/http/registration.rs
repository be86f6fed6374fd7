//! A browser's subscription at the door: parsed, held against what may be reached and against the app's keys.

use serde_json::Value;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemKind};
use super::state::State;
use crate::clock::Timestamp;
use crate::id::{PublicId, VapidKeyId};
use crate::store::directory::App;
use crate::store::limit::{Full, Limit};
use crate::store::membership::{Authority, Replace, Subscribe};
use crate::webpush::field::FieldError;
use crate::webpush::service::PushService;
use crate::webpush::subscription::PushSubscription;

/// What a browser's `PushSubscription.toJSON()` says, and the key that it subscribed with.
#[derive(ToSchema)]
#[schema(as = PushSubscription)]
#[expect(dead_code, reason = "it describes in OpenAPI what `PushSubscription::parse` reads")]
pub struct RegistrationDocument {
    /// Where pushes go: an https URL of at most 2048 bytes.
    #[schema(max_length = 2048)]
    endpoint: String,
    /// When the browser ends it, in milliseconds since 1970.
    #[schema(rename = "expirationTime")]
    expiration_time: Option<f64>,
    /// What pushes are encrypted with.
    keys: RegistrationKeys,
    /// `subscription.options.applicationServerKey` in base64url; absent, it is the app's current one.
    push_key: Option<String>,
}

/// What pushes are encrypted with (RFC 8291 §2).
#[derive(ToSchema)]
#[schema(as = PushSubscriptionKeys)]
#[expect(dead_code, reason = "it describes in OpenAPI what `PushSubscription::parse` reads")]
pub struct RegistrationKeys {
    /// An uncompressed P-256 point of 65 bytes, in base64url.
    p256dh: String,
    /// 16 bytes, in base64url.
    auth: String,
}

/// A subscription that may come in.
pub struct Registration {
    subscription: PushSubscription,
    vapid_key: VapidKeyId,
    now: Timestamp,
}

impl Registration {
    /// Reads the subscription that stands at `pointer` of a body.
    pub fn accept(state: &State, app: &App, json: &Value, pointer: &str) -> Result<Self, Problem> {
        let now = state.now();
        let subscription = PushSubscription::parse(json, now).map_err(|errors| {
            Problem::fields(errors.into_iter().map(|error| error.under(pointer)).collect())
        })?;
        state.egress.check(subscription.endpoint.uri()).map_err(|refused| {
            Problem::fields(vec![FieldError::new(
                format!("{pointer}/endpoint"),
                refused.to_string(),
            )])
        })?;
        let vapid_key = vapid_key(state, app, subscription.push_key.as_deref(), pointer)?;
        let service = PushService::of(subscription.endpoint.origin());
        if service == PushService::Apple && !state.options().vapid_subject_known {
            let detail = "Apple's push service refuses pushes without a contact: start the daemon with \
                          `--vapid-subject mailto:you@your.domain`";
            return Err(Problem::new(ProblemKind::VapidSubjectNeeded, detail));
        }
        Ok(Self { subscription, vapid_key, now })
    }

    /// The command that puts it into channels.
    pub fn into_subscribe(
        self,
        app: &App,
        channels: Vec<String>,
        authority: Authority,
    ) -> Subscribe {
        Subscribe {
            app: app.id,
            channels,
            endpoint: self.subscription.endpoint,
            keys: self.subscription.keys,
            expires: self.subscription.expires,
            vapid_key: self.vapid_key,
            authority,
            now: self.now,
        }
    }

    /// The command that gives it to a subscription that is there.
    pub fn into_replace(self, app: &App, id: PublicId) -> Replace {
        Replace {
            app: app.id,
            id,
            endpoint: self.subscription.endpoint,
            keys: self.subscription.keys,
            expires: self.subscription.expires,
            vapid_key: self.vapid_key,
            now: self.now,
        }
    }
}

/// Which of the app's keys the browser subscribed with: pushes signed by another would be refused for ever.
fn vapid_key(
    state: &State,
    app: &App,
    push_key: Option<&str>,
    pointer: &str,
) -> Result<VapidKeyId, Problem> {
    let directory = state.directory();
    let Some(public) = push_key else {
        let current = directory.current_vapid_key(app.id);
        return current.map(|key| key.id).ok_or_else(|| Problem::not_found("VAPID key"));
    };
    let known = directory.vapid_key_by_public(app.id, public).map(|key| key.id);
    known.ok_or_else(|| {
        let detail = "the browser subscribed with a VAPID key that the app does not have: let it unsubscribe and \
                      subscribe with the key of /v1/push-key, or import the pair with `fanfare vapid import`";
        Problem::field(ProblemKind::ForeignPushKey, format!("{pointer}/push_key"), detail)
    })
}

/// An endpoint that somebody else has registered, for all that can be known.
pub fn endpoint_in_use() -> Problem {
    let detail = "the endpoint is registered with other keys; in the browser, unsubscribe and subscribe anew";
    Problem::new(ProblemKind::EndpointInUse, detail)
}

/// Nothing was stored, because a limit of the app is reached. It is not a matter of time (429), nor of a field (422):
/// whoever runs the instance has decided so, and can decide otherwise.
pub fn full(app: &App, full: &Full) -> Problem {
    let (what, most, limit) = match full {
        Full::App(most) => (format!("the app {}", app.name), most, Limit::Subscriptions),
        Full::Channel(name, most) => {
            (format!("the channel {name}"), most, Limit::SubscriptionsPerChannel)
        }
    };
    let (limit, app) = (limit.name(), &app.name);
    let detail = format!(
        "{what} has as many subscriptions as the app's limit `{limit}` allows, {most}; the instance's admin can raise \
         it: `fanfare app set {app} --limit {limit}=…`"
    );
    Problem::new(ProblemKind::LimitReached, detail)
}
