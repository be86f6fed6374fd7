//! Channel names from paths and bodies. In a path a name is decoded exactly once, and from the raw path: actix
//! leaves `%2F`, `%25` and `%2B` as they are and replaces what is not UTF-8, so two names could become one.

use std::fmt;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{Ready, ready};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::problem::{Problem, ProblemKind};

/// What is percent-encoded in a path's segment: everything but RFC 3986's unreserved characters and `:`, which
/// stays readable (`user:42`).
pub const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A legal channel name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelName(String);

/// Why a text is not a channel's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChannelNameError {
    /// Nothing, or too much.
    #[error("a channel's name has 1 to {max} bytes, this one has {0}", max = ChannelName::MAX_LEN)]
    Length(usize),
    /// It would break lines in logs and terminals.
    #[error("a channel's name holds no control characters")]
    Control,
    /// It means a prefix in tokens.
    #[error("a channel's name holds no `*`, which in tokens means a prefix")]
    Star,
    /// Clients resolve them away.
    #[error("a channel's name is not `.` or `..`, which clients take for folders")]
    Dots,
    /// Bytes that are no text.
    #[error("a channel's name is UTF-8, percent-encoded in paths")]
    NotUtf8,
}

impl ChannelName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 200;

    /// Reads a name that was decoded already.
    pub fn parse(text: &str) -> Result<Self, ChannelNameError> {
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(ChannelNameError::Length(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(ChannelNameError::Control);
        }
        if text.contains('*') {
            return Err(ChannelNameError::Star);
        }
        if text == "." || text == ".." {
            return Err(ChannelNameError::Dots);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads a name, or a prefix of names with a final `*`, as tokens hold them.
    pub fn parse_pattern(text: &str) -> Result<(), ChannelNameError> {
        match text.strip_suffix('*') {
            Some("") => Ok(()),
            Some(prefix) => Self::parse_prefix(prefix),
            None => Self::parse(text).map(drop),
        }
    }

    /// Reads what names may begin with.
    pub fn parse_prefix(text: &str) -> Result<(), ChannelNameError> {
        match Self::parse(text) {
            Ok(_) | Err(ChannelNameError::Dots) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads a segment of a raw path.
    pub fn decode(segment: &str) -> Result<Self, ChannelNameError> {
        let text =
            percent_decode_str(segment).decode_utf8().map_err(|_| ChannelNameError::NotUtf8)?;
        Self::parse(&text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a path has it.
    pub fn encoded(&self) -> String {
        utf8_percent_encode(&self.0, ENCODED).to_string()
    }

    /// The name.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ChannelNameError> for Problem {
    fn from(error: ChannelNameError) -> Self {
        Self::new(ProblemKind::InvalidChannel, error.to_string())
    }
}

/// Where the name stands in `/v1/channels/{channel}…`.
const SEGMENT: usize = 3;

impl FromRequest for ChannelName {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = req.uri().path().split('/').nth(SEGMENT).unwrap_or_default();
        ready(Self::decode(segment).map_err(Problem::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_exactly_once() {
        let long = "x".repeat(200);
        let cases = [
            ("demo", "demo"),
            ("user%3A42", "user:42"),
            ("user:42", "user:42"),
            ("blog%2Farticles", "blog/articles"),
            ("100%2525", "100%25"),
            ("a+b", "a+b"),
            ("a%2Bb", "a+b"),
            ("%E2%9C%93", "✓"),
            ("...", "..."),
            (&long, &long),
        ];
        for (segment, name) in cases {
            assert_eq!(ChannelName::decode(segment).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_survives_its_own_encoding() {
        for name in ["a/b", "100%", "user:42", "ünï code", "?#[]"] {
            let name = ChannelName::parse(name).unwrap();
            assert_eq!(ChannelName::decode(&name.encoded()), Ok(name));
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = "é".repeat(101);
        let cases = [
            ("", ChannelNameError::Length(0)),
            (&long, ChannelNameError::Length(202)),
            ("a%0Ab", ChannelNameError::Control),
            ("a%00", ChannelNameError::Control),
            ("%C2%85", ChannelNameError::Control),
            ("a*", ChannelNameError::Star),
            ("%2e", ChannelNameError::Dots),
            ("..", ChannelNameError::Dots),
            ("%ff", ChannelNameError::NotUtf8),
            ("%C0%AF", ChannelNameError::NotUtf8),
        ];
        for (segment, error) in cases {
            assert_eq!(ChannelName::decode(segment), Err(error), "{segment}");
        }
    }

    #[test]
    fn a_star_is_for_the_end_of_a_pattern() {
        for pattern in ["user:42", "team:*", "*", ".*"] {
            assert_eq!(ChannelName::parse_pattern(pattern), Ok(()), "{pattern}");
        }
        for pattern in ["", "a*b", "**", "a\n*"] {
            assert!(ChannelName::parse_pattern(pattern).is_err(), "{pattern}");
        }
    }
}
