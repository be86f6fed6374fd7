//! Where the log goes: standard error, as lines for people or objects for machines, and the tail that the API shows; and
//! what is in it, which can change. One filter stands before both.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, registry, reload};

use crate::clock::Clock;
use crate::config::log::{self, LogConfig, LogFormat};
use crate::observe::log::level::Heeds;
use crate::observe::log::{Log, LogLevel, LogTail};

/// Starts the log. A second start in one process (a test's) keeps the first.
pub(super) fn start(config: &LogConfig) -> Log {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&config.filter));
    let lines = fmt::layer().with_writer(stderr);
    let lines = match config.format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let tail = LogTail::default();
    let subscriber = registry().with(filter).with(tail.layer(Clock::System)).with(lines);
    if subscriber.try_init().is_err() {
        tracing::debug!("the log had been started before");
    }
    Log { tail, level: LogLevel::new(&config.filter, Box::new(Filter(handle))) }
}

/// The filter before both.
struct Filter(reload::Handle<EnvFilter, Registry>);

impl Heeds for Filter {
    fn check(&self, filter: &str) -> Result<(), String> {
        log::filter(filter).map(drop)
    }

    fn heed(&self, filter: &str) -> Result<(), String> {
        let changed = self.0.reload(EnvFilter::new(filter));
        changed.map_err(|error| format!("could not be changed: {error}"))
    }
}
