//! What an actor is called from outside: its place in the tree.

use std::fmt;

use crate::id::{ChannelId, SubscriptionId};
use crate::metrics::ActorKind;

/// One place in the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ActorId {
    /// The Root.
    Root,
    /// The one writer: a thread of the store's, not an actor.
    Journal,
    /// The API: not an actor.
    Http,
    /// The supervisor of channels.
    Channels,
    /// The worker of a channel.
    Channel(ChannelId),
    /// The supervisor of one arbiter's subscriptions.
    Subscriptions(u64),
    /// The worker of a subscription, on its arbiter.
    Subscription(u64, SubscriptionId),
}

impl ActorId {
    /// Reads what [`fmt::Display`] writes, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let first = parts.next()?;
        let numbers: Vec<i64> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let id = match (first, numbers.as_slice()) {
            ("root", []) => Self::Root,
            ("journal", []) => Self::Journal,
            ("http", []) => Self::Http,
            ("channels", []) => Self::Channels,
            ("channels", [row]) => Self::Channel(ChannelId(*row)),
            ("subscriptions", [arbiter]) => Self::Subscriptions(u64::try_from(*arbiter).ok()?),
            ("subscriptions", [arbiter, row]) => {
                Self::Subscription(u64::try_from(*arbiter).ok()?, SubscriptionId(*row))
            }
            _ => return None,
        };
        // `007` and `+7` are no names of 7.
        (id.to_string() == text).then_some(id)
    }

    /// What kind of actor it is; `None`: none at all.
    pub fn kind(self) -> Option<ActorKind> {
        match self {
            Self::Root => Some(ActorKind::Root),
            Self::Journal | Self::Http => None,
            Self::Channels => Some(ActorKind::ChannelSupervisor),
            Self::Channel(_) => Some(ActorKind::ChannelWorker),
            Self::Subscriptions(_) => Some(ActorKind::SubscriptionSupervisor),
            Self::Subscription(..) => Some(ActorKind::SubscriptionWorker),
        }
    }

    /// What it is, as the API says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Journal => "Journal",
            Self::Http => "Http",
            Self::Root => ActorKind::Root.label(),
            Self::Channels => ActorKind::ChannelSupervisor.label(),
            Self::Channel(_) => ActorKind::ChannelWorker.label(),
            Self::Subscriptions(_) => ActorKind::SubscriptionSupervisor.label(),
            Self::Subscription(..) => ActorKind::SubscriptionWorker.label(),
        }
    }

    /// Who supervises it.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Root => None,
            Self::Journal | Self::Http | Self::Channels | Self::Subscriptions(_) => {
                Some(Self::Root)
            }
            Self::Channel(_) => Some(Self::Channels),
            Self::Subscription(arbiter, _) => Some(Self::Subscriptions(arbiter)),
        }
    }

    /// The thread that it lives on.
    pub fn thread(self) -> String {
        match self {
            Self::Root => "root".to_owned(),
            Self::Journal => "journal".to_owned(),
            Self::Http => "http".to_owned(),
            Self::Channels | Self::Channel(_) => "channels".to_owned(),
            Self::Subscriptions(arbiter) | Self::Subscription(arbiter, _) => {
                format!("delivery-{arbiter}")
            }
        }
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Journal => f.write_str("journal"),
            Self::Http => f.write_str("http"),
            Self::Channels => f.write_str("channels"),
            Self::Channel(row) => write!(f, "channels.{}", row.0),
            Self::Subscriptions(arbiter) => write!(f, "subscriptions.{arbiter}"),
            Self::Subscription(arbiter, row) => write!(f, "subscriptions.{arbiter}.{}", row.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let all = [
            (ActorId::Root, "root"),
            (ActorId::Journal, "journal"),
            (ActorId::Http, "http"),
            (ActorId::Channels, "channels"),
            (ActorId::Channel(ChannelId(7)), "channels.7"),
            (ActorId::Subscriptions(1), "subscriptions.1"),
            (ActorId::Subscription(1, SubscriptionId(42)), "subscriptions.1.42"),
        ];
        for (id, text) in all {
            assert_eq!((id.to_string().as_str(), ActorId::parse(text)), (text, Some(id)));
        }
        for text in [
            "",
            "Root",
            "root.1",
            "channels.",
            "channels.x",
            "channels.07",
            "channels.+7",
            "channels.1.2",
            "subscriptions",
            "subscriptions.-1",
            "subscriptions.1.2.3",
            "other.1",
        ] {
            assert_eq!(ActorId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn everybody_but_the_root_has_somebody_above() {
        let worker = ActorId::Subscription(3, SubscriptionId(42));
        assert_eq!(worker.parent(), Some(ActorId::Subscriptions(3)));
        assert_eq!(worker.parent().and_then(ActorId::parent), Some(ActorId::Root));
        assert_eq!(ActorId::Channel(ChannelId(1)).parent(), Some(ActorId::Channels));
        assert_eq!(ActorId::Root.parent(), None);
        assert_eq!(worker.thread(), "delivery-3");
    }
}
