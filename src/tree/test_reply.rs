//! What whoever sends a test message is told.

use crate::delivery::judge::Attempted;
use crate::webpush::reply::Verdict;

/// What became of a test message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestReply {
    /// The push service took it.
    Accepted {
        /// Its status.
        status: u16,
    },
    /// The push service refused it.
    Refused {
        /// Its status, if it answered.
        status: Option<u16>,
        /// Its reason, or ours.
        reason: String,
    },
    /// The push service says that the subscription has ended.
    Gone,
    /// It was not tried.
    Unavailable(String),
}

impl TestReply {
    /// It was not tried, because no push starts.
    pub(super) fn drained() -> Self {
        Self::Unavailable(
            "the node is drained, and no push starts until an operator resumes it".to_owned(),
        )
    }
}

impl From<Attempted> for TestReply {
    fn from(attempted: Attempted) -> Self {
        match attempted {
            Attempted::Answered { verdict: Verdict::Accepted, status, .. } => {
                Self::Accepted { status }
            }
            Attempted::Answered { verdict: Verdict::Gone, .. } => Self::Gone,
            Attempted::Answered { status, reason, .. } => Self::Refused {
                status: Some(status),
                reason: reason.unwrap_or_else(|| "no reason given".to_owned()),
            },
            Attempted::Unanswered { reason, .. } | Attempted::Impossible { reason } => {
                Self::Refused { status: None, reason }
            }
            Attempted::Paused { .. } => {
                Self::Unavailable("an operator has its push service pause".to_owned())
            }
            Attempted::Held { until } => Self::Unavailable(format!(
                "its push service takes nothing at the moment; try again after {}",
                until.to_rfc3339()
            )),
        }
    }
}
