//! As much of PromQL as says which metrics and labels a query names: words, and what stands around them.

use std::collections::BTreeSet;

/// What a query names.
#[derive(Default, Debug)]
pub(super) struct Query {
    pub(super) metrics: Vec<Metric>,
    /// Labels of `by` and `without`, `on` and `ignoring`; `le` among them.
    pub(super) grouped_by: BTreeSet<String>,
}

/// A metric, and the labels that it is to have.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    /// Labels with the values that they are to have.
    pub(super) matchers: Vec<(String, String)>,
}

/// Words that stand between two expressions.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// Words before a list of labels.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find(begins_word) {
            let (before, from) = rest.split_at(start);
            // A number's exponent or unit, or a variable of Grafana's, is no word of its own.
            let is_part = before.ends_with(|letter: char| letter.is_ascii_digit() || letter == '$');
            let end = from.find(|letter: char| !is_word(letter)).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            rest = if is_part { after } else { query.word(word, after) };
        }
        query
    }

    /// Takes a word in; answers what comes after all that belongs to it.
    fn word<'a>(&mut self, word: &str, after: &'a str) -> &'a str {
        let next = after.trim_start();
        if LISTS.contains(&word) {
            let (list, rest) = within(next, '(', ')');
            let labels = list.split(',').map(str::trim).filter(|label| !label.is_empty());
            self.grouped_by.extend(labels.map(str::to_owned));
            return rest;
        }
        if next.starts_with('(') || OPERATORS.contains(&word) || is_aggregation(next) {
            return after;
        }
        let (list, rest) = if next.starts_with('{') { within(next, '{', '}') } else { ("", after) };
        self.metrics.push(Metric { name: word.to_owned(), matchers: matchers(list) });
        // A range has units, which are no words.
        match rest.trim_start().starts_with('[') {
            true => within(rest.trim_start(), '[', ']').1,
            false => rest,
        }
    }
}

/// Whether `sum by (…) (…)` goes on here.
fn is_aggregation(next: &str) -> bool {
    LISTS[..2]
        .iter()
        .any(|list| next.strip_prefix(list).is_some_and(|rest| rest.trim_start().starts_with('(')))
}

fn matchers(list: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for matcher in list.split(',').map(str::trim).filter(|matcher| !matcher.is_empty()) {
        let (label, value) = matcher.split_once('=').expect("a matcher has a sign");
        let label = label.trim_end_matches('!').trim();
        let value = value.trim_start_matches('~').trim_matches('"');
        found.push((label.to_owned(), value.to_owned()));
    }
    found
}

fn within(text: &str, open: char, close: char) -> (&str, &str) {
    let inner = text.strip_prefix(open).unwrap_or_else(|| panic!("{open} is missing in {text}"));
    inner.split_once(close).unwrap_or_else(|| panic!("{close} is missing in {text}"))
}

fn begins_word(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_'
}

fn is_word(letter: char) -> bool {
    begins_word(letter) || letter.is_ascii_digit() || letter == ':'
}

#[test]
fn a_query_names_its_metrics_their_labels_and_what_it_groups_by() {
    let text = "histogram_quantile(0.99, sum by (instance, le) (rate(a_bucket{job=\"$job\", status!=\"5xx\"}[5m]))) > 1e3 \
                and on (kind) (time() - b) / 2 unless c[$__rate_interval]";
    let query = Query::parse(text);
    let names: Vec<_> = query.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["a_bucket", "b", "c"]);
    let matchers = [("job", "$job"), ("status", "5xx")];
    assert_eq!(query.metrics[0].matchers, matchers.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(query.grouped_by, ["instance", "kind", "le"].map(str::to_owned).into());
}
