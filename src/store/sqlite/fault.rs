//! What the database's errors mean to whoever asked, and what an operator can do about them.

use std::fmt::Display;

use diesel::result::{DatabaseErrorKind as Kind, Error};

use crate::store::StoreError;

/// What diesel's errors mean to whoever asked.
pub(super) fn fault(error: Error) -> StoreError {
    // What breaks a rule of the tables would break it again: waiting for the store to recover would be in vain.
    let is_ours = matches!(
        &error,
        Error::NotFound
            | Error::DeserializationError(_)
            | Error::DatabaseError(
                Kind::UniqueViolation
                    | Kind::ForeignKeyViolation
                    | Kind::NotNullViolation
                    | Kind::CheckViolation,
                _
            )
    );
    if is_ours {
        StoreError::Corrupt(error.to_string())
    } else {
        StoreError::Unavailable(with_remedy(&error))
    }
}

/// What the database said, and what to do about it. diesel passes on SQLite's words and not its codes; they are those of
/// `sqlite3_errstr`.
pub(super) fn with_remedy(error: &dyn Display) -> String {
    let said = error.to_string();
    match REMEDIES.iter().find(|(words, _)| said.ends_with(words)) {
        Some((_, remedy)) => format!("{said}; {remedy}"),
        None => said,
    }
}

const REMEDIES: [(&str, &str); 6] = [
    (
        "database or disk is full",
        "free some space on the disk that has the data directory: a few MiB are enough",
    ),
    (
        "disk I/O error",
        "is the data directory's disk full, over its quota, read-only or broken? the kernel's log says more",
    ),
    (
        "attempt to write a readonly database",
        "give this user the right to write the database and the files beside it",
    ),
    (
        "database is locked",
        "another program holds a transaction on the database: end it (`fuser` finds it)",
    ),
    (
        "unable to open database file",
        "does this user have the right to use the data directory, and enough open files?",
    ),
    (
        "database disk image is malformed",
        "the file is damaged: stop the daemon, and restore a backup with `fanfare restore`, which keeps what was there",
    ),
];

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl;
    use diesel::connection::{Connection, SimpleConnection};
    use diesel::sqlite::SqliteConnection;

    use super::*;

    #[test]
    fn what_sqlite_says_is_followed_by_what_to_do() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let full =
            "PRAGMA max_page_count = 2; CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(9999))";
        let error = fault(connection.batch_execute(full).unwrap_err());
        assert!(matches!(&error, StoreError::Unavailable(_)), "{error:?}");
        assert!(error.to_string().contains("is full; free some space"), "{error}");
        let written = "PRAGMA query_only = 1; CREATE TABLE u (x)";
        let error = fault(connection.batch_execute(written).unwrap_err());
        assert!(error.to_string().contains("readonly database; give this user"), "{error}");
    }

    #[test]
    fn a_broken_rule_of_the_tables_is_no_fault_of_the_store() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)").unwrap();
        let again = diesel::sql_query("INSERT INTO t VALUES (1)").execute(&mut connection);
        assert!(matches!(fault(again.unwrap_err()), StoreError::Corrupt(_)));
    }
}
