//! The figures, printed.

use std::fmt;
use std::time::Duration;

use crate::machine::Memory;

/// A stretch of time, and the processor time that the daemon took in it, in seconds.
pub(crate) struct Spell {
    pub(crate) took: Duration,
    pub(crate) ours: f64,
}

/// What was measured.
pub(crate) struct Report {
    actors: usize,
    workers: usize,
    memory: Vec<(&'static str, Memory)>,
    spells: Vec<(&'static str, Spell)>,
    pages: Vec<(&'static str, Vec<Duration>)>,
    watched: Option<(usize, usize, Duration)>,
}

impl Report {
    pub(crate) fn new(actors: usize, workers: usize) -> Self {
        let (memory, spells, pages) = (Vec::new(), Vec::new(), Vec::new());
        Self { actors, workers, memory, spells, pages, watched: None }
    }

    pub(crate) fn memory(&mut self, when: &'static str, memory: Memory) {
        self.memory.push((when, memory));
    }

    pub(crate) fn spell(&mut self, when: &'static str, spell: Spell) {
        self.spells.push((when, spell));
    }

    pub(crate) fn page(&mut self, name: &'static str, took: Vec<Duration>) {
        self.pages.push((name, took));
    }

    pub(crate) fn snapshots(&mut self, streams: usize, events: usize, spell: Duration) {
        self.watched = Some((streams, events, spell));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actors, workers, .. } = self;
        writeln!(f, "{actors} live SubscriptionWorkers on {workers} delivery arbiters\n")?;
        writeln!(f, "{:<24}{:>12}{:>12}{:>12}", "page", "fastest", "median", "slowest")?;
        for (name, took) in &self.pages {
            let millis = |place: usize| format!("{:.1} ms", took[place].as_secs_f64() * 1e3);
            let (median, slowest) = (took.len() / 2, took.len() - 1);
            writeln!(
                f,
                "{name:<24}{:>12}{:>12}{:>12}",
                millis(0),
                millis(median),
                millis(slowest)
            )?;
        }
        writeln!(f, "\nprocessor time of the daemon, as a share of one core")?;
        for (when, Spell { took, ours }) in &self.spells {
            let share = ours / took.as_secs_f64() * 100.0;
            writeln!(f, "{when:<36}{share:>8.2} % over {} s", took.as_secs())?;
        }
        if let Some((streams, events, spell)) = self.watched {
            writeln!(f, "({streams} streams brought {events} events in {} s)", spell.as_secs())?;
        }
        writeln!(f)?;
        for (when, memory) in &self.memory {
            let (now, peak) = (memory.now / 1e6, memory.peak / 1e6);
            writeln!(f, "memory, {when}: {now:.0} MB, at its peak {peak:.0} MB")?;
        }
        Ok(())
    }
}
