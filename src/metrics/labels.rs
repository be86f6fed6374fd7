//! The labels of the metrics: each has a fixed set of values, none of which a user, a device or a push service chooses.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use crate::model::{Outcome, ReceiptEvent};
use crate::webpush::service::PushService;

/// A delivery that ended.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Ended {
    /// At which push service.
    pub push_service: PushServiceLabel,
    /// How.
    pub outcome: OutcomeLabel,
}

/// What a device said of a notification.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Said {
    /// What happened.
    pub event: ReceiptEvent,
}

impl EncodeLabelValue for ReceiptEvent {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.label().encode(encoder)
    }
}

/// An answered request to a push service.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Answered {
    /// By which push service.
    pub push_service: PushServiceLabel,
    /// With which status.
    pub status: StatusLabel,
}

/// An answered request to the API.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Served {
    /// With which class of status.
    pub status: StatusClass,
}

/// One push service.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Of {
    /// Which.
    pub push_service: PushServiceLabel,
}

/// One kind of actor.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelSet)]
pub struct Kind {
    /// Which.
    pub kind: ActorKind,
}

/// What an actor is.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug, EncodeLabelValue)]
#[expect(missing_docs, reason = "the names are those of the tree")]
pub enum ActorKind {
    Root,
    ChannelSupervisor,
    ChannelWorker,
    SubscriptionSupervisor,
    SubscriptionWorker,
}

impl ActorKind {
    /// All of them, from the root down.
    pub const ALL: [Self; 5] = [
        Self::Root,
        Self::ChannelSupervisor,
        Self::ChannelWorker,
        Self::SubscriptionSupervisor,
        Self::SubscriptionWorker,
    ];

    /// The name in the API, as in the metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Root => "Root",
            Self::ChannelSupervisor => "ChannelSupervisor",
            Self::ChannelWorker => "ChannelWorker",
            Self::SubscriptionSupervisor => "SubscriptionSupervisor",
            Self::SubscriptionWorker => "SubscriptionWorker",
        }
    }
}

/// A push service's name as a label.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
pub struct PushServiceLabel(pub PushService);

impl EncodeLabelValue for PushServiceLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.label().encode(encoder)
    }
}

/// An outcome as a label.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
pub struct OutcomeLabel(pub Outcome);

impl EncodeLabelValue for OutcomeLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.label().encode(encoder)
    }
}

/// A push service's status as a label: one that means something by its number, or its class. Whoever runs a push service
/// of their own chooses the status, and there are 900 of them.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
pub struct StatusLabel(Status);

#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
enum Status {
    /// 0: there was no answer.
    Exactly(u16),
    Some(StatusClass),
}

/// The statuses that push services are known to answer with.
const KNOWN: [u16; 24] = [
    0, 200, 201, 202, 204, 301, 302, 307, 308, 400, 401, 403, 404, 406, 408, 410, 413, 415, 429,
    500, 502, 503, 504, 507,
];

impl StatusLabel {
    /// Of a status; 0: there was no answer.
    pub fn of(status: u16) -> Self {
        match KNOWN.binary_search(&status) {
            Ok(_) => Self(Status::Exactly(status)),
            Err(_) => Self(Status::Some(StatusClass::of(status))),
        }
    }

    /// All that there can be.
    pub fn all() -> impl Iterator<Item = Self> {
        let exactly = KNOWN.into_iter().map(|status| Self(Status::Exactly(status)));
        exactly.chain(StatusClass::ALL.map(|class| Self(Status::Some(class))))
    }
}

impl EncodeLabelValue for StatusLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        match self.0 {
            Status::Exactly(status) => u32::from(status).encode(encoder),
            Status::Some(class) => class.encode(encoder),
        }
    }
}

/// The first digit of a status.
#[derive(Clone, Copy, Hash, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are those of RFC 9110")]
pub enum StatusClass {
    Informational,
    Successful,
    Redirection,
    ClientError,
    ServerError,
}

impl StatusClass {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Successful,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
    ];

    /// Of a status. What is no status at all is a server's error (RFC 9110 § 15).
    pub fn of(status: u16) -> Self {
        match status / 100 {
            1 => Self::Informational,
            2 => Self::Successful,
            3 => Self::Redirection,
            4 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

impl EncodeLabelValue for StatusClass {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let label = match self {
            Self::Informational => "1xx",
            Self::Successful => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        };
        label.encode(encoder)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn whatever_a_push_service_answers_there_are_29_statuses() {
        let labels: HashSet<_> = (0..=u16::MAX).map(StatusLabel::of).collect();
        assert_eq!(labels, StatusLabel::all().collect());
        assert_eq!(labels.len(), 29);
    }

    #[test]
    fn a_kind_has_one_name() {
        for kind in ActorKind::ALL {
            assert_eq!(kind.label(), format!("{kind:?}"));
        }
    }
}
