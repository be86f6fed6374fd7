//! Subscriptions: by state, push service, channel and name; never an endpoint or a key.

use fanfare::store::directory::Scope;

use super::*;
use crate::harness::house::now;
use crate::harness::ledger::Ledger;

/// Eight subscriptions in `news`: two are active, two wait, two are gone (one long ago), two are held back.
async fn town() -> (Api, Vec<String>) {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(ledger.join(ledger.app, number).await.to_string());
    }
    let now = now().as_millis();
    change(
        &api,
        &format!(
            "UPDATE subscription SET not_before = {now} + 1000 * (10 - id), trouble = 'busy', trouble_status = 503,
                trying_attempts = 4 WHERE id IN (3, 4);
             UPDATE subscription SET gone = {now} - 1000 WHERE id IN (5, 7, 8);
             UPDATE subscription SET gone = 5 WHERE id = 6;
             INSERT INTO quarantine (id, public_id, app_id, origin_id, cause, opened)
                SELECT 1, 'qua_x', 1, origin_id, 1, 0 FROM subscription WHERE id = 1;
             UPDATE subscription SET quarantine_id = 1 WHERE id IN (7, 8);
             DELETE FROM membership WHERE subscription_id = 5;
             INSERT INTO past_membership VALUES (1, 'old', 5);
             INSERT INTO push_origin (id, app_id, origin) VALUES (90, 1, 'https://fcm.googleapis.com');
             UPDATE subscription SET origin_id = 90 WHERE id IN (2, 3, 8);
             INSERT INTO notification (id, public_id, channel_id, seq, content_kind, content, accepted_at, expires,
                now_or_never, urgency, recipients) VALUES (1, 'ntf_x', 1, 1, 1, '', 0, 0, 0, 2, 0);
             INSERT INTO failure (notification_id, subscription_id, outcome, status, reason, attempts, at)
                VALUES (1, 4, 5, 400, 'first', 1, 0), (1, 4, 6, 413, 'last', 1, 0);"
        ),
    );
    (api, ids)
}

#[actix_web::test]
async fn each_filter_finds_its_own_page_by_page() {
    let (api, ids) = town().await;
    let named = |rows: &[usize]| rows.iter().map(|row| ids[row - 1].clone()).collect::<Vec<_>>();
    for (query, rows) in [
        // What went too long ago to come back is not listed.
        ("limit=3", &[8, 7, 5, 4, 3, 2, 1][..]),
        ("limit=1&state=active", &[2, 1]),
        ("limit=1&state=waiting", &[4, 3]),
        ("limit=1&state=gone", &[5]),
        ("limit=1&state=quarantined", &[8, 7]),
        ("limit=1&push_service=fcm", &[8, 3, 2]),
        ("limit=1&push_service=fcm&state=active", &[2]),
        ("limit=1&push_service=fcm&state=waiting", &[3]),
        ("limit=1&push_service=fcm&state=quarantined", &[8]),
        ("limit=2&push_service=other", &[7, 5, 4, 1]),
        ("limit=2&push_service=apple", &[]),
        ("limit=2&channel=news&push_service=fcm&state=waiting", &[3]),
        ("limit=2&channel=news&state=active", &[2, 1]),
        ("limit=2&channel=nowhere", &[]),
    ] {
        assert_eq!(
            all(&api, &format!("subscriptions?{query}"), "id").await,
            named(rows),
            "{query}"
        );
    }
    for (index, id) in ids.iter().enumerate() {
        let found = all(&api, &format!("subscriptions?q={id}&limit=2"), "id").await;
        assert_eq!(found.len(), usize::from(index != 5), "{id}");
    }
    let mut sorted = named(&[8, 7, 5, 4, 3, 2, 1]);
    sorted.sort();
    assert_eq!(all(&api, "subscriptions?q=sub_&limit=2", "id").await, sorted);
    let mut fcm = named(&[3]);
    fcm.sort();
    let path = "subscriptions?q=sub_&limit=200&state=waiting&push_service=fcm&channel=news";
    assert_eq!(all(&api, path, "id").await, fcm);
    api.stop().await;
}

#[actix_web::test]
async fn an_item_says_how_it_fares_and_never_where_its_pushes_go() {
    let (api, ids) = town().await;
    let page = get(&api, &format!("subscriptions?q={}", ids[3])).await;
    let item = &page["items"][0];
    assert_eq!(item["state"], "waiting");
    assert_eq!((item["attempt"].as_i64(), item["generation"].as_i64()), (Some(4), Some(1)));
    assert_eq!(
        (&item["trouble"]["status"], &item["trouble"]["reason"]),
        (&503.into(), &"busy".into())
    );
    assert_eq!((&item["last_outcome"], &item["reason"]), (&"too_large".into(), &"last".into()));
    assert_eq!(
        (&item["channels"], item["channel_count"].as_i64()),
        (&serde_json::json!(["news"]), Some(1))
    );
    assert!(item["next_attempt"].is_string() && item["created"].is_string());
    let gone = get(&api, &format!("subscriptions?q={}", ids[4])).await;
    assert_eq!(gone["items"][0]["channels"], serde_json::json!(["old"]));
    let text = get(&api, "subscriptions").await.to_string();
    assert!(!text.contains("push.example.net") && !text.contains("p256dh"), "{text}");
    api.stop().await;
}

#[actix_web::test]
async fn another_apps_are_not_shown_and_what_is_not_understood_is_named() {
    let (api, ids) = town().await;
    let other = api.create_app("shop").await;
    api.create_key(other, "fk_the-key-of-another-app-0123456789abcdef", &[Scope::Read]).await;
    let queries = [
        "",
        "?state=waiting",
        "?state=gone",
        "?state=quarantined",
        "?push_service=fcm",
        "?channel=news",
    ];
    let named = format!("?q={}", ids[0]);
    for query in queries.into_iter().chain([named.as_str()]) {
        let path = format!("/v1/observe/subscriptions{query}");
        let answer =
            api.get(&path).bearer("fk_the-key-of-another-app-0123456789abcdef").send().await;
        assert_eq!(answer.json()["items"], serde_json::json!([]), "{query}");
    }
    for (query, named) in [
        ("state=dead", "`quarantined`"),
        ("push_service=gcm", "`fcm`"),
        ("q=ntf_x", "sub_"),
        ("cursor=x", "`cursor`"),
        ("limit=0", "`limit`"),
        ("endpoint=x", "endpoint"),
    ] {
        let (status, detail) = refusal(&api, &format!("subscriptions?{query}")).await;
        assert!(status == 400 && detail.contains(named), "{query}: {detail}");
    }
    assert_eq!(api.get("/v1/observe/subscriptions").send().await.status, 401);
    api.stop().await;
}
