//! A walk over an index, in steps that are each as short as a page, and no more than so many of them.

use std::fmt;

use crate::store::StoreError;
use crate::store::pages::{BadCursor, Cut, PartOf};

/// Rows that a step looks at.
const STEP: usize = 1000;

/// Steps of a walk: what lets fewer through than a page has in so many rows is gone on with by whoever asks.
const STEPS: usize = 20;

/// A place in an index: what it is ordered by, then the row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark(pub(super) i64, pub(super) i64);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Mark {
    /// Where a walk begins: after the cursor, or at `start`.
    pub(super) fn of(cut: &Cut, start: Self) -> Result<Self, BadCursor> {
        let Some(after) = &cut.after else { return Ok(start) };
        let (first, row) = after.split_once('.').ok_or(BadCursor)?;
        let number = |text: &str| text.parse().map_err(|_| BadCursor);
        Ok(Self(number(first)?, number(row)?))
    }
}

/// How a walk ended.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum End<K> {
    /// There is nothing more.
    Over,
    /// There may be more after this.
    At(K),
}

/// What a walk found.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Walked<K, R> {
    /// Of the rows that it looked at, those that were wanted.
    pub(super) found: Vec<R>,
    pub(super) end: End<K>,
}

impl<K: ToString, R> Walked<K, R> {
    /// The page, of what is shown of each row. What is there no more is left out.
    pub(super) fn page<T>(
        self,
        mut show: impl FnMut(R) -> Result<Option<T>, StoreError>,
    ) -> Result<PartOf<T>, StoreError> {
        let shown = self.found.into_iter().filter_map(|row| show(row).transpose());
        let next = match self.end {
            End::Over => None,
            End::At(key) => Some(key.to_string()),
        };
        Ok(PartOf { items: shown.collect::<Result<_, _>>()?, next })
    }
}

/// Walks on from `start` until `limit` rows are found. `step` reads so many rows after a key, in the index's order; fewer:
/// there are no more.
pub(super) fn walk<K: Clone, R>(
    start: K,
    limit: usize,
    mut step: impl FnMut(&K, i64) -> Result<Vec<(K, R)>, StoreError>,
    mut is_wanted: impl FnMut(&R) -> bool,
) -> Result<Walked<K, R>, StoreError> {
    let (mut at, mut found, mut last) = (start.clone(), Vec::new(), start);
    // Where all are wanted, the first step is the page, and one row more, which tells whether there is another page.
    let mut size = (limit + 1).min(STEP);
    for _ in 0..STEPS {
        let rows = step(&at, i64::try_from(size).expect("a step is short"))?;
        let is_over = rows.len() < size;
        for (key, row) in rows {
            at = key.clone();
            if !is_wanted(&row) {
                continue;
            }
            if found.len() == limit {
                return Ok(Walked { found, end: End::At(last) });
            }
            found.push(row);
            last = key;
        }
        if is_over {
            return Ok(Walked { found, end: End::Over });
        }
        size = STEP;
    }
    Ok(Walked { found, end: End::At(at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks over the numbers below `all`, and counts the steps.
    fn numbers(
        all: i64,
        after: i64,
        limit: usize,
        is_wanted: fn(&i64) -> bool,
    ) -> (Walked<i64, i64>, usize) {
        let mut steps = 0;
        let step = |key: &i64, size: i64| {
            steps += 1;
            Ok((key + 1..all).take(usize::try_from(size).unwrap()).map(|n| (n, n)).collect())
        };
        (walk(after, limit, step, is_wanted).unwrap(), steps)
    }

    #[test]
    fn a_page_of_what_is_all_wanted_is_one_step() {
        let (walked, steps) = numbers(1_000_000, -1, 3, |_| true);
        assert_eq!((walked, steps), (Walked { found: vec![0, 1, 2], end: End::At(2) }, 1));
        let (walked, steps) = numbers(6, 2, 3, |_| true);
        assert_eq!((walked, steps), (Walked { found: vec![3, 4, 5], end: End::Over }, 1));
    }

    #[test]
    fn a_walk_that_finds_little_ends_all_the_same_and_says_where_to_go_on() {
        let (walked, steps) = numbers(1_000_000, -1, 3, |n| n % 900_000 == 7);
        assert_eq!((walked.found, steps), (vec![7], STEPS));
        let End::At(at) = walked.end else { panic!("it is not over") };
        assert!((19_000..=20_000).contains(&at), "{at}");
        // Followed to its end, it finds all there is, each once.
        let (mut found, mut at, mut pages) = (Vec::new(), -1, 0);
        loop {
            let (walked, _) = numbers(1_000_000, at, 3, |n| n % 900_000 == 7);
            found.extend(walked.found);
            pages += 1;
            match walked.end {
                End::Over => break,
                End::At(next) => at = next,
            }
        }
        assert_eq!(found, [7, 900_007]);
        assert!(pages > 50, "{pages}");
    }

    #[test]
    fn a_cursor_is_read_back_or_refused() {
        let cut = |after: &str| Cut { after: Some(after.to_owned()), limit: 1 };
        let start = Mark(0, i64::MAX);
        assert_eq!(Mark::of(&cut(&Mark(-3, 7).to_string()), start), Ok(Mark(-3, 7)));
        for bad in ["", ".", "1", "1.", "a.b", "1.2.3"] {
            assert_eq!(Mark::of(&cut(bad), start), Err(BadCursor), "{bad}");
        }
        assert_eq!(Mark::of(&Cut { after: None, limit: 1 }, start), Ok(start));
    }
}
