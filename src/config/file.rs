//! The configuration file: TOML in, values with their lines out. What a value means is not decided here.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::key::{self, Form, Key};
use super::settings::Given;
use super::sources::File;

/// What a file says.
#[derive(Default)]
pub(super) struct Reading {
    /// Known keys with their values.
    pub(super) given: Vec<(Key, Given)>,
    /// All else.
    pub(super) errors: Vec<ConfigError>,
}

/// Reads the whole file.
pub(super) fn read(file: &File) -> Reading {
    let mut reader = Reader { file, reading: Reading::default() };
    match DeTable::parse(&file.text) {
        Ok(table) => reader.table(None, table.get_ref()),
        Err(error) => {
            let origin = reader.origin(&error.span().unwrap_or(0..0));
            let problem = error.message().to_owned();
            reader.reading.errors.push(ConfigError::Syntax { origin, problem });
        }
    }
    reader.reading
}

struct Reader<'a> {
    file: &'a File,
    reading: Reading,
}

impl Reader<'_> {
    fn table(&mut self, table: Option<&str>, entries: &DeTable<'_>) {
        for (name, value) in entries {
            let path = table.map_or_else(
                || name.get_ref().to_string(),
                |table| format!("{table}.{}", name.get_ref()),
            );
            let known = key::ALL.into_iter().find(|key| key.path == path && key.is_in_file());
            match (known, value.get_ref()) {
                (Some(key), _) => self.value(key, value),
                (None, DeValue::Table(inner)) if table.is_none() && is_table(&path) => {
                    self.table(Some(&path), inner);
                }
                (None, _) => self.unknown(&name.span(), path, table.is_none()),
            }
        }
    }

    fn value(&mut self, key: Key, value: &Spanned<DeValue<'_>>) {
        let origin = self.origin(&value.span());
        let problem = match (key.form, value.get_ref()) {
            (Form::Many, DeValue::Array(items)) => {
                let texts: Option<Vec<_>> =
                    items.iter().map(|item| scalar(item.get_ref())).collect();
                match texts {
                    Some(values) => {
                        return self.reading.given.push((key, Given { origin, values }));
                    }
                    None => "is an array of something else than strings; write [\"…\", \"…\"]",
                }
            }
            (Form::One | Form::Many | Form::Secret | Form::Credential, single) => {
                match scalar(single) {
                    Some(value) => {
                        let given = Given { origin, values: vec![value] };
                        return self.reading.given.push((key, given));
                    }
                    None => "has one value; write it as a string, a number or true or false",
                }
            }
        };
        let problem = problem.to_owned();
        self.reading.errors.push(ConfigError::Value { origin, key: key.path, problem });
    }

    fn unknown(&mut self, span: &Range<usize>, path: String, top: bool) {
        let origin = self.origin(span);
        let remedy = remedy(&path, top);
        self.reading.errors.push(ConfigError::UnknownKey { origin, key: path, remedy });
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        let before = self.file.text.get(..span.start).unwrap_or(&self.file.text);
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        Origin::File { path: self.file.path.clone(), line }
    }
}

/// A single value as text: what it means is decided where text from all sources is.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        // In decimal, however it was written: 0x10 is 16.
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(answer) => Some(answer.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn tables() -> impl Iterator<Item = &'static str> {
    key::ALL.into_iter().filter_map(|key| key.table_and_name().0)
}

fn is_table(path: &str) -> bool {
    tables().any(|table| table == path)
}

fn remedy(path: &str, top: bool) -> String {
    if is_table(path) {
        return format!("it is a table: write [{path}] on a line of its own, and its keys below");
    }
    if let Some(key) = key::ALL.into_iter().find(|key| key.path == path) {
        return format!("set {} or {}{} instead", key.variable(), key.variable(), key::FILE_SUFFIX);
    }
    let in_file = || key::ALL.into_iter().filter(|key| key.is_in_file());
    let name = path.rsplit('.').next().unwrap_or(path);
    let elsewhere = in_file().find(|key| key.table_and_name().1 == name);
    let known = in_file().map(|key| key.path.to_owned());
    // A known name in the wrong table is a surer sign than a name that is merely alike.
    let meant = elsewhere
        .map(|key| key.path.to_owned())
        .or_else(|| key::nearest(path, known.chain(tables().filter(|_| top).map(str::to_owned))));
    match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => "take it out; `fanfare check-config` prints the keys that there are".to_owned(),
    }
}
