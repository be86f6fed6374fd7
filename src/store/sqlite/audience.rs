//! Audiences as the store keeps them, in the column `exclude`: nothing for all, `[3,5]` for all but those, `{"only":[3,5]}`
//! for those alone.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::{Deserialize, Serialize};

use super::fault;
use super::schema::notification;
use crate::id::SubscriptionId;
use crate::model::audience::{Audience, Listed};
use crate::store::StoreError;

#[derive(Serialize, Deserialize)]
struct Only {
    only: Vec<i64>,
}

/// Reads the column; `whose` says of what, if it cannot be read.
pub(super) fn parse(column: Option<&str>, whose: &str) -> Result<Audience, StoreError> {
    let Some(json) = column else { return Ok(Audience::All) };
    let ids = |rows: Vec<i64>| rows.into_iter().map(SubscriptionId);
    let read = if is_only(json) {
        serde_json::from_str(json).map(|Only { only }| Audience::only(ids(only)))
    } else {
        serde_json::from_str(json).map(|rows| Audience::except(ids(rows)))
    };
    read.map_err(|_| StoreError::Corrupt(format!("whom {whose} is for")))
}

/// The audience, to be kept.
pub(super) fn write(audience: &Audience) -> Option<String> {
    let rows = |listed: &Listed| listed.iter().map(|id| id.0).collect::<Vec<_>>();
    let json = match audience {
        Audience::All => return None,
        Audience::Except(listed) => serde_json::to_string(&rows(listed)),
        Audience::Only(listed) => serde_json::to_string(&Only { only: rows(listed) }),
    };
    Some(json.expect("a list of numbers can always be written as JSON"))
}

/// Whether the column names those whom it is for.
fn is_only(json: &str) -> bool {
    json.starts_with('{')
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// What is in the column: `null`, or `text`. It is told without reading the text, which may fill twenty pages.
    #[sql_name = "typeof"]
    fn type_of(column: Nullable<Text>) -> Text;
}

/// Reads the column of a row, if there is anything in it.
pub(super) fn read(
    connection: &mut SqliteConnection,
    notification: i64,
    exclude_type: &str,
) -> Result<Audience, StoreError> {
    if exclude_type == "null" {
        return Ok(Audience::All);
    }
    let column = notification::table
        .find(notification)
        .select(notification::exclude)
        .get_result::<Option<String>>(connection)
        .map_err(fault)?;
    parse(column.as_deref(), "a notification")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let ids = || [9, 2, 5].into_iter().map(SubscriptionId);
        let kept = [
            (Audience::All, None),
            (Audience::except(ids()), Some("[2,5,9]")),
            (Audience::only(ids()), Some("{\"only\":[2,5,9]}")),
            (Audience::only([]), Some("{\"only\":[]}")),
        ];
        for (audience, column) in kept {
            assert_eq!(write(&audience).as_deref(), column);
            assert_eq!(parse(column, "it").unwrap(), audience);
        }
        // As earlier versions wrote it.
        assert_eq!(parse(Some("[9,2,5]"), "it").unwrap(), Audience::except(ids()));
        for corrupt in ["", "{}", "[", "{\"only\":\"x\"}", "[\"x\"]"] {
            assert!(parse(Some(corrupt), "it").is_err(), "{corrupt}");
        }
    }
}
