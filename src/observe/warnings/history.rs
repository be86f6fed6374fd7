//! Since when something has been wrong, of what does not know it itself: the table is filled by whoever looks, so it knows
//! of nothing from before somebody did.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Seen, Warning};
use crate::clock::Timestamp;

/// Strangers choose origins, so there is no end to what may be wrong: of more, those that were seen longest ago are
/// forgotten.
const MAX_KEPT: usize = 512;

/// What was not wrong for so long is new when it comes again.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

type Key = (&'static str, String);

/// What was wrong, and when.
#[derive(Debug, Default)]
pub struct History(Mutex<HashMap<Key, Episode>>);

#[derive(Clone, Copy, Debug)]
struct Episode {
    seen: Seen,
    /// Whether it was so at the last look.
    is_open: bool,
}

impl History {
    /// Says of each warning when it was so, if it does not know that itself; `all` is everything that is wrong at `now`, as far
    /// as is known: of the kinds in `unknown`, what was wrong is held to be so still.
    pub fn note(&self, all: &mut [Warning], unknown: &[&str], now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *kept);
        for warning in all.iter_mut().filter(|warning| warning.seen.is_none()) {
            let key = (warning.code, warning.subject.clone());
            let seen = match before.remove(&key) {
                None => Seen { since: now, last: now, count: 1 },
                Some(Episode { seen, is_open: true }) => Seen { last: now, ..seen },
                Some(Episode { seen, is_open: false }) => {
                    Seen { since: now, last: now, count: seen.count + 1 }
                }
            };
            warning.seen = Some(Seen { since: warning.since.unwrap_or(seen.since), ..seen });
            kept.insert(key, Episode { seen, is_open: true });
        }
        // What is left was wrong, and is not any more.
        let ended = before.into_iter().filter(|(_, it)| now.since(it.seen.last) < FORGOTTEN);
        kept.extend(ended.map(|(key, it)| {
            let is_open = it.is_open && unknown.contains(&key.0);
            (key, Episode { is_open, ..it })
        }));
        forget_oldest(&mut kept);
    }
}

fn forget_oldest(kept: &mut HashMap<Key, Episode>) {
    let too_many = kept.len().saturating_sub(MAX_KEPT);
    if too_many == 0 {
        return;
    }
    let mut by_age: Vec<_> =
        kept.iter().map(|(key, it)| ((it.seen.last, it.seen.since), key.clone())).collect();
    by_age.sort_unstable();
    for (_, key) in by_age.into_iter().take(too_many) {
        kept.remove(&key);
    }
}
