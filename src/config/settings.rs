//! All sources laid over each other: for every key the values that win, and where they came from. Each concern
//! takes its keys out of here; what is wrong is collected, so that all of it can be reported at once.

use std::collections::BTreeMap;

use super::error::{ConfigError, Origin};
use super::file;
use super::key::{self, FILE_SUFFIX, Form, Key};
use super::secret;
use super::sources::Sources;

/// A key's values as they were written. Some are secrets, so it has no `Debug`.
pub(super) struct Given {
    /// Where.
    pub(super) origin: Origin,
    /// What: one, unless the key is [`Form::Many`].
    pub(super) values: Vec<String>,
}

/// What every key is set to, and what is wrong so far.
#[derive(Default)]
pub(super) struct Settings {
    given: BTreeMap<&'static str, Given>,
    errors: Vec<ConfigError>,
}

impl Settings {
    /// Lays the sources over each other: flags win over the environment, and that over the file.
    pub(super) fn merge(sources: &Sources) -> Self {
        let mut settings = Self::default();
        if let Some(file) = &sources.file {
            let reading = file::read(file);
            settings.errors = reading.errors;
            settings.given =
                reading.given.into_iter().map(|(key, given)| (key.path, given)).collect();
        }
        for key in key::ALL {
            match from_environment(&sources.environment, key) {
                Ok(None) => {}
                Ok(Some(given)) => _ = settings.given.insert(key.path, given),
                Err(error) => settings.errors.push(error),
            }
            if let Some(values) = sources.flags.get(&key.flag()) {
                let values = if key.form == Form::Many { split(values) } else { values.clone() };
                let given = Given { origin: Origin::Flag(key.flag()), values };
                settings.given.insert(key.path, given);
            }
        }
        settings
    }

    /// The key's value, read by `parse`; `None` when nobody gave one, or it was wrong.
    pub(super) fn one<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.many(key, parse).pop()
    }

    /// The key's values, each read by `parse`.
    pub(super) fn many<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        debug_assert!(key::ALL.contains(&key), "{} is missing from key::ALL", key.path);
        let Some(given) = self.given.get(key.path) else { return Vec::new() };
        let mut parsed = Vec::new();
        for value in &given.values {
            match parse(value.trim()) {
                Ok(value) => parsed.push(value),
                Err(problem) => self.errors.push(ConfigError::Value {
                    origin: given.origin.clone(),
                    key: key.path,
                    problem,
                }),
            }
        }
        parsed
    }

    /// Whether any source has the key.
    pub(super) fn is_given(&self, key: Key) -> bool {
        self.given.contains_key(key.path)
    }

    /// Says that a value is wrong beside another one.
    pub(super) fn refuse(&mut self, key: Key, problem: String) {
        let origin = self.given.get(key.path).map_or(Origin::Default, |given| given.origin.clone());
        self.errors.push(ConfigError::Value { origin, key: key.path, problem });
    }

    /// Everything that was wrong.
    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }
}

fn from_environment(
    environment: &BTreeMap<String, String>,
    key: Key,
) -> Result<Option<Given>, ConfigError> {
    let variable = key.variable();
    if key.is_secret() {
        let found = secret::from_environment(environment, &variable)?;
        return Ok(found
            .map(|(origin, secret)| Given { origin, values: vec![secret.expose().to_owned()] }));
    }
    let value = environment.get(&variable).filter(|value| !value.is_empty());
    Ok(value.map(|value| {
        let values = vec![value.clone()];
        let values = if key.form == Form::Many { split(&values) } else { values };
        Given { origin: Origin::Variable(variable), values }
    }))
}

fn split(values: &[String]) -> Vec<String> {
    let items = values.iter().flat_map(|value| value.split(','));
    items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// What to say about variables that look like ours and are not. They are no errors: an orchestrator makes some of
/// its own (`FANFARE_PORT=tcp://…` beside a Kubernetes service of that name).
pub(super) fn unknown_variables(environment: &BTreeMap<String, String>) -> Vec<String> {
    let known: Vec<String> = key::ALL
        .into_iter()
        .flat_map(|key| {
            let file = key.is_secret().then(|| format!("{}{FILE_SUFFIX}", key.variable()));
            std::iter::once(key.variable()).chain(file)
        })
        .chain(key::OTHER_VARIABLES.map(str::to_owned))
        .collect();
    let unknown = environment.keys().filter(|name| !known.contains(name));
    unknown
        .map(|name| match key::nearest(name, known.iter().cloned()) {
            Some(meant) => {
                format!("{name} is not a setting of ours and does nothing; did you mean {meant}?")
            }
            None => format!("{name} is not a setting of ours and does nothing"),
        })
        .collect()
}
