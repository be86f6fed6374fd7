//! What was measured, as a table.

use std::fmt;
use std::time::Duration;

use crate::machine::{Memory, Spent};

/// When others use more of the machine than this, what they take is seldom the same in both rounds of a pair.
const QUIET: f64 = 0.1;

/// One notification to all, by whomever.
pub(crate) struct Round {
    /// Until the push service had the last request.
    pub(crate) took: Duration,
    /// What it used of the machine.
    pub(crate) spent: Spent,
    /// Until its 202, and until the last outcome was on disk: the daemon's alone.
    pub(crate) ends: Option<(Duration, Duration)>,
}

pub(crate) struct Report {
    count: usize,
    threads: usize,
    encryption_micros: f64,
    bare: Vec<Round>,
    daemon: Vec<Round>,
    memory: Vec<(&'static str, Memory)>,
    busy_accepts: Vec<Duration>,
}

impl Report {
    pub(crate) fn new(count: usize, threads: usize, encryption_micros: f64) -> Self {
        Self {
            count,
            threads,
            encryption_micros,
            bare: Vec::new(),
            daemon: Vec::new(),
            memory: Vec::new(),
            busy_accepts: Vec::new(),
        }
    }

    pub(crate) fn bare(&mut self, round: Round) {
        self.bare.push(round);
    }

    pub(crate) fn daemon(&mut self, round: Round) {
        self.daemon.push(round);
    }

    pub(crate) fn memory(&mut self, when: &'static str, memory: Memory) {
        self.memory.push((when, memory));
    }

    pub(crate) fn busy_accepts(&mut self, mut accepts: Vec<Duration>) {
        accepts.sort_unstable();
        self.busy_accepts = accepts;
    }

    fn rate(&self, round: &Round) -> f64 {
        self.count as f64 / round.took.as_secs_f64()
    }

    /// Processor time of all that a delivery takes, in microseconds: ours, and what the push service does for it.
    fn micros(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.count as f64
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, round: &Round) -> fmt::Result {
        let (rate, spent) = (self.rate(round), round.spent);
        let (ours, theirs) = (self.micros(spent.ours), self.micros(spent.push_service));
        let others = spent.others * 100.0;
        write!(f, "{name:<12}{rate:>12.0}{ours:>12.1}{theirs:>12.1}{others:>11.0} %")?;
        match round.ends {
            None => writeln!(f),
            Some((accepted, settled)) => {
                writeln!(f, "{:>12}{:>12}", millis(accepted), millis(settled))
            }
        }
    }

    /// The daemon's figure by the bare loop's, of each pair of rounds; the median is the last.
    fn ratios(&self, figure: impl Fn(&Round) -> f64) -> (Vec<f64>, f64) {
        let pairs = self.bare.iter().zip(&self.daemon);
        let ratios: Vec<_> = pairs.map(|(bare, daemon)| figure(daemon) / figure(bare)).collect();
        let mut sorted = ratios.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        (ratios, median)
    }

    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ratios, median) = self.ratios(|round| self.rate(round));
        let ratios: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        writeln!(f, "\nratio to the bare loop: {median:.2} (by rounds: {})", ratios.join(" "))?;
        // What the ratio would be if nobody else used the machine, and all of it were used.
        let (_, more) = self.ratios(|round| round.spent.ours + round.spent.push_service);
        writeln!(f, "ratio by processor time alone: {:.2}", 1.0 / more)?;
        let busiest = self.bare.iter().chain(&self.daemon).map(|round| round.spent.others);
        if busiest.fold(0.0, f64::max) > QUIET {
            writeln!(f, "(others used the machine too: of the two ratios, trust the latter)")?;
        }
        for (when, memory) in &self.memory {
            let (now, peak) = (memory.now / 1e6, memory.peak / 1e6);
            writeln!(f, "memory {when}: {now:.0} MB, at its peak {peak:.0} MB")?;
        }
        Ok(())
    }

    fn accepts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(slowest) = self.busy_accepts.last() else { return Ok(()) };
        let count = self.busy_accepts.len();
        let [median, late] = [count / 2, count * 95 / 100].map(|place| self.busy_accepts[place]);
        writeln!(
            f,
            "202 to another channel meanwhile: median {}, 95 % within {}, slowest {} of {count}",
            millis(median),
            millis(late),
            millis(*slowest),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, threads, encryption_micros, .. } = self;
        writeln!(
            f,
            "{count} subscriptions, {threads} delivering threads; one encryption takes {encryption_micros:.1} µs\n"
        )?;
        let [name, rate, ours] = ["", "deliveries/s", "our µs"];
        let [theirs, others, accepted, settled] = ["push svc µs", "others", "202 after", "settled"];
        write!(f, "{name:<12}{rate:>12}{ours:>12}{theirs:>12}{others:>13}")?;
        writeln!(f, "{accepted:>12}{settled:>12}")?;
        for (number, bare) in self.bare.iter().enumerate() {
            self.row(f, &format!("bare loop {}", number + 1), bare)?;
            if let Some(daemon) = self.daemon.get(number) {
                self.row(f, &format!("daemon {}", number + 1), daemon)?;
            }
        }
        if self.daemon.is_empty() {
            return Ok(());
        }
        self.verdict(f)?;
        self.accepts(f)
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
