//! What the end of a request says of its origin.

use crate::delivery::gate::{Fault, Signal};
use crate::push::PushError;
use crate::webpush::reply::{Answer, Verdict};

/// Of an answer that means `verdict`.
pub(super) fn of_answer(verdict: Verdict, answer: &Answer) -> Signal {
    match verdict {
        Verdict::Accepted => Signal::Accepted,
        Verdict::Unauthorized => Signal::Refused,
        Verdict::Retry { after, .. } if answer.is_outage() => {
            Signal::Failed { after, fault: Fault::Answer }
        }
        Verdict::Retry { after, scope } if answer.is_throttling() => {
            Signal::Throttled { after, scope }
        }
        Verdict::Retry { .. }
        | Verdict::Gone
        | Verdict::TooLarge
        | Verdict::Rejected
        | Verdict::NoSubscriber => Signal::Answered,
    }
}

/// Of an exchange without an answer.
pub(super) fn of_error(error: &PushError) -> Signal {
    let failed = |fault| Signal::Failed { after: None, fault };
    match error {
        PushError::Refused(_) | PushError::NotProcessed(_) => Signal::Nothing,
        PushError::Crowded => Signal::Crowded,
        PushError::Dns(_) | PushError::Connect(_) | PushError::Tls(_) | PushError::DialTimeout => {
            failed(Fault::Unreachable)
        }
        PushError::Timeout | PushError::Lost(_) | PushError::Protocol(_) => failed(Fault::Silence),
    }
}
