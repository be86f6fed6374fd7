//! Channels: sorted and searched in the daemon.

use super::*;
use crate::harness::ledger::Ledger;

/// `c00` to `c24`, with so many members as the number's last digit says and so many open as its first, and `shop`.
async fn town() -> Api {
    let api = Api::start().await;
    Ledger::of(api.store.clone());
    change(
        &api,
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24)
         INSERT INTO channel (app_id, name, epoch, members, open, head)
         SELECT 1, printf('c%02d', i), 'e', i % 10, i / 10, 7 FROM n;
         INSERT INTO channel (app_id, name, epoch, members) VALUES (1, 'shop', 'e', 4);
         INSERT INTO channel (app_id, name, epoch, members, deleted) VALUES (1, 'c99', 'e', 50, 1);",
    );
    let other = api.create_app("other").await;
    change(
        &api,
        &format!(
            "INSERT INTO channel (app_id, name, epoch, members, open) VALUES ({}, 'c05', 'e', 99, 99)",
            other.0
        ),
    );
    api
}

#[actix_web::test]
async fn they_are_listed_by_name_by_subscribers_and_by_what_is_open() {
    let api = town().await;
    let page = get(&api, "channels?limit=3&offset=2").await;
    assert_eq!(each(&page, "name"), ["c02", "c03", "c04"]);
    assert_eq!(
        (page["matched"].as_i64(), &page["items"][0]["paused"]),
        (Some(26), &Value::Bool(false))
    );
    let page = get(&api, "channels?order=desc&limit=2").await;
    assert_eq!(each(&page, "name"), ["shop", "c24"]);
    let page = get(&api, "channels?sort=subscribers&limit=5").await;
    assert_eq!(each(&page, "name"), ["c19", "c09", "c18", "c08", "c17"]);
    assert_eq!(each(&page, "subscribers"), ["9", "9", "8", "8", "7"]);
    let page = get(&api, "channels?sort=subscribers&limit=2&offset=5").await;
    assert_eq!(each(&page, "name"), ["c07", "c16"]);
    let page = get(&api, "channels?sort=subscribers&order=asc&limit=4").await;
    assert_eq!(each(&page, "subscribers"), ["0", "0", "0", "1"]);
    let page = get(&api, "channels?sort=open&limit=7&offset=3").await;
    assert_eq!(each(&page, "name"), ["c23", "c24", "c10", "c11", "c12", "c13", "c14"]);
    let page = get(&api, "channels?sort=open&limit=4&offset=14").await;
    assert_eq!(each(&page, "open"), ["1", "0", "0", "0"]);
    assert_eq!(each(&page, "name"), ["c19", "c00", "c01", "c02"]);
    let page = get(&api, "channels?sort=open&order=asc&limit=3&offset=10").await;
    assert_eq!(each(&page, "name"), ["shop", "c19", "c18"]);
    api.stop().await;
}

#[actix_web::test]
async fn a_search_is_for_the_beginning_of_their_names_whatever_the_order() {
    let api = town().await;
    for (query, expected) in [
        ("q=c1&limit=2", ["c10", "c11"]),
        ("q=c1&limit=2&sort=subscribers", ["c19", "c18"]),
        ("q=c1&limit=2&sort=open", ["c10", "c11"]),
        ("q=c2&limit=2&sort=open&offset=3", ["c23", "c24"]),
    ] {
        let page = get(&api, &format!("channels?{query}")).await;
        assert_eq!(each(&page, "name"), expected, "{query}");
        assert!(page["matched"].as_i64().unwrap() <= 10, "{query}");
    }
    let page = get(&api, "channels?q=x").await;
    assert_eq!((each(&page, "name").len(), page["matched"].as_i64()), (0, Some(0)));
    for (query, named) in [
        ("limit=201", "limit"),
        ("offset=10001", "offset"),
        ("sort=age", "age"),
        ("page=2", "page"),
    ] {
        let (status, detail) = refusal(&api, &format!("channels?{query}")).await;
        assert!(status == 400 && detail.contains(named), "{query}: {detail}");
    }
    api.stop().await;
}
