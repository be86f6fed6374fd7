//! What can be wrong with a configuration. Every message says where the value came from, which key it was for,
//! what is wrong with it, and what to write instead.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A line of the file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A file that an environment variable names.
    SecretFile {
        /// The variable.
        variable: String,
        /// The file.
        path: PathBuf,
    },
    /// A flag, without its dashes.
    Flag(String),
    /// Nobody said anything: a default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::SecretFile { variable, path } => write!(f, "{variable} ({})", path.display()),
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The value cannot be what the key needs.
    #[error("{origin}: {key} {problem}")]
    Value {
        /// Where it came from.
        origin: Origin,
        /// The key's path.
        key: &'static str,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The file has a key that is none of ours.
    #[error("{origin}: {key} is not a known key; {remedy}")]
    UnknownKey {
        /// Where.
        origin: Origin,
        /// What was written.
        key: String,
        /// What to do.
        remedy: String,
    },
    /// The file is not TOML.
    #[error("{origin}: not valid TOML: {problem}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        problem: String,
    },
    /// A file that was named cannot be read.
    #[error("{origin}: {} cannot be read; check the path and its permissions", path.display())]
    Unreadable {
        /// Who named it.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A secret was given twice.
    #[error("{variable}: set beside {variable}_FILE; unset one of the two")]
    GivenTwice {
        /// The variable without its suffix.
        variable: String,
    },
    /// A variable's value is not text.
    #[error("{variable}: not valid UTF-8; set it to text")]
    NotText {
        /// The variable.
        variable: String,
    },
}

/// Everything that is wrong, so that it can be mended in one go.
#[derive(Debug)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{error}")?;
            let mut cause = std::error::Error::source(error);
            while let Some(inner) = cause {
                write!(f, ": {inner}")?;
                cause = inner.source();
            }
        }
        Ok(())
    }
}
