//! Once a second, whatever is going on: reads what there is and lets the history have it. It asks no actor and waits for
//! no store, so it goes on while either is in trouble; what it costs does not depend on how many actors there are.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::figures::Figures;
use super::process::Process;
use super::sample::Sample;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::tree::Tree;

/// The finest step of the charts.
const PAUSE: Duration = Duration::from_secs(1);

/// A disk does not fill up sooner than somebody could act on it.
const SIZE_PAUSE: Duration = Duration::from_secs(5);

/// What is sampled.
pub struct Sampler {
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The tree, for what its threads do.
    pub tree: Tree,
    /// What time it is.
    pub clock: Clock,
}

impl Sampler {
    /// Samples for as long as it is polled.
    pub async fn run(self, figures: &Figures) {
        tokio::join!(self.sample(figures), self.measure(figures));
    }

    async fn sample(&self, figures: &Figures) {
        let start = Instant::now();
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.take(figures, start.elapsed());
        }
    }

    /// Takes one sample, so long after the start.
    pub fn take(&self, figures: &Figures, elapsed: Duration) {
        let Self { metrics, store, tree, clock } = self;
        let sample = Sample::read(clock.now(), elapsed, metrics, store.journal(), Process::now());
        figures.take(sample, tree.loads());
    }

    /// A disk that hangs holds this up, and nothing else.
    async fn measure(&self, figures: &Figures) {
        let mut ticks = interval(SIZE_PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            figures.measured(self.store.size().await.ok());
        }
    }
}
