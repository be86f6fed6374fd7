//! How many subscriptions live at which push service, for whoever watches. The store looks at every origin for it, so it is
//! read once in ten seconds, however many watch, and only while somebody does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::{Store, StoreError};

/// For so long it is good enough.
const FRESH: Duration = Duration::from_secs(10);

/// Strangers choose origins: of those beyond so many, which have the fewest, no numbers are known.
const MOST: i64 = 10_000;

/// What was read last.
#[derive(Default)]
pub struct Population(Mutex<Option<(Instant, Arc<Counts>)>>);

/// Subscriptions by origin.
pub struct Counts {
    by_origin: HashMap<String, i64>,
    most: Vec<String>,
    is_whole: bool,
}

impl Population {
    /// The counts, at most ten seconds old.
    pub async fn counts(&self, store: &dyn Store) -> Result<Arc<Counts>, StoreError> {
        // Held while it is read: who comes meanwhile gets the same.
        let mut known = self.0.lock().await;
        if let Some((read, counts)) = &*known
            && read.elapsed() < FRESH
        {
            return Ok(Arc::clone(counts));
        }
        let counts = Arc::new(Counts::read(store).await?);
        *known = Some((Instant::now(), Arc::clone(&counts)));
        Ok(counts)
    }
}

impl Counts {
    /// The counts as they are now.
    pub async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let rows = store.origins(MOST).await?;
        Ok(Self {
            is_whole: i64::try_from(rows.len()).is_ok_and(|count| count < MOST),
            most: rows.iter().map(|row| row.origin.clone()).collect(),
            by_origin: rows.into_iter().map(|row| (row.origin, row.subscriptions)).collect(),
        })
    }

    /// Where most subscriptions live, most first.
    pub fn most(&self, limit: usize) -> &[String] {
        &self.most[..limit.min(self.most.len())]
    }

    /// How many live at an origin; `None`: too few to be counted among so many origins.
    pub fn of(&self, origin: &str) -> Option<i64> {
        self.by_origin.get(origin).copied().or(self.is_whole.then_some(0))
    }
}
