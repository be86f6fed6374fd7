//! How the figures went: a ring of points for each span that can be asked for, from ten minutes by the second to a day in
//! steps of two minutes. A sample comes in once a second; a point of a longer step is made of the samples at its two ends, so that its quantiles are of all that
//! came in it and not a mean of means. What the rings hold at most is known from the start, whatever is going on.

use std::collections::VecDeque;

use super::sample::{Sample, Series, series, values};

/// How far back a chart goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// Ten minutes, by the second.
    TenMinutes,
    /// An hour, in steps of ten seconds.
    Hour,
    /// Six hours, by the minute.
    SixHours,
    /// A day, in steps of two minutes.
    Day,
}

/// What each span's ring holds: points of so many seconds each, at most so many of them.
const RINGS: [(u64, usize); 4] = [(1, 600), (10, 360), (60, 360), (120, 720)];

impl Span {
    /// The place of its ring.
    const fn ring(self) -> usize {
        match self {
            Self::TenMinutes => 0,
            Self::Hour => 1,
            Self::SixHours => 2,
            Self::Day => 3,
        }
    }

    /// Seconds from one point to the next.
    pub const fn step_seconds(self) -> u64 {
        RINGS[self.ring()].0
    }
}

/// All rings.
#[derive(Debug)]
pub struct History {
    series: Vec<Series>,
    rings: [Ring; RINGS.len()],
    last: Option<Sample>,
}

/// Some points, as a chart shows them. NaN: there is no value.
#[derive(Clone, PartialEq, Debug)]
pub struct Points {
    /// When each step ended, in seconds since the Unix epoch.
    pub at: Vec<i64>,
    /// The values of each series, in their order.
    pub values: Vec<Vec<f32>>,
}

/// One moment of all series.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// When its step ended, in seconds since the Unix epoch.
    pub at: i64,
    /// The value of each series, in their order.
    pub values: Vec<f32>,
}

impl History {
    /// Nothing has been yet.
    pub fn new() -> Self {
        let series = series();
        let rings = RINGS.map(|(step, room)| Ring::new(step, room, series.len()));
        Self { series, rings, last: None }
    }

    /// The series in their order.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// What stands there now goes in.
    pub fn push(&mut self, sample: Sample) {
        if let Some(last) = &self.last {
            let second = values(last, &sample);
            for ring in &mut self.rings {
                ring.push(&self.series, last, &sample, &second);
            }
        }
        self.last = Some(sample);
    }

    /// The last sample, and the one of a minute or two before it.
    pub fn lately(&self) -> Option<(&Sample, &Sample)> {
        let minutes = &self.rings[Span::SixHours.ring()];
        let since = minutes.before.as_ref().or(minutes.begun.as_ref());
        Some((since?, self.last.as_ref()?))
    }

    /// The points of a span, oldest first.
    pub fn points(&self, span: Span) -> Points {
        self.rings[span.ring()].points()
    }

    /// The points of a span that came after `at`, oldest first. If a clock that was set back has taken `at` away, the newest
    /// of those that are left: it is news.
    pub fn after(&self, span: Span, at: i64) -> Vec<Point> {
        let ring = &self.rings[span.ring()];
        let first = match ring.at.back() {
            Some(newest) if *newest < at => ring.at.len() - 1,
            _ => ring.at.partition_point(|step| *step <= at),
        };
        (first..ring.at.len()).map(|index| ring.point(index)).collect()
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

/// Points of one step, the oldest of which make room for new ones.
#[derive(Debug)]
struct Ring {
    step: i64,
    room: usize,
    width: usize,
    at: VecDeque<i64>,
    /// One row after the other.
    values: VecDeque<f32>,
    /// The sample that the step in hand began with, and the one that the step before it did.
    begun: Option<Sample>,
    before: Option<Sample>,
    /// The most that each series was in the step in hand.
    peaks: Vec<f32>,
}

impl Ring {
    fn new(step: u64, room: usize, width: usize) -> Self {
        Self {
            step: i64::try_from(step).expect("a step is minutes at most"),
            room,
            width,
            at: VecDeque::with_capacity(room),
            values: VecDeque::with_capacity(room * width),
            begun: None,
            before: None,
            peaks: vec![f32::NAN; width],
        }
    }

    fn push(&mut self, series: &[Series], last: &Sample, now: &Sample, second: &[f32]) {
        for (peak, value) in self.peaks.iter_mut().zip(second) {
            *peak = peak.max(*value);
        }
        let begun = self.begun.get_or_insert_with(|| last.clone());
        let step_of = |sample: &Sample| sample.at.as_secs().div_euclid(self.step);
        if self.step > 1 && step_of(begun) == step_of(now) {
            return;
        }
        let mut row = values(begun, now);
        for ((value, peak), series) in row.iter_mut().zip(&self.peaks).zip(series) {
            if series.is_peak {
                *value = *peak;
            }
        }
        let at = step_of(now) * self.step;
        self.before = self.begun.replace(now.clone());
        self.peaks.fill(f32::NAN);
        self.keep(at, &row);
    }

    /// A clock that was set back takes with it what it says is yet to come.
    fn keep(&mut self, at: i64, row: &[f32]) {
        while self.at.back().is_some_and(|last| *last >= at) {
            self.at.pop_back();
            self.values.truncate(self.values.len() - self.width);
        }
        if self.at.len() == self.room {
            self.at.pop_front();
            self.values.drain(..self.width);
        }
        self.at.push_back(at);
        self.values.extend(row);
    }

    fn points(&self) -> Points {
        let of = |series| self.values.iter().skip(series).step_by(self.width).copied();
        Points {
            at: self.at.iter().copied().collect(),
            values: (0..self.width).map(|series| of(series).collect()).collect(),
        }
    }

    fn point(&self, index: usize) -> Point {
        let row = index * self.width..(index + 1) * self.width;
        Point { at: self.at[index], values: self.values.range(row).copied().collect() }
    }
}

#[cfg(test)]
mod tests;
