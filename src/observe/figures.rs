//! The figures that are sampled: how they went, how busy each thread was lately, and how large the store is.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::history::History;
use super::sample::Sample;
use crate::store::size::StoreSize;
use crate::tree::load::ThreadLoad;

/// How far back "lately" goes for what a thread does, in samples.
const RECENT: usize = 10;

/// What the sampler writes and whoever looks reads.
#[derive(Debug)]
pub struct Figures {
    history: Mutex<History>,
    threads: Mutex<VecDeque<Busy>>,
    size: Mutex<Option<StoreSize>>,
    taken: watch::Sender<u64>,
}

/// How long each thread had been busy at one moment.
#[derive(Debug)]
struct Busy {
    elapsed: Duration,
    threads: Vec<ThreadLoad>,
}

/// How busy a thread was.
#[derive(Clone, PartialEq, Debug)]
pub struct Utilisation {
    /// The thread's name.
    pub name: String,
    /// The share of the last seconds that it was busy.
    pub share: Option<f64>,
}

impl Figures {
    /// Takes a sample, and how busy the threads have been.
    pub fn take(&self, sample: Sample, threads: Vec<ThreadLoad>) {
        let mut recent = locked(&self.threads);
        if recent.len() > RECENT {
            recent.pop_front();
        }
        recent.push_back(Busy { elapsed: sample.elapsed, threads });
        drop(recent);
        locked(&self.history).push(sample);
        self.taken.send_modify(|taken| *taken += 1);
    }

    /// Looks at how the figures went. Samples wait meanwhile.
    pub fn look<R>(&self, at: impl FnOnce(&History) -> R) -> R {
        at(&locked(&self.history))
    }

    /// Changes with each sample that is taken.
    pub fn taken(&self) -> watch::Receiver<u64> {
        self.taken.subscribe()
    }

    /// How busy each thread was in the last ten seconds.
    pub fn utilisation(&self) -> Vec<Utilisation> {
        let recent = locked(&self.threads);
        let (Some(before), Some(after)) = (recent.front(), recent.back()) else {
            return Vec::new();
        };
        let seconds = after.elapsed.saturating_sub(before.elapsed).as_secs_f64();
        let of = |(before, after): (&ThreadLoad, &ThreadLoad)| {
            let busy = after.busy.saturating_sub(before.busy).as_secs_f64();
            // A thread says what it did when it rests, which may be after the time that it is asked about.
            let share = (seconds > 0.0).then(|| (busy / seconds).min(1.0));
            Utilisation { name: after.name.clone(), share }
        };
        before.threads.iter().zip(&after.threads).map(of).collect()
    }

    /// How large the store was when it was last measured.
    pub fn size(&self) -> Option<StoreSize> {
        locked(&self.size).clone()
    }

    /// The store was measured. `None`: it cannot be.
    pub fn measured(&self, size: Option<StoreSize>) {
        *locked(&self.size) = size;
    }
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            history: Mutex::default(),
            threads: Mutex::default(),
            size: Mutex::default(),
            taken: watch::Sender::new(0),
        }
    }
}

/// What is in there is whole whenever the lock is free.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_as_busy_as_it_was_in_the_last_ten_seconds() {
        let figures = Figures::default();
        assert_eq!(figures.utilisation(), []);
        let take = |second: u64, busy_ms: u64| {
            let sample = Sample { elapsed: Duration::from_secs(second), ..Sample::default() };
            let load = |name: &str, busy| ThreadLoad {
                name: name.to_owned(),
                busy: Duration::from_millis(busy),
                credits: None,
            };
            figures.take(sample, vec![load("root", 0), load("delivery-0", busy_ms)]);
        };
        take(0, 0);
        assert_eq!(figures.utilisation()[0].share, None, "no time has gone yet");
        // Quite busy, and then for ten seconds a quarter of the time.
        (1..=5).for_each(|second| take(second, second * 900));
        (6..=15).for_each(|second| take(second, 4500 + (second - 5) * 250));
        let found = figures.utilisation();
        let expected = [("root", Some(0.0)), ("delivery-0", Some(0.25))];
        assert_eq!(found.len(), 2);
        for (found, (name, share)) in found.iter().zip(expected) {
            assert_eq!((found.name.as_str(), found.share), (name, share));
        }
        // It tells of a long stretch when that is over.
        take(16, 60_000);
        assert_eq!(figures.utilisation()[1].share, Some(1.0));
    }
}
