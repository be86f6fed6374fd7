//! A list of JSON values taken apart as it is read, whatever its length: a value a line, or one array. What is wrong in
//! one of them is that one's, and the next is found all the same.

use std::fmt;
use std::io::{self, BufRead, Read};

use serde_json::Value;

/// A subscription is far below; what is longer is passed over instead of being kept in memory.
const MAX_LENGTH: usize = 64 * 1024;

/// One value of a list, or why it is none.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) place: Place,
    pub(super) value: Result<Value, String>,
}

/// Where a value stands: its line, and in an array its number as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    line: u64,
    item: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            None => write!(f, "line {}", self.line),
            Some(item) => write!(f, "line {}, item {item}", self.line),
        }
    }
}

enum Form {
    Lines,
    /// Of which so many items were read.
    Array(u64),
    Ended,
}

/// The values of a list.
pub(super) struct Pieces<R> {
    reader: R,
    /// Known when something was read.
    form: Option<Form>,
    /// The line at which the reader stands.
    line: u64,
    bytes: u64,
}

impl<R: BufRead> Pieces<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, form: None, line: 1, bytes: 0 }
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next value; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        match &mut self.form {
            None => {
                self.begin()?;
                self.next()
            }
            Some(Form::Lines) => self.next_line(),
            Some(Form::Array(_)) => self.next_item(),
            Some(Form::Ended) => Ok(None),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        // Windows' editors put one there.
        if self.reader.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
            self.reader.consume(3);
        }
        self.skip(|byte| byte.is_ascii_whitespace())?;
        let is_array = self.peek()? == Some(b'[');
        if is_array {
            self.bump();
        }
        self.form = Some(if is_array { Form::Array(0) } else { Form::Lines });
        Ok(())
    }

    fn next_line(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let place = Place { line: self.line, item: None };
            let mut text = Vec::new();
            let most = MAX_LENGTH as u64 + 1;
            let read = self.reader.by_ref().take(most).read_until(b'\n', &mut text)?;
            self.bytes += read as u64;
            if read == 0 {
                return Ok(None);
            }
            let is_whole = text.last() == Some(&b'\n') || text.len() <= MAX_LENGTH;
            if !is_whole {
                self.skip(|byte| byte != b'\n')?;
                if self.peek()?.is_some() {
                    self.bump();
                }
                return Ok(Some(Piece { place, value: Err(too_long()) }));
            }
            self.line += 1;
            if !text.trim_ascii().is_empty() {
                return Ok(Some(Piece { place, value: parse(text.trim_ascii_end()) }));
            }
        }
    }

    fn next_item(&mut self) -> io::Result<Option<Piece>> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',')?;
        let item = match &mut self.form {
            Some(Form::Array(items)) => {
                *items += 1;
                *items
            }
            None | Some(Form::Lines | Form::Ended) => 0,
        };
        let place = Place { line: self.line, item: Some(item) };
        let value = match self.peek()? {
            Some(b']') => {
                self.bump();
                self.form = Some(Form::Ended);
                self.skip(|byte| byte.is_ascii_whitespace())?;
                match self.peek()? {
                    None => return Ok(None),
                    Some(_) => Err("stands behind the end of the array".to_owned()),
                }
            }
            None => {
                self.form = Some(Form::Ended);
                Err("is missing: the file ends before its array does".to_owned())
            }
            Some(_) => self.read_item()?,
        };
        Ok(Some(Piece { place, value }))
    }

    /// Reads to where the value's brackets are closed, without asking what is in them.
    fn read_item(&mut self) -> io::Result<Result<Value, String>> {
        let (mut depth, mut in_string, mut is_escaped) = (0_u32, false, false);
        let mut text = Vec::new();
        let mut is_too_long = false;
        while let Some(byte) = self.peek()? {
            // What has no brackets ends with the next comma.
            if depth == 0 && !in_string && matches!(byte, b',' | b']') {
                break;
            }
            self.bump();
            if text.len() < MAX_LENGTH {
                text.push(byte)
            } else {
                is_too_long = true
            }
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if in_string => is_escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 && !in_string && !is_escaped {
                break;
            }
        }
        Ok(if is_too_long { Err(too_long()) } else { parse(&text) })
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) -> io::Result<()> {
        while self.peek()?.is_some_and(&is_skipped) {
            self.bump();
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    /// Goes past the byte that was peeked at.
    fn bump(&mut self) {
        if let Ok(Some(b'\n')) = self.peek() {
            self.line += 1;
        }
        self.reader.consume(1);
        self.bytes += 1;
    }
}

fn too_long() -> String {
    format!("has more than {MAX_LENGTH} bytes, and no subscription has")
}

/// The value, or where it stops being one; never what it says.
fn parse(text: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(text).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        let column = error.column();
        format!(
            "is not JSON: {why} at column {column}; write one subscription a line, or one array"
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<(String, Result<Value, String>)> {
        // A small buffer, so that values lie across its ends.
        let mut pieces = Pieces::new(io::BufReader::with_capacity(3, text.as_bytes()));
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().unwrap() {
            all.push((piece.place.to_string(), piece.value));
        }
        assert_eq!(pieces.bytes(), text.trim_start_matches('\u{feff}').len() as u64);
        all
    }

    fn summary(text: &str) -> Vec<String> {
        let said = |(place, value): (String, Result<Value, String>)| match value {
            Ok(value) => format!("{place}: {value}"),
            Err(why) => format!("{place}! {why}"),
        };
        read(text).into_iter().map(said).collect()
    }

    #[test]
    fn a_value_a_line_is_read_with_its_number_and_a_bad_line_harms_no_other() {
        let said = summary("\u{feff}{\"a\":1}\n\n{\"b\n{\"c\":\r\n  {\"d\":4}  ");
        assert_eq!(said.len(), 4, "{said:?}");
        assert_eq!(
            (said[0].as_str(), said[3].as_str()),
            ("line 1: {\"a\":1}", "line 5: {\"d\":4}")
        );
        assert!(said[1].starts_with("line 3! is not JSON: "), "{said:?}");
        assert!(said[2].starts_with("line 4! is not JSON: EOF while parsing a value"), "{said:?}");
    }

    #[test]
    fn an_array_is_read_item_by_item_however_it_is_laid_out() {
        let value = json!({ "a": "],}\\\"[{", "b": [{}, []] });
        for text in [
            format!("[{value},{value}]"),
            format!("\n [\n{value:#}\n,\n{value:#}\n]\n"),
            format!("[{value} {value},]"),
        ] {
            let items: Vec<_> = read(&text).into_iter().map(|(_, value)| value.unwrap()).collect();
            assert_eq!(items, [value.clone(), value.clone()], "{text}");
        }
        assert_eq!(
            summary("[7, \"x,]\", null,\n{\"a\": 1}, {\"b\" 2}, {}]"),
            [
                "line 1, item 1: 7",
                "line 1, item 2: \"x,]\"",
                "line 1, item 3: null",
                "line 2, item 4: {\"a\":1}",
                "line 2, item 5! is not JSON: expected `:` at column 6; write one subscription a line, or one array",
                "line 2, item 6: {}",
            ]
        );
        assert_eq!(summary("[]"), Vec::<String>::new());
        assert_eq!(summary(""), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_was_cut_off_is_told_from_one_that_ends() {
        assert_eq!(
            summary("[{},")[1..],
            ["line 1, item 2! is missing: the file ends before its array does"]
        );
        let said = summary("[{}, {\"a\"");
        assert!(said[1].starts_with("line 1, item 2! is not JSON: EOF"), "{said:?}");
        let mut pieces = Pieces::new("[{}]\n{}".as_bytes());
        pieces.next().unwrap();
        let piece = pieces.next().unwrap().unwrap();
        assert_eq!(piece.value.unwrap_err(), "stands behind the end of the array");
        assert_eq!(pieces.next().unwrap(), None);
    }

    #[test]
    fn what_is_too_long_is_passed_over_and_the_next_is_found() {
        let long = "x".repeat(MAX_LENGTH + 5);
        let lines = summary(&format!("{{}}\n\"{long}\"\n{{}}\n"));
        let items = summary(&format!("[{{}},\"{long}\",{{}}]"));
        for (said, last) in [(lines, "line 3: {}"), (items, "line 1, item 3: {}")] {
            assert!(said[1].contains("has more than 65536 bytes"), "{said:?}");
            assert_eq!((said.len(), said[2].as_str()), (3, last));
        }
    }

    #[test]
    fn what_a_bad_line_says_is_not_repeated() {
        for text in ["{\"endpoint\":\"https://push.example/s3cret", "s3cret", "{\"s3cret\" 1}"] {
            let said = summary(text);
            assert!(!said[0].contains("s3cret"), "{said:?}");
        }
    }
}
