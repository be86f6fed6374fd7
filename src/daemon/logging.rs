//! Where the log goes: standard error, as lines for people or objects for machines; and what is in it, which can change.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::log::{LogConfig, LogFormat};

/// Changes what is logged.
pub(super) struct LogFilter(Box<dyn Fn(EnvFilter) -> bool>);

impl LogFilter {
    /// Logs what `config` says from now on.
    pub(super) fn heed(&self, config: &LogConfig) {
        if !(self.0)(EnvFilter::new(&config.filter)) {
            tracing::error!("the log's filter could not be changed");
        }
    }
}

/// Starts the log. A second start in one process (a test's) keeps the first.
pub(super) fn start(config: &LogConfig) -> LogFilter {
    let filter = EnvFilter::new(&config.filter);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let (started, heed): (_, Box<dyn Fn(_) -> bool>) = match config.format {
        LogFormat::Text => {
            let builder = builder.with_ansi(stderr().is_terminal()).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| handle.reload(filter).is_ok()))
        }
        LogFormat::Json => {
            let builder = builder.json().with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| handle.reload(filter).is_ok()))
        }
    };
    if started.is_err() {
        tracing::debug!("the log had been started before");
    }
    LogFilter(heed)
}
