//! Whose outage it is: when several push services cannot be reached and none has answered meanwhile, it is our own
//! network's.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::gate::{Fault, Signal};
use crate::webpush::subscription::Origin;

/// One may be down by itself.
const SEVERAL: usize = 2;

/// What was seen longer ago says nothing of now.
const RECENT: Duration = Duration::from_secs(120);

/// Which push services could not be reached since any was.
#[derive(Default)]
pub(super) struct Weather {
    /// Whether there are any: so that a good answer costs no lock.
    is_cloudy: AtomicBool,
    out_of_reach: Mutex<OutOfReach>,
}

#[derive(Default)]
struct OutOfReach {
    origins: HashSet<Origin>,
    last: Option<Timestamp>,
}

impl Weather {
    pub(super) fn note(&self, origin: &Origin, signal: Signal, now: Timestamp) {
        match signal {
            Signal::Crowded | Signal::Nothing => {}
            Signal::Failed { fault: Fault::Unreachable, .. } => self.failed(origin, now),
            Signal::Accepted
            | Signal::Answered
            | Signal::Refused
            | Signal::Throttled { .. }
            | Signal::Failed { fault: Fault::Answer | Fault::Silence, .. } => {
                if self.is_cloudy.swap(false, Ordering::Relaxed) {
                    *self.lock() = OutOfReach::default();
                }
            }
        }
    }

    fn failed(&self, origin: &Origin, now: Timestamp) {
        let mut out_of_reach = self.lock();
        if out_of_reach.last.is_some_and(|last| now.since(last) > RECENT) {
            out_of_reach.origins.clear();
        }
        out_of_reach.last = Some(now);
        // Strangers choose origins; two are as telling as a thousand.
        let is_new =
            out_of_reach.origins.len() < SEVERAL && out_of_reach.origins.insert(origin.clone());
        if is_new && out_of_reach.origins.len() == SEVERAL {
            tracing::warn!(
                "no push service can be reached, so it seems to be our own network: attempts are not counted"
            );
        }
        self.is_cloudy.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_ours(&self, now: Timestamp) -> bool {
        if !self.is_cloudy.load(Ordering::Relaxed) {
            return false;
        }
        let out_of_reach = self.lock();
        out_of_reach.origins.len() >= SEVERAL
            && out_of_reach.last.is_some_and(|last| now.since(last) <= RECENT)
    }

    fn lock(&self) -> MutexGuard<'_, OutOfReach> {
        self.out_of_reach.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
