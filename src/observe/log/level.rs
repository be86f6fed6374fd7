//! What is logged: as it was configured, or as somebody has said since. Who says so last is heeded, until the next start.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A log that can be told what is to be in it.
pub trait Heeds: Send + Sync {
    /// Says what is wrong with a filter, if anything is.
    fn check(&self, filter: &str) -> Result<(), String>;
    /// Lets in what a filter says, from now on.
    fn heed(&self, filter: &str) -> Result<(), String>;
}

/// What is logged, which can change while the daemon runs.
pub struct LogLevel {
    told: Mutex<Filters>,
    log: Box<dyn Heeds>,
}

/// What is logged, and what would be if nobody had said otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filters {
    /// What is logged.
    pub filter: String,
    /// What the configuration says.
    pub configured: String,
}

impl LogLevel {
    /// Of a log that heeds what is configured.
    pub fn new(configured: &str, log: Box<dyn Heeds>) -> Self {
        let filters = Filters { filter: configured.to_owned(), configured: configured.to_owned() };
        Self { told: Mutex::new(filters), log }
    }

    /// What is logged.
    pub fn filters(&self) -> Filters {
        self.lock().clone()
    }

    /// Says what is wrong with a filter, if anything is.
    pub fn check(&self, filter: &str) -> Result<(), String> {
        self.log.check(filter)
    }

    /// Logs what `filter` says, until the next start or until the configuration says otherwise than it does now. An error
    /// says what is wrong with it, and nothing is changed.
    pub fn set(&self, filter: &str) -> Result<(), String> {
        let mut filters = self.lock();
        self.log.check(filter)?;
        self.log.heed(filter)?;
        filters.filter = filter.to_owned();
        Ok(())
    }

    /// Logs what the configuration says now.
    pub fn configure(&self, configured: &str) -> Result<(), String> {
        let mut filters = self.lock();
        self.log.heed(configured)?;
        *filters = Filters { filter: configured.to_owned(), configured: configured.to_owned() };
        Ok(())
    }

    /// Held while the log is told, so that what is shown is what it heeds. Nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Filters> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A process whose log is not ours to change.
struct NoLog;

impl Heeds for NoLog {
    fn check(&self, _: &str) -> Result<(), String> {
        Err("cannot be changed in this process: it has no log of its own".to_owned())
    }

    fn heed(&self, filter: &str) -> Result<(), String> {
        self.check(filter)
    }
}

impl Default for LogLevel {
    fn default() -> Self {
        Self::new("", Box::new(NoLog))
    }
}

impl std::fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.filters().fmt(f)
    }
}
