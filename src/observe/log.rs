//! The tail of the log: the last lines that were logged, kept in memory for whoever asks ([`LogTail`]), and what is logged
//! ([`level::LogLevel`]).
//!
//! It costs what it costs to write a line down once more, for lines alone that the log's filter lets through: nothing is
//! done for readers until they ask. Who reads too slowly loses lines and is told how many.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::clock::{Clock, Timestamp};

mod layer;
pub mod level;
mod line;

pub use layer::TailLayer;
pub use level::LogLevel;
pub use line::{Ids, Line};

/// Lines that are kept.
pub const KEPT: usize = 2000;

/// What all lines together may take: those of a flood are long, and there are few of them then.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What a line takes beside its text, about.
const OVERHEAD: usize = 256;

/// What is known of the log.
#[derive(Debug, Default)]
pub struct Log {
    /// Its last lines.
    pub tail: LogTail,
    /// What is in it.
    pub level: LogLevel,
}

/// The last lines, oldest first.
#[derive(Clone, Debug, Default)]
pub struct LogTail(Arc<Mutex<Ring>>);

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    /// How many there were, which is the number of the last one.
    logged: u64,
}

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of this level, or worse.
    pub level: tracing::Level,
    /// That carry all of these.
    pub ids: Ids,
    /// In which this occurs, whatever its case: in the message, a field's value or the target.
    pub text: Option<String>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// Oldest first.
    pub lines: Vec<Arc<Line>>,
    /// What to read after the next time.
    pub next_after: u64,
    /// How many lines were gone before they could be read, wanted or not.
    pub dropped: u64,
}

impl LogTail {
    /// What writes lines down, for a subscriber of `tracing`.
    pub fn layer(&self, clock: Clock) -> TailLayer {
        TailLayer::new(self.clone(), clock)
    }

    /// Keeps a line, and gives it its number.
    pub fn push(&self, mut line: Line) {
        let size = line.size() + OVERHEAD;
        let mut ring = self.lock();
        ring.logged += 1;
        line.number = ring.logged;
        ring.bytes += size;
        ring.lines.push_back(Arc::new(line));
        while ring.lines.len() > KEPT || ring.bytes > MAX_BYTES {
            let Some(oldest) = ring.lines.pop_front() else { return };
            ring.bytes -= oldest.size() + OVERHEAD;
        }
    }

    /// At most `limit` lines that are wanted: the first ones after number `after`, or the last ones of all. A number that
    /// has not been reached is an earlier daemon's, and says nothing.
    pub fn read(&self, wanted: &Wanted, after: Option<u64>, limit: usize) -> Excerpt {
        let (lines, logged) = {
            let ring = self.lock();
            (ring.lines.iter().cloned().collect::<Vec<_>>(), ring.logged)
        };
        let is_wanted = |line: &&Arc<Line>| wanted.covers(line);
        let Some(after) = after.filter(|after| *after <= logged) else {
            let mut last: Vec<_> =
                lines.iter().rev().filter(is_wanted).take(limit).cloned().collect();
            last.reverse();
            return Excerpt { lines: last, next_after: logged, dropped: 0 };
        };
        let oldest = lines.first().map_or(logged + 1, |line| line.number);
        let dropped = oldest.saturating_sub(after + 1);
        let later = lines.iter().filter(|line| line.number > after);
        let found: Vec<_> = later.filter(is_wanted).take(limit).cloned().collect();
        let is_full = found.len() == limit;
        let next_after = found.last().filter(|_| is_full).map_or(logged, |last| last.number);
        Excerpt { lines: found, next_after, dropped }
    }

    /// A panic elsewhere cannot leave it half changed: nothing in here panics.
    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    fn covers(&self, line: &Line) -> bool {
        line.level <= self.level
            && self.ids.are_within(&line.ids)
            && self.text.as_deref().is_none_or(|text| contains(line, &text.to_lowercase()))
    }
}

fn contains(line: &Line, text: &str) -> bool {
    let has = |told: &str| told.to_lowercase().contains(text);
    has(&line.message)
        || has(&line.target)
        || line.fields.iter().any(|(_, value)| match value {
            Value::String(told) => has(told),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => has(&other.to_string()),
        })
}

impl Line {
    /// A line that says nothing yet.
    pub fn new(at: Timestamp, level: tracing::Level, target: &str) -> Self {
        Self {
            number: 0,
            at,
            level,
            target: target.to_owned(),
            message: String::new(),
            fields: Vec::new(),
            ids: Ids::default(),
        }
    }
}

#[cfg(test)]
mod tests;
