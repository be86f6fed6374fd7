//! How long commits took and how many commands they held: counts by size since the start, and the longest one lately.
//! The writer's thread alone counts; whoever looks reads what stands there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper bounds of [`JournalSnapshot::commit_counts`](super::JournalSnapshot::commit_counts), in seconds: from memory to
/// a disk that others use too.
pub const COMMIT_SECONDS: [f64; 22] = [
    0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07,
    0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Upper bounds of [`JournalSnapshot::batch_counts`](super::JournalSnapshot::batch_counts), in commands.
pub const BATCH_ROWS: [f64; 11] =
    [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0];

/// The longest commit is that of this window and of the one before it.
const WINDOW: Duration = Duration::from_secs(30);

/// What has been counted.
pub(super) struct Times {
    start: Instant,
    commits: [AtomicU64; COMMIT_SECONDS.len() + 1],
    commit_micros: AtomicU64,
    batches: [AtomicU64; BATCH_ROWS.len() + 1],
    /// The number of the window that a commit was last seen in, its longest, and the one's before.
    window: AtomicU64,
    longest: AtomicU64,
    longest_before: AtomicU64,
}

impl Times {
    pub(super) fn new(start: Instant) -> Self {
        Self {
            start,
            commits: Default::default(),
            commit_micros: AtomicU64::new(0),
            batches: Default::default(),
            window: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            longest_before: AtomicU64::new(0),
        }
    }

    /// A commit that succeeded.
    pub(super) fn committed(&self, now: Instant, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = COMMIT_SECONDS.partition_point(|bound| *bound < took.as_secs_f64());
        self.commits[bucket].fetch_add(1, Ordering::Relaxed);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
        let (longest, before) = self.longest_at(now);
        self.window.store(self.window_of(now), Ordering::Relaxed);
        self.longest.store(longest.max(micros), Ordering::Relaxed);
        self.longest_before.store(before, Ordering::Relaxed);
    }

    /// A batch of so many commands is on disk.
    pub(super) fn batch(&self, commands: usize) {
        let bucket = BATCH_ROWS.partition_point(|bound| *bound < rows(commands));
        self.batches[bucket].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn commit_counts(&self) -> [u64; COMMIT_SECONDS.len() + 1] {
        self.commits.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    pub(super) fn batch_counts(&self) -> [u64; BATCH_ROWS.len() + 1] {
        self.batches.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    pub(super) fn commit_micros(&self) -> u64 {
        self.commit_micros.load(Ordering::Relaxed)
    }

    /// Of the last half minute to minute, in microseconds.
    pub(super) fn longest_commit(&self, now: Instant) -> u64 {
        let (longest, before) = self.longest_at(now);
        longest.max(before)
    }

    /// The longest of the window of `now`, and of the one before it.
    fn longest_at(&self, now: Instant) -> (u64, u64) {
        let longest = self.longest.load(Ordering::Relaxed);
        match self.window_of(now).saturating_sub(self.window.load(Ordering::Relaxed)) {
            0 => (longest, self.longest_before.load(Ordering::Relaxed)),
            1 => (0, longest),
            _ => (0, 0),
        }
    }

    fn window_of(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / WINDOW.as_secs()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a batch has thousands of commands at most")]
fn rows(commands: usize) -> f64 {
    commands as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_commit_is_of_the_last_half_minute_to_minute() {
        let start = Instant::now();
        let times = Times::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        let ms = |ms| u64::from(ms) * 1000;
        let commit = |seconds, ms: u64| times.committed(at(seconds), Duration::from_millis(ms));
        assert_eq!(times.longest_commit(at(5)), 0);
        commit(10, 40);
        commit(20, 7);
        assert_eq!(times.longest_commit(at(20)), ms(40u32));
        commit(31, 9);
        assert_eq!(times.longest_commit(at(59)), ms(40u32), "the window before counts");
        assert_eq!(times.longest_commit(at(60)), ms(9u32));
        commit(70, 1);
        assert_eq!(times.longest_commit(at(70)), ms(9u32));
        assert_eq!(times.longest_commit(at(90)), ms(1u32));
        assert_eq!(times.longest_commit(at(120)), 0, "nothing was committed for long");
        commit(200, 3);
        assert_eq!(
            times.longest_commit(at(200)),
            ms(3u32),
            "what is long ago is not the one before"
        );
    }

    #[test]
    fn commits_and_batches_are_counted_by_size_the_bound_included() {
        let times = Times::new(Instant::now());
        for micros in [200, 201, 20_000_000] {
            times.committed(Instant::now(), Duration::from_micros(micros));
        }
        let counts = times.commit_counts();
        assert_eq!((counts[0], counts[1], counts[22]), (1, 1, 1));
        assert_eq!(counts.iter().sum::<u64>(), 3);
        assert_eq!(times.commit_micros(), 20_000_401);
        [1, 2, 3, 2501].into_iter().for_each(|commands| times.batch(commands));
        let counts = times.batch_counts();
        assert_eq!((counts[0], counts[1], counts[2], counts[11]), (1, 1, 1, 1));
    }
}
