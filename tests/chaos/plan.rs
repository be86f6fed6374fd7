//! What a seed makes of a run: who subscribes to what, how each endpoint behaves, and when the daemon is killed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::browser::Browser;

/// Those who subscribe before the first kill: a sweep of the largest channel takes long enough to be met by one.
const CROWD: usize = 240;

/// Those who join while the daemon is killed.
const LATE: usize = 40;

/// Endpoints that end during the run. Far from the brake, which holds back more than a hundred.
const ENDING: usize = 8;

/// Channels by the share of the crowd that is in them. The last is empty: its notifications have no recipients.
pub(crate) const CHANNELS: [(&str, f64); 7] = [
    ("news", 0.8),
    ("team:a", 0.25),
    ("team:b", 0.25),
    ("small", 0.05),
    ("solo:1", 0.005),
    ("solo:2", 0.005),
    ("nobody", 0.0),
];

/// Of these people come and go.
pub(crate) const LIVELY: [&str; 4] = ["news", "team:a", "team:b", "small"];

/// How an endpoint behaves, whatever happens now and then to all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nature {
    /// It takes what comes.
    Well,
    /// After so many requests it is no more: 410.
    Ends(u32),
    /// Everything is too large for it: 413.
    Small,
    /// It refuses some for good: 400.
    Picky,
}

/// Which of the push services an endpoint is at: each is an origin with a gate of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    /// HTTP/2. Single requests are reset.
    Http2,
    /// HTTP/1.1. Whole connections are cut.
    Http1,
}

pub(crate) struct Subscriber {
    pub(crate) name: String,
    pub(crate) browser: Browser,
    pub(crate) nature: Nature,
    pub(crate) service: Service,
    /// Where it is from the beginning.
    pub(crate) channels: Vec<&'static str>,
}

impl Subscriber {
    /// Everybody, in the order of their numbers.
    pub(crate) fn all(seed: u64) -> Vec<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..CROWD + LATE).map(|number| Self::make(number, &mut rng)).collect()
    }

    fn make(number: usize, rng: &mut StdRng) -> Self {
        let mut channels: Vec<_> = CHANNELS
            .iter()
            .filter(|(_, share)| number < CROWD && rng.random_bool(*share))
            .map(|(name, _)| *name)
            .collect();
        let nature = match number {
            0..ENDING => Nature::Ends(rng.random_range(20..200)),
            ENDING => Nature::Small,
            _ if rng.random_bool(0.03) => Nature::Picky,
            _ => Nature::Well,
        };
        match number {
            // Who must be somewhere for the run to have met them.
            0..=ENDING if !channels.contains(&"news") => channels.push("news"),
            20 => channels.push("solo:1"),
            21 => channels.push("solo:2"),
            _ => {}
        }
        channels.sort_unstable();
        channels.dedup();
        let service = if rng.random_bool(0.15) { Service::Http1 } else { Service::Http2 };
        Self { name: format!("s{number}"), browser: Browser::new(), nature, service, channels }
    }

    /// Whether it comes and goes: an endpoint that ends would come back to life by joining again.
    pub(crate) fn is_lively(&self) -> bool {
        !matches!(self.nature, Nature::Ends(_))
    }
}

/// When the daemon is killed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Moment {
    /// While it starts on a directory that did not exist: after this part of the time that a start takes.
    FirstStart(f64),
    /// While it starts, after this part of the time that a start takes.
    Start(f64),
    /// As soon as it is ready.
    Ready,
    /// When so many more pushes have arrived: in the middle of a sweep.
    Pushes(u64),
    /// When so many more publishes have been sent, the last of which has no answer yet.
    Publish(u64),
    /// As soon as so many more publishes have been answered 202.
    Accept(u64),
    /// After so long.
    Time(Duration),
    /// When nothing has been left to do for a while.
    Idle,
}

impl Moment {
    /// So many moments. First those of first starts, a fifth of all; the others are mixed.
    pub(crate) fn all(count: usize, seed: u64) -> Vec<Self> {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x6b69_6c6c);
        let first_starts = count / 5;
        let one = |number| match number {
            _ if number < first_starts => Self::FirstStart(rng.random_range(0.1..1.1)),
            _ => Self::pick(&mut rng),
        };
        (0..count).map(one).collect()
    }

    fn pick(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..12 => Self::Start(rng.random_range(0.1..1.1)),
            12..20 => Self::Ready,
            20..50 => Self::Pushes(rng.random_range(1..1500)),
            50..65 => Self::Publish(rng.random_range(1..25)),
            65..80 => Self::Accept(rng.random_range(1..25)),
            80..95 => Self::Time(Duration::from_millis(rng.random_range(1..1500))),
            _ => Self::Idle,
        }
    }

    /// In a word or two.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FirstStart(_) => "during a first start",
            Self::Start(_) => "during the start",
            Self::Ready => "as soon as it was ready",
            Self::Pushes(_) => "in the middle of a sweep",
            Self::Publish(_) => "in the middle of a publish",
            Self::Accept(_) => "as soon as it had answered 202",
            Self::Time(_) => "at any time",
            Self::Idle => "while it was idle",
        }
    }
}
