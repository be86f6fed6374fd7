//! Every kind of problem there is: its name in URLs, its status, its title, and what to do about it. The page of
//! docs lists this table, and clients may decide by the slug, so slugs are kept.

/// A kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// 400, nothing more precise.
    BadRequest,
    /// 400, the body is not JSON.
    BadJson,
    /// 400, the query.
    BadQuery,
    /// 401, none was presented.
    CredentialNeeded,
    /// 401, it is wrong or has expired.
    InvalidCredential,
    /// 403, an API key lacks a scope, or it is another kind of credential.
    ScopeNeeded,
    /// 403, nobody may act while that is not configured.
    ActingOff,
    /// 403, `Fanfare-App` says otherwise.
    ForeignApp,
    /// 403, neither public nor covered by the token.
    ChannelForbidden,
    /// 403, the page's origin.
    OriginForbidden,
    /// 403, a limit of the app's own.
    LimitReached,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 408
    RequestTimeout,
    /// 409, an endpoint with other keys.
    EndpointInUse,
    /// 409, Apple wants a contact.
    VapidSubjectNeeded,
    /// 409, the name is taken.
    Exists,
    /// 409, it cannot be taken away.
    StillNeeded,
    /// 409, an operator has said otherwise before.
    QuarantineResolved,
    /// 409, it is no actor.
    NotKillable,
    /// 409, the notification asks for no receipts.
    ReceiptsNotAsked,
    /// 409, the notification was for others.
    NotForSubscription,
    /// 409, no delivery of it has failed to somebody who is still there.
    NothingToResend,
    /// 409, requests that began before its TTL ended may have no answer yet.
    StillUnderWay,
    /// 409, the same call has no answer yet.
    IdempotencyInFlight,
    /// 410, the push service said so.
    SubscriptionGone,
    /// 413, the request's body.
    BodyTooLarge,
    /// 413, the push's payload.
    PayloadTooLarge,
    /// 414
    TargetTooLong,
    /// 415
    UnsupportedMediaType,
    /// 422
    InvalidField,
    /// 422, a channel's name.
    InvalidChannel,
    /// 422, two of one exclusive namespace.
    ExclusiveChannels,
    /// 422, not one of the app's VAPID keys.
    ForeignPushKey,
    /// 422, the same key with another request.
    IdempotencyKeyReused,
    /// 429, too many open notifications.
    ChannelFull,
    /// 429, too many requests.
    TooManyRequests,
    /// 431
    HeadTooLarge,
    /// 500
    Internal,
    /// 502, a test push was refused.
    PushServiceRefused,
    /// 503, the store.
    StoreUnavailable,
    /// 503, something else is not there yet.
    Unavailable,
}

