//! /metrics as Prometheus reads it: samples with their labels, by name.

use std::collections::{BTreeMap, BTreeSet};

/// The values of each label of each name, and what each name is part of.
#[derive(Default)]
pub(super) struct Exposition {
    pub(super) samples: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// The names that `# TYPE` has, with their types.
    pub(super) families: BTreeMap<String, String>,
}

impl Exposition {
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').unwrap();
                let twice = found.families.insert(name.to_owned(), kind.to_owned());
                assert_eq!(twice, None, "{name} is described twice");
            } else if !line.starts_with('#') {
                found.sample(line);
            }
        }
        found
    }

    fn sample(&mut self, line: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let known = self.samples.entry(name.to_owned()).or_default();
        for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once('=').unwrap();
            let values = known.entry(name.to_owned()).or_default();
            values.insert(value.trim_matches('"').to_owned());
        }
    }

    /// The family that a sample's name belongs to.
    pub(super) fn family_of(&self, sample: &str) -> Option<&str> {
        let suffixes = ["", "_total", "_bucket", "_sum", "_count", "_info"];
        let stems = suffixes.iter().filter_map(|suffix| sample.strip_suffix(suffix));
        stems.filter_map(|stem| self.families.get_key_value(stem)).map(|(name, _)| &**name).next()
    }
}
