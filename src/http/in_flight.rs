//! Which calls with an `Idempotency-Key` are being answered: what is on disk answers a repeat, and this answers one that
//! comes before that. Only a repeat is spared the wait; that nothing is stored twice is the store's to see to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use super::problem::{Problem, ProblemKind};
use crate::id::AppId;
use crate::store::publish::Idempotency;

/// A commit takes milliseconds, and `Retry-After` knows only seconds.
const RETRY_AFTER: u64 = 1;

/// The keys of the calls that have no answer yet, with their fingerprints. A call stands here for as long as its handler
/// runs, so there are no more than there are connections.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashMap<(AppId, String), [u8; 32]>>);

/// A call that is being answered. Dropped, it is not any more: also when its caller has gone away.
#[derive(Debug)]
pub struct Flight<'a> {
    all: &'a InFlight,
    key: (AppId, String),
}

impl InFlight {
    /// Begins a call, unless another with the same key has no answer yet.
    pub fn begin(&self, app: AppId, call: &Idempotency) -> Result<Flight<'_>, Problem> {
        let key = (app, call.key.clone());
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match calls.entry(key.clone()) {
            Entry::Vacant(free) => {
                free.insert(call.fingerprint);
                Ok(Flight { all: self, key })
            }
            Entry::Occupied(other) if *other.get() == call.fingerprint => Err(is_in_flight()),
            Entry::Occupied(_) => Err(key_reused()),
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

fn is_in_flight() -> Problem {
    let detail = "the same request with this Idempotency-Key has not been answered yet";
    Problem::new(ProblemKind::IdempotencyInFlight, detail).retry_after(RETRY_AFTER)
}

/// The key came with another request, answered or not.
pub fn key_reused() -> Problem {
    let detail = "this Idempotency-Key came with another path, media type or body before";
    Problem::new(ProblemKind::IdempotencyKeyReused, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(key: &str, body: u8) -> Idempotency {
        Idempotency { key: key.to_owned(), fingerprint: [body; 32] }
    }

    #[test]
    fn a_key_is_one_call_at_a_time_app_by_app_and_free_again_after_it() {
        let calls = InFlight::default();
        let kind = |app: i64, key: &str, body: u8| {
            calls.begin(AppId(app), &call(key, body)).err().map(|problem| problem.kind())
        };
        let first = calls.begin(AppId(1), &call("k", 7)).unwrap();
        assert_eq!(kind(1, "k", 7), Some(ProblemKind::IdempotencyInFlight));
        assert_eq!(kind(1, "k", 8), Some(ProblemKind::IdempotencyKeyReused));
        assert_eq!(kind(1, "other", 7), None);
        assert_eq!(kind(2, "k", 8), None, "another app's key is another key");
        drop(first);
        assert_eq!(
            kind(1, "k", 8),
            None,
            "whatever became of the first, the store has the last word"
        );
    }
}