/// A row of the table.
struct Row(&'static str, u16, &'static str, &'static str);

impl ProblemKind {
    /// All of them, by status.
    pub const ALL: [Self; 42] = [
        Self::BadRequest,
        Self::BadJson,
        Self::BadQuery,
        Self::CredentialNeeded,
        Self::InvalidCredential,
        Self::ScopeNeeded,
        Self::ActingOff,
        Self::ForeignApp,
        Self::ChannelForbidden,
        Self::OriginForbidden,
        Self::LimitReached,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::EndpointInUse,
        Self::VapidSubjectNeeded,
        Self::Exists,
        Self::StillNeeded,
        Self::QuarantineResolved,
        Self::NotKillable,
        Self::ReceiptsNotAsked,
        Self::NotForSubscription,
        Self::NothingToResend,
        Self::StillUnderWay,
        Self::IdempotencyInFlight,
        Self::SubscriptionGone,
        Self::BodyTooLarge,
        Self::PayloadTooLarge,
        Self::TargetTooLong,
        Self::UnsupportedMediaType,
        Self::InvalidField,
        Self::InvalidChannel,
        Self::ExclusiveChannels,
        Self::ForeignPushKey,
        Self::IdempotencyKeyReused,
        Self::ChannelFull,
        Self::TooManyRequests,
        Self::HeadTooLarge,
        Self::Internal,
        Self::PushServiceRefused,
        Self::StoreUnavailable,
        Self::Unavailable,
    ];

    /// The last part of its `type`.
    pub const fn slug(self) -> &'static str {
        self.row().0
    }

    /// Its HTTP status.
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// What it is.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// What to do about it.
    pub const fn remedy(self) -> &'static str {
        self.row().3
    }

    #[rustfmt::skip]
    const fn row(self) -> Row {
        match self {
            Self::BadRequest => Row("bad-request", 400, "The request cannot be read",
                "Correct what the detail names."),
            Self::BadJson => Row("bad-json", 400, "The body is not JSON",
                "The detail names the line and the column."),
            Self::BadQuery => Row("bad-query", 400, "The query is not understood",
                "The detail names the parameter."),
            Self::CredentialNeeded => Row("credential-needed", 401, "This needs a credential",
                "Send one as `Authorization: Bearer …`: an API key, a subscriber token or a subscription's secret."),
            Self::InvalidCredential => Row("invalid-credential", 401, "The credential is not valid",
                "It is wrong, revoked, expired, or belongs to another app. Get a new one."),
            Self::ScopeNeeded => Row("scope-needed", 403, "The credential may not do this",
                "Use an API key with the scope that the detail names."),
            Self::ActingOff => Row("acting-off", 403, "Acting on the daemon is off",
                "Whoever runs the daemon allows it with `--observe-acting true`, or the same in its configuration and SIGHUP."),
            Self::ForeignApp => Row("foreign-app", 403, "The credential belongs to another app",
                "Leave `Fanfare-App` out, or use a credential of that app."),
            Self::ChannelForbidden => Row("channel-forbidden", 403, "The token does not cover the channel",
                "Ask your backend for a token whose `channels` name it."),
            Self::OriginForbidden => Row("origin-forbidden", 403, "Pages of this origin may not call the app",
                "Add the origin to the app's `origins`, for instance with `fanfare app set`."),
            Self::LimitReached => Row("limit-reached", 403, "A limit of the app is reached",
                "The instance's admin sets the app's `limits`, for instance with `fanfare app set`."),
            Self::NotFound => Row("not-found", 404, "There is no such thing",
                "It never existed, belongs to another app, or was forgotten."),
            Self::MethodNotAllowed => Row("method-not-allowed", 405, "Not with this method",
                "The header `Allow` names the methods that this path takes."),
            Self::RequestTimeout => Row("request-timeout", 408, "The request took too long to arrive",
                "Send the body at once."),
            Self::EndpointInUse => Row("endpoint-in-use", 409, "The endpoint is registered with other keys",
                "In the browser: unsubscribe, and subscribe anew, which makes a new endpoint."),
            Self::VapidSubjectNeeded => Row("vapid-subject-needed", 409, "Apple's push service wants a contact",
                "Start the daemon with `--vapid-subject mailto:you@your.domain`."),
            Self::Exists => Row("exists", 409, "It exists already",
                "Choose another name, or change the one that is there."),
            Self::StillNeeded => Row("still-needed", 409, "It is still needed",
                "The detail says by what."),
            Self::QuarantineResolved => Row("quarantine-resolved", 409, "The quarantine has been resolved otherwise",
                "The detail says how, and what can still be done."),
            Self::NotKillable => Row("not-killable", 409, "It is no actor, and cannot be killed",
                "Kill an actor: `killable` says which are. To start the journal or the API anew, restart the daemon."),
            Self::ReceiptsNotAsked => Row("receipts-not-asked", 409, "The notification asks for no receipts",
                "Send receipts only where the payload has `notification.data.fanfare.receipts`."),
            Self::NotForSubscription => Row("not-for-subscription", 409, "The notification was not for this subscription",
                "Give up: of a notification only those tell that it was for, as long as they are in its channel."),
            Self::NothingToResend => Row("nothing-to-resend", 409, "There is nobody to send it to again",
                "It is sent again to those alone whose delivery expired or was refused, and who are still in the channel."),
            Self::StillUnderWay => Row("still-under-way", 409, "Requests for it may still be under way",
                "Repeat it after as long as `Retry-After` says: until then nobody knows who gets it after all."),
            Self::IdempotencyInFlight => Row("idempotency-in-flight", 409, "The same request is being answered",
                "Repeat it after as long as `Retry-After` says: it is then answered as the first was."),
            Self::SubscriptionGone => Row("subscription-gone", 410, "The subscription is gone",
                "Its push service has forgotten it: subscribe anew in the browser."),
            Self::BodyTooLarge => Row("body-too-large", 413, "The request's body is too large",
                "The detail names the limit."),
            Self::PayloadTooLarge => Row("payload-too-large", 413, "The push's payload is too large",
                "A push holds 3967 bytes. Send less, and let the page fetch the rest."),
            Self::TargetTooLong => Row("target-too-long", 414, "The path and query are too long",
                "The detail names the limit."),
            Self::UnsupportedMediaType => Row("unsupported-media-type", 415, "Not in this media type",
                "Send `Content-Type: application/json`."),
            Self::InvalidField => Row("invalid-field", 422, "A field's value is not acceptable",
                "`errors` names each field, and what would be right."),
            Self::InvalidChannel => Row("invalid-channel", 422, "Not a channel's name",
                "1 to 200 bytes of UTF-8 without control characters and `*`, and not `.` or `..`; percent-encoded in paths."),
            Self::ExclusiveChannels => Row("exclusive-channels", 422, "Two channels of one exclusive namespace",
                "An endpoint is in at most one channel of each such namespace: leave one out."),
            Self::ForeignPushKey => Row("foreign-push-key", 422, "Subscribed with another VAPID key",
                "In the browser: unsubscribe, and subscribe with the key of `/v1/push-key`; or import that key pair."),
            Self::IdempotencyKeyReused => Row("idempotency-key-reused", 422, "The Idempotency-Key was used before",
                "Repeat the very same request with it, or use a new key for a new request."),
            Self::ChannelFull => Row("channel-full", 429, "The channel has too many open notifications",
                "Wait until some are delivered or expire, or cancel some."),
            Self::TooManyRequests => Row("too-many-requests", 429, "Too many requests",
                "Wait as long as `Retry-After` says."),
            Self::HeadTooLarge => Row("head-too-large", 431, "The request's headers are too large",
                "The detail names the limit. Cookies are not read here: do not send them."),
            Self::Internal => Row("internal", 500, "The daemon has failed",
                "This is a fault in Fanfare. The log has the details under the request's id: please report it."),
            Self::PushServiceRefused => Row("push-service-refused", 502, "The push service refused the test",
                "The detail has its status and its reason."),
            Self::StoreUnavailable => Row("store-unavailable", 503, "The store cannot be reached or written",
                "Try again. If it lasts, look at the disk and at the daemon's log."),
            Self::Unavailable => Row("unavailable", 503, "Not ready yet",
                "Try again after a moment."),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_listed_once_under_a_slug_of_its_own() {
        let slugs: BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), ProblemKind::ALL.len());
        // The last variant's number tells how many there are.
        assert_eq!(ProblemKind::Unavailable as usize + 1, ProblemKind::ALL.len());
        assert!(ProblemKind::ALL.iter().all(|kind| (400..=599).contains(&kind.status())));
    }
}
