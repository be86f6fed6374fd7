//! The channels that an operator has paused, as the tree sees them: of those nothing is sent. The store's directory is the
//! truth; this is a copy of what every attempt asks for, and which costs nothing while nothing pauses.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::id::ChannelId;
use crate::store::pause::Pauses;

/// Shared by all arbiters.
#[derive(Clone, Debug, Default)]
pub struct PausedChannels(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    any: AtomicBool,
    channels: RwLock<HashSet<ChannelId>>,
}

impl PausedChannels {
    /// Those that pause now.
    pub fn new(pauses: &Pauses) -> Self {
        let paused = Self::default();
        paused.heed(pauses);
        paused
    }

    /// Whether nothing of that channel may be sent.
    pub fn contains(&self, channel: ChannelId) -> bool {
        self.0.any.load(Ordering::Acquire)
            && self.0.channels.read().unwrap_or_else(PoisonError::into_inner).contains(&channel)
    }

    /// Takes what pauses now; answers the channels that did until now and do no more.
    pub fn heed(&self, pauses: &Pauses) -> Vec<ChannelId> {
        let fresh: HashSet<_> = pauses.channels.keys().copied().collect();
        let mut channels = self.0.channels.write().unwrap_or_else(PoisonError::into_inner);
        self.0.any.store(!fresh.is_empty(), Ordering::Release);
        let before = std::mem::replace(&mut *channels, fresh);
        before.into_iter().filter(|channel| !channels.contains(channel)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::AppId;
    use crate::store::pause::{Pause, PausedChannel};

    fn pauses(channels: &[i64]) -> Pauses {
        let pause = Pause {
            since: Timestamp::default(),
            by: "control socket".to_owned(),
            parked_until: Timestamp::default(),
        };
        let paused = PausedChannel { app: AppId(1), name: String::new(), pause };
        let channels = channels.iter().map(|id| (ChannelId(*id), paused.clone())).collect();
        Pauses { channels, ..Pauses::default() }
    }

    #[test]
    fn what_goes_on_is_told_once_and_what_pauses_is_known() {
        let paused = PausedChannels::new(&pauses(&[1, 2]));
        assert!(paused.contains(ChannelId(1)) && !paused.contains(ChannelId(3)));
        assert_eq!(paused.heed(&pauses(&[2, 3])), [ChannelId(1)]);
        assert!(!paused.contains(ChannelId(1)) && paused.contains(ChannelId(3)));
        let mut resumed = paused.heed(&pauses(&[]));
        resumed.sort_unstable();
        assert_eq!(resumed, [ChannelId(2), ChannelId(3)]);
        assert!(!paused.contains(ChannelId(2)));
        assert_eq!(paused.heed(&pauses(&[])), []);
    }
}
