//! Each of the lists is read by an index, in its order: nothing is sorted, and no table is read from end to end.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::harness::ledger::Ledger;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// What SQLite would do for the queries of [`fanfare::store::sqlite`]'s pages, in their words.
const QUERIES: &[(&str, &str)] = &[
    (
        "SELECT id FROM channel WHERE app_id = 1 AND deleted IS NULL AND name >= 'a' AND name < 'b' ORDER BY name LIMIT 9",
        "channel_name",
    ),
    (
        "SELECT id FROM channel WHERE app_id = 1 AND deleted IS NULL AND members <= 5 AND (members < 5 OR id < 3)
         ORDER BY members DESC, id DESC LIMIT 9",
        "channel_members",
    ),
    ("SELECT id FROM channel WHERE open > 0 AND id > 7 ORDER BY id LIMIT 9", "channel_with_work"),
    (
        "SELECT public_id FROM subscription WHERE app_id = 1 AND id < 9 ORDER BY id DESC LIMIT 9",
        "subscription_app",
    ),
    (
        "SELECT public_id FROM subscription WHERE origin_id = 1 AND id < 9 ORDER BY id DESC LIMIT 9",
        "subscription_origin",
    ),
    (
        "SELECT public_id FROM subscription WHERE not_before >= 1 AND (not_before > 1 OR id > 9)
         ORDER BY not_before, id LIMIT 9",
        "subscription_due",
    ),
    (
        "SELECT public_id FROM subscription WHERE quarantine_id IS NULL AND gone IS NOT NULL AND gone <= 1
         AND (gone < 1 OR id < 9) ORDER BY gone DESC, id DESC LIMIT 9",
        "subscription_to_prune",
    ),
    (
        "SELECT public_id FROM subscription WHERE quarantine_id IS NOT NULL AND quarantine_id <= 1
         AND (quarantine_id < 1 OR id < 9) ORDER BY quarantine_id DESC, id DESC LIMIT 9",
        "subscription_quarantine",
    ),
    (
        "SELECT n.id FROM notification n JOIN channel c ON c.id = n.channel_id WHERE n.id < 9 AND n.finished IS NULL
         ORDER BY n.id DESC LIMIT 9",
        "notification_under_way",
    ),
    (
        "SELECT notification.id FROM notification JOIN channel ON channel.id = notification.channel_id
         WHERE notification.id < 9 AND expired + rejected + too_large > 0 ORDER BY notification.id DESC LIMIT 9",
        "notification_failed",
    ),
    (
        "SELECT n.id FROM notification n JOIN channel c ON c.id = n.channel_id WHERE n.id < 9 ORDER BY n.id DESC LIMIT 9",
        "INTEGER PRIMARY KEY",
    ),
    (
        "SELECT n.id FROM notification n JOIN channel c ON c.id = n.channel_id WHERE n.channel_id = 1 AND n.seq < 9
         ORDER BY n.seq DESC LIMIT 9",
        "notification_seq",
    ),
];

#[actix_web::test]
async fn each_list_is_in_an_indexs_order() {
    let ledger = Ledger::open().await;
    let mut database = ledger.database();
    for (query, index) in QUERIES {
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"));
        let plan: Vec<Row> = plan.load(&mut database).unwrap();
        let plan: Vec<_> = plan.into_iter().map(|row| row.detail).collect();
        let plan = plan.join("; ");
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{query}\n{plan}");
        assert!(!plan.contains("SCAN subscription"), "{query}\n{plan}");
    }
}
