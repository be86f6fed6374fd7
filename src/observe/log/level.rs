//! What is logged: as it was configured, or as somebody has said since. Who says so last is heeded, until the next start.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes the log heed a filter, or says what is wrong with it.
pub type Heed = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What is logged, which can change while the daemon runs.
pub struct LogLevel {
    told: Mutex<Filters>,
    heed: Heed,
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
    /// Of a log that heeds what is configured, and then what `heed` makes it heed.
    pub fn new(configured: &str, heed: Heed) -> Self {
        let filters = Filters { filter: configured.to_owned(), configured: configured.to_owned() };
        Self { told: Mutex::new(filters), heed }
    }

    /// What is logged.
    pub fn filters(&self) -> Filters {
        self.lock().clone()
    }

    /// Logs what `filter` says, until the next start or until the configuration says otherwise than it does now. An error
    /// says what is wrong with it, and nothing is changed.
    pub fn set(&self, filter: &str) -> Result<(), String> {
        let mut filters = self.lock();
        (self.heed)(filter)?;
        filters.filter = filter.to_owned();
        Ok(())
    }

    /// Logs what the configuration says now.
    pub fn configure(&self, configured: &str) -> Result<(), String> {
        let mut filters = self.lock();
        (self.heed)(configured)?;
        *filters = Filters { filter: configured.to_owned(), configured: configured.to_owned() };
        Ok(())
    }

    /// Held while the log is told, so that what is shown is what it heeds. Nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, Filters> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a process whose log is not ours to change.
impl Default for LogLevel {
    fn default() -> Self {
        let heed =
            |_: &str| Err("cannot be changed in this process: it has no log of its own".to_owned());
        Self::new("", Box::new(heed))
    }
}

impl std::fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.filters().fmt(f)
    }
}
