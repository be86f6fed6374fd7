//! What the observer's lists have in common: how many items, and where the next part begins.

use crate::http::list::PageOf;
use crate::http::problem::{Problem, ProblemKind};
use crate::store::pages::{BadCursor, Cut, PartOf};

/// Items of a part when nobody says: a screenful.
const DEFAULT_LIMIT: usize = 50;
/// Items of a part at most.
const MAX_LIMIT: usize = 200;
/// As far as lists with an offset go.
const DEEPEST: usize = 10_000;

/// How many items, or a 400.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => {
            let detail = format!("`limit` must be from 1 to {MAX_LIMIT}");
            Err(Problem::new(ProblemKind::BadQuery, detail))
        }
    }
}

/// How many come before the part, or a 400.
pub fn offset(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(0) {
        offset @ 0..=DEEPEST => Ok(offset),
        _ => {
            let detail = format!(
                "`offset` must be from 0 to {DEEPEST}: search with `q`, or turn the order round"
            );
            Err(Problem::new(ProblemKind::BadQuery, detail))
        }
    }
}

/// Which part, or a 400.
pub fn cut(asked: Option<usize>, cursor: Option<String>) -> Result<Cut, Problem> {
    Ok(Cut { after: cursor, limit: limit(asked)? })
}

/// What a name begins with, or a 400: an empty text finds nothing out.
pub fn beginning(q: Option<String>, prefix: &str) -> Result<Option<String>, Problem> {
    match q {
        Some(text) if !text.starts_with(prefix) => {
            let detail = format!("`q` must be a name, or what it begins with: {prefix}…");
            Err(Problem::new(ProblemKind::BadQuery, detail))
        }
        q => Ok(q),
    }
}

/// The part as it is shown.
pub fn show<R, T: From<R>>(read: Result<PartOf<R>, BadCursor>) -> Result<PageOf<T>, Problem> {
    let part = read.map_err(|BadCursor| {
        let detail = "`cursor` must be the `next` of an earlier page of this list";
        Problem::new(ProblemKind::BadQuery, detail)
    })?;
    Ok(PageOf { items: part.items.into_iter().map(T::from).collect(), next: part.next })
}
