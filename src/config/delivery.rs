//! How deliveries are worked: by how many, how patiently, how often.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::key::Key;
use super::parse;
use super::settings::Settings;
use crate::id::SubscriptionId;

pub(super) const WORKERS: Key = Key::one("workers");
pub(super) const IDLE: Key = Key::one("delivery.idle");
pub(super) const RETRY_MIN: Key = Key::one("delivery.retry_min");
pub(super) const RETRY_MAX: Key = Key::one("delivery.retry_max");
pub(super) const MAX_ATTEMPTS: Key = Key::one("delivery.max_attempts");

const DEFAULT_IDLE: Duration = Duration::from_secs(60);
const DEFAULT_RETRY_MIN: Duration = Duration::from_secs(1);
const DEFAULT_RETRY_MAX: Duration = Duration::from_secs(60 * 60);

/// An arbiter without a partition of subscriptions would have nothing to do.
const MAX_WORKERS: u32 = SubscriptionId::PARTITIONS as u32;

/// How deliveries are worked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryConfig {
    /// Delivery arbiters: one thread with its own connections each.
    pub workers: NonZeroUsize,
    /// How long an actor without work lives, and the longest wait that it keeps itself.
    pub idle: Duration,
    /// The first pause after a failure.
    pub retry_min: Duration,
    /// The longest pause.
    pub retry_max: Duration,
    /// How many attempts there are at most; without it the TTL is the limit.
    pub max_attempts: Option<u32>,
}

impl DeliveryConfig {
    pub(super) fn read(settings: &mut Settings, cores: NonZeroUsize) -> Self {
        let config = Self {
            workers: settings.one(WORKERS, workers).unwrap_or(cores.min(max_workers())),
            idle: settings.one(IDLE, parse::duration).unwrap_or(DEFAULT_IDLE),
            retry_min: settings.one(RETRY_MIN, parse::duration).unwrap_or(DEFAULT_RETRY_MIN),
            retry_max: settings.one(RETRY_MAX, parse::duration).unwrap_or(DEFAULT_RETRY_MAX),
            max_attempts: settings.one(MAX_ATTEMPTS, |text| parse::number(text, 1, u32::MAX)),
        };
        config.check_pauses(settings);
        config
    }

    /// The pauses grow, so the first may not be the longer one. The one that somebody set is to blame.
    fn check_pauses(&self, settings: &mut Settings) {
        let min = humantime::format_duration(self.retry_min);
        let max = humantime::format_duration(self.retry_max);
        if self.retry_min <= self.retry_max {
            return;
        }
        if settings.is_given(RETRY_MIN) {
            let problem = format!("is longer than {} ({max}); make it shorter", RETRY_MAX.path);
            settings.refuse(RETRY_MIN, problem);
        } else {
            let problem = format!("is shorter than {} ({min}); make it longer", RETRY_MIN.path);
            settings.refuse(RETRY_MAX, problem);
        }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        let workers = i64::try_from(self.workers.get()).unwrap_or(i64::MAX);
        let mut entries = vec![
            (WORKERS, workers.into()),
            (IDLE, parse::show_duration(self.idle)),
            (RETRY_MIN, parse::show_duration(self.retry_min)),
            (RETRY_MAX, parse::show_duration(self.retry_max)),
        ];
        entries.extend(self.max_attempts.map(|most| (MAX_ATTEMPTS, i64::from(most).into())));
        entries
    }
}

fn max_workers() -> NonZeroUsize {
    NonZeroUsize::new(MAX_WORKERS as usize).expect("there are partitions")
}

fn workers(text: &str) -> Result<NonZeroUsize, String> {
    let number = parse::number(text, 1, MAX_WORKERS)?;
    Ok(NonZeroUsize::new(number as usize).unwrap_or(NonZeroUsize::MIN))
}
