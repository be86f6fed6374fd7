//! Names as parts of a path: `blog/articles` is one segment.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986 §2.3, and `:`, which channels' names are full of.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// `name` as one segment, or as a value in a query.
pub(super) fn segment(name: &str) -> impl Display {
    utf8_percent_encode(name, ESCAPED)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_stays_one_segment_whatever_is_in_it() {
        let rows = [
            ("user:42", "user:42"),
            ("blog/articles", "blog%2Farticles"),
            ("a b?c#d%&é", "a%20b%3Fc%23d%25%26%C3%A9"),
        ];
        for (name, expected) in rows {
            assert_eq!(super::segment(name).to_string(), expected);
        }
    }
}
