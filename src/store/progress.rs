//! Who watches how a notification is doing. The writer marks the notifications that a commit changed; whoever watches
//! one of them hears that it is not as it was, once for any number of changes, and reads how it stands.
//!
//! Nothing is sent through here: a reader who is slow, or dead, holds one entry of a table and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::id::PublicId;

/// The notifications that somebody watches.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    watched: Arc<Mutex<HashMap<PublicId, Watched>>>,
}

#[derive(Debug)]
struct Watched {
    changed: watch::Sender<()>,
    watchers: usize,
}

/// One who watches a notification. It is forgotten when this is dropped.
#[derive(Debug)]
pub struct Watch {
    progress: Progress,
    id: PublicId,
    changed: watch::Receiver<()>,
}

impl Progress {
    /// Watches a notification, from the next change on: read how it stands afterwards, or one may be missed.
    pub fn watch(&self, id: PublicId) -> Watch {
        let mut all = self.lock();
        let watched = all
            .entry(id.clone())
            .or_insert_with(|| Watched { changed: watch::Sender::new(()), watchers: 0 });
        watched.watchers += 1;
        let changed = watched.changed.subscribe();
        Watch { progress: self.clone(), id, changed }
    }

    /// These are not as they were: said after the commit, so that whoever reads then sees it.
    pub fn mark(&self, ids: impl IntoIterator<Item = PublicId>) {
        let all = self.lock();
        if all.is_empty() {
            return;
        }
        for watched in ids.into_iter().filter_map(|id| all.get(&id)) {
            watched.changed.send_replace(());
        }
    }

    /// How many notifications are watched.
    pub fn watched(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PublicId, Watched>> {
        // Nothing that can panic runs under the lock.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Ends when it has changed since the last time that this ended.
    pub async fn changed(&mut self) {
        // The sender is in the table for as long as this is.
        if self.changed.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut all = self.progress.lock();
        match all.get_mut(&self.id) {
            Some(watched) if watched.watchers > 1 => watched.watchers -= 1,
            Some(_) | None => _ = all.remove(&self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::id::IdKind;

    fn id() -> PublicId {
        PublicId::random(IdKind::Notification, &mut rand::rng())
    }

    #[test]
    fn any_number_of_changes_are_heard_of_once_and_none_before_the_watch_began() {
        let (progress, one, other) = (Progress::default(), id(), id());
        progress.mark([one.clone()]);
        let mut watch = progress.watch(one.clone());
        assert!(watch.changed().now_or_never().is_none());
        progress.mark([other.clone()]);
        assert!(watch.changed().now_or_never().is_none(), "another's");
        progress.mark([one.clone(), one.clone()]);
        progress.mark([one]);
        assert!(watch.changed().now_or_never().is_some());
        assert!(watch.changed().now_or_never().is_none());
    }

    #[test]
    fn each_of_several_hears_of_it_and_nothing_is_kept_of_those_who_went() {
        let (progress, one) = (Progress::default(), id());
        let (mut first, second) = (progress.watch(one.clone()), progress.watch(one.clone()));
        drop(second);
        progress.mark([one.clone()]);
        assert!(first.changed().now_or_never().is_some());
        assert_eq!(progress.watched(), 1);
        drop(first);
        assert_eq!(progress.watched(), 0);
    }
}
