//! What is logged, and in which form.

use tracing_subscriber::EnvFilter;

use super::key::Key;
use super::settings::Settings;

pub(super) const LOG: Key = Key::one("log");
pub(super) const LOG_FORMAT: Key = Key::one("log_format");

/// The HTTP server's own lines about its threads tell an operator nothing.
const DEFAULT_FILTER: &str = "info,actix_server=warn";

/// Room for some twenty directives.
const MAX_FILTER: usize = 1000;

/// What is logged, and in which form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogConfig {
    /// Directives for [`EnvFilter`], already checked: `info`, `fanfare=debug,info`.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

impl LogFormat {
    /// Its name in the configuration.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl LogConfig {
    pub(super) fn read(settings: &mut Settings, terminal: bool) -> Self {
        let default = if terminal { LogFormat::Text } else { LogFormat::Json };
        Self {
            filter: settings.one(LOG, filter).unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
            format: settings.one(LOG_FORMAT, format).unwrap_or(default),
        }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        vec![(LOG, self.filter.clone().into()), (LOG_FORMAT, self.format.label().into())]
    }
}

/// A filter, if it is one; else what is wrong with it. The configuration and the API ask the same.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    if text.len() > MAX_FILTER {
        return Err(format!(
            "has {} bytes, and {MAX_FILTER} are enough for a log filter",
            text.len()
        ));
    }
    let wrong = || {
        let mut directives = text.split(',');
        let wrong = directives.find(|it| EnvFilter::try_new(it).is_err()).unwrap_or(text);
        format!("is not a log filter: {wrong:?}; write a level such as info, or fanfare=debug,info")
    };
    // A single word that is no level would be taken for a module's name, and nothing would be logged.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let is_word = !text.contains(['=', ',', '[']);
    if is_word && !levels.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(wrong());
    }
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| wrong())
}

fn format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("is not a log format: {other:?}; write text or json")),
    }
}
