//! A secret as text, and how the environment names one: itself, or the file that holds it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use super::error::{ConfigError, Origin};
use super::key::FILE_SUFFIX;

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret from `variable`, or from the file that `variable` with `_FILE` names; which of them it was, too.
pub fn from_environment(
    environment: &BTreeMap<String, String>,
    variable: &str,
) -> Result<Option<(Origin, Secret)>, ConfigError> {
    // Compose files set what they leave open to the empty string: that is the same as unset.
    let given = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let file_variable = format!("{variable}{FILE_SUFFIX}");
    match (given(variable), given(&file_variable)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(ConfigError::GivenTwice { variable: variable.to_owned() }),
        (Some(value), None) => {
            Ok(Some((Origin::Variable(variable.to_owned()), Secret::new(value.clone()))))
        }
        (None, Some(path)) => read_file(file_variable, PathBuf::from(path)).map(Some),
    }
}

fn read_file(variable: String, path: PathBuf) -> Result<(Origin, Secret), ConfigError> {
    match fs::read_to_string(&path) {
        // Editors and `echo` end a file with a line break, which is no part of the secret.
        Ok(text) => {
            let secret = Secret::new(text.trim_end_matches(['\r', '\n']));
            Ok((Origin::SecretFile { variable, path }, secret))
        }
        Err(source) => {
            Err(ConfigError::Unreadable { origin: Origin::Variable(variable), path, source })
        }
    }
}
