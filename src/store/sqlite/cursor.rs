//! The statement that every delivery ends with. Diesel writes and prepares each UPDATE anew, which takes several times as
//! long as running it; this one has a fixed text, so that it is prepared once.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

use crate::model::Settlement;

/// Moves the cursor to the settlement's number, if the subscription is still the one that was asked and had not settled
/// that number. Whether it did is the number of rows.
#[derive(QueryId)]
pub(super) struct MoveCursor {
    channel: i64,
    subscription: i64,
    generation: i64,
    seq: i64,
}

impl MoveCursor {
    pub(super) fn of(settlement: &Settlement) -> Self {
        Self {
            channel: settlement.channel.0,
            subscription: settlement.subscription.0,
            generation: settlement.generation.0,
            seq: settlement.seq.0,
        }
    }
}

impl QueryFragment<Sqlite> for MoveCursor {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE membership SET done_seq = ");
        out.push_bind_param::<BigInt, _>(&self.seq)?;
        out.push_sql(" WHERE channel_id = ");
        out.push_bind_param::<BigInt, _>(&self.channel)?;
        out.push_sql(" AND subscription_id = ");
        out.push_bind_param::<BigInt, _>(&self.subscription)?;
        out.push_sql(" AND done_seq < ");
        out.push_bind_param::<BigInt, _>(&self.seq)?;
        out.push_sql(" AND EXISTS (SELECT 1 FROM subscription WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.subscription)?;
        out.push_sql(" AND generation = ");
        out.push_bind_param::<BigInt, _>(&self.generation)?;
        out.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for MoveCursor {}
