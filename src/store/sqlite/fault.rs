//! What diesel's errors mean to whoever asked the store.

use crate::store::StoreError;

/// What diesel's errors mean to whoever asked.
pub(super) fn fault(error: diesel::result::Error) -> StoreError {
    use diesel::result::{DatabaseErrorKind as Kind, Error};
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
        StoreError::Unavailable(error.to_string())
    }
}
