//! Which way a list is sorted.

use serde::Deserialize;
use utoipa::ToSchema;

/// Which way a list is sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The least first.
    Asc,
    /// The most first.
    Desc,
}
