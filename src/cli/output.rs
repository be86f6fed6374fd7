//! What a command prints: lines, tables and JSON to standard output, words about them to standard error.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::Value;

/// Standard output that forgives a reader who has seen enough (`| head`), and remembers what else went wrong.
pub(super) struct Output<'a> {
    to: &'a mut dyn Write,
    broken: Option<io::Error>,
}

impl<'a> Output<'a> {
    /// Prints to `to`.
    pub(super) fn new(to: &'a mut dyn Write) -> Self {
        Self { to, broken: None }
    }

    /// One line.
    pub(super) fn line(&mut self, text: impl Display) {
        if self.broken.is_none() {
            self.broken = writeln!(self.to, "{text}").err();
        }
    }

    /// One value on one line.
    pub(super) fn json(&mut self, value: &Value) {
        self.line(value);
    }

    /// Columns under their names, as wide as their widest cell.
    pub(super) fn table<const N: usize>(&mut self, names: [&str; N], rows: Vec<[String; N]>) {
        let names = names.map(str::to_owned);
        let rows: Vec<_> =
            std::iter::once(names).chain(rows.into_iter().map(|row| row.map(plain))).collect();
        let mut widths = [0; N];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            self.line(cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }

    /// Standard output itself, for what is no lines of ours.
    pub(super) fn stream(&mut self) -> &mut dyn Write {
        self.to
    }

    /// A word to the person at the terminal, which no pipe gets.
    pub(super) fn note(&mut self, text: impl Display) {
        to_stderr(text);
    }

    /// Why the command failed.
    pub(super) fn complain(why: &str) {
        to_stderr(format_args!("error: {why}"));
    }

    /// Writes out what is left; an error unless the reader has merely gone.
    pub(super) fn finish(mut self) -> io::Result<()> {
        match self.broken.take().map_or_else(|| self.to.flush(), Err) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// When standard error cannot be written there is nobody left to tell.
pub(super) fn to_stderr(text: impl Display) {
    _ = writeln!(io::stderr(), "{text}");
}

/// Text from elsewhere, without what a terminal would obey.
pub(super) fn plain(text: impl AsRef<str>) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.as_ref().chars().map(shown).collect()
}

/// A field of an answer as a cell: text bare, lists with commas, nothing as a dash.
pub(super) fn cell(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => {
            let texts = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(",")
        }
        other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_went_is_forgiven_and_a_full_disk_is_not() {
        for (kind, forgiven) in
            [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)]
        {
            let mut closed = Closed(kind);
            let mut out = Output::new(&mut closed);
            out.line("one");
            out.line("two");
            assert_eq!(out.finish().is_ok(), forgiven, "{kind}");
        }
    }

    #[test]
    fn a_table_lines_up_and_disarms_what_a_terminal_would_obey() {
        let mut text = Vec::new();
        let mut out = Output::new(&mut text);
        let item = json!({"id": "a\u{1b}[2J", "scopes": ["read", "notify"], "n": 3});
        out.table(
            ["id", "scopes", "n", "x"],
            vec![["id", "scopes", "n", "x"].map(|f| cell(&item, f))],
        );
        out.finish().unwrap();
        let expected = "id     scopes       n  x\na\u{fffd}[2J  read,notify  3  -\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
