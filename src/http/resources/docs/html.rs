//! Text as HTML: escaped, and with the little markup that doc comments use.

use std::borrow::Cow;

/// Text that is safe in an element and in a quoted attribute.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let replaced = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Cow::Owned(replaced.replace('"', "&quot;").replace('\'', "&#39;"))
}

/// A line, with `code` between backticks.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            out.push_str(&format!("<code>{part}</code>"));
        } else {
            out.push_str(&part);
        }
    }
    out
}

/// Paragraphs.
pub(super) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>\n", inline(paragraph))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_becomes_markup_but_its_backticks() {
        let html = prose("a <b> & `c<d>` \"e\"\n\nsecond");
        assert_eq!(
            html,
            "<p>a &lt;b&gt; &amp; <code>c&lt;d&gt;</code> &quot;e&quot;</p>\n<p>second</p>\n"
        );
    }
}
