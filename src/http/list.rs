//! Lists: `?limit=&cursor=` in, `{items, next}` out. A cursor is where the last page ended; clients hand it back.

use actix_web::HttpRequest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, ProblemKind};
use crate::store::view::ScheduledPosition;

/// Items on a page when nobody says.
const DEFAULT_LIMIT: u32 = 100;
/// Items on a page at most: a read transaction stays as short as that.
const MAX_LIMIT: u32 = 1000;

/// Which part of a list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many items at most: 1 to 1000, or 100 when it is absent.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

/// The query, or a 400 that names the parameter in the way.
pub fn query<T: DeserializeOwned>(req: &HttpRequest) -> Result<T, Problem> {
    actix_web::web::Query::<T>::from_query(req.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| Problem::new(ProblemKind::BadQuery, error.to_string()))
}

/// A page that has been asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    limit: usize,
    /// The cursor.
    pub after: Option<String>,
}

impl Window {
    /// Checks what was asked for.
    pub fn of(limit: Option<u32>, cursor: Option<String>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let detail = format!("`limit` must be from 1 to {MAX_LIMIT}");
            return Err(Problem::new(ProblemKind::BadQuery, detail));
        }
        Ok(Self { limit: limit as usize, after: cursor })
    }

    /// The same for lists whose cursor is a number.
    pub fn numbered(limit: Option<u32>, cursor: Option<String>) -> Result<Self, Problem> {
        Self::checked(limit, cursor, |cursor| cursor.parse::<i64>().is_ok())
    }

    /// The same for lists of what is scheduled.
    pub fn scheduled(limit: Option<u32>, cursor: Option<String>) -> Result<Self, Problem> {
        Self::checked(limit, cursor, |cursor| ScheduledPosition::parse(cursor).is_some())
    }

    fn checked(
        limit: Option<u32>,
        cursor: Option<String>,
        is_fine: impl Fn(&str) -> bool,
    ) -> Result<Self, Problem> {
        if cursor.as_deref().is_some_and(|cursor| !is_fine(cursor)) {
            let detail = "`cursor` must be the `next` of an earlier page of this list";
            return Err(Problem::new(ProblemKind::BadQuery, detail));
        }
        Self::of(limit, cursor)
    }

    /// How many rows to read: one more than asked for tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).expect("a limit is at most 1000")
    }

    /// The page, of what was read with [`Window::rows`].
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> PageOf<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(cursor);
        PageOf { items: rows.into_iter().map(show).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_query_is_understood_or_refused() {
        let cases = [
            ("/", Ok((None, None))),
            ("/?limit=5&cursor=a%2Fb", Ok((Some(5), Some("a/b")))),
            ("/?limit=five", Err("invalid digit")),
            ("/?page=2", Err("page")),
        ];
        for (uri, expected) in cases {
            let req = TestRequest::with_uri(uri).to_http_request();
            match (query::<PageParams>(&req), expected) {
                (Ok(params), Ok((limit, cursor))) => {
                    assert_eq!((params.limit, params.cursor.as_deref()), (limit, cursor));
                }
                (Err(problem), Err(named)) => {
                    assert_eq!(problem.kind(), ProblemKind::BadQuery);
                    assert!(problem.to_string().contains(named), "{problem}");
                }
                (found, _) => panic!("{uri}: {found:?}"),
            }
        }
    }

    #[test]
    fn limits_and_cursors_have_bounds() {
        assert!(Window::of(Some(0), None).is_err());
        assert!(Window::of(Some(1001), None).is_err());
        assert!(Window::numbered(None, Some("x".into())).is_err());
        assert!(Window::numbered(None, Some("17".into())).is_ok());
    }

    #[test]
    fn the_last_page_has_no_next() {
        let window = Window::of(Some(2), None).unwrap();
        let page = window.page(vec![1, 2, 3], ToString::to_string, |row| row * 10);
        assert_eq!((page.items, page.next.as_deref()), (vec![10, 20], Some("2")));
        let page = window.page(vec![3, 4], ToString::to_string, |row| row);
        assert_eq!((page.items, page.next), (vec![3, 4], None));
    }
}
