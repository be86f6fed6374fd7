//! Notifications: newest first, by state, channel and name.

use super::*;
use crate::harness::ledger::Ledger;

/// Seven in two channels' logs and four in the schedule, of which one was cancelled; and some of another app.
async fn town() -> Api {
    let api = Api::start().await;
    Ledger::of(api.store.clone());
    let other = api.create_app("shop").await.0;
    change(
        &api,
        &format!(
            "INSERT INTO channel (id, app_id, name, epoch) VALUES (1, 1, 'news', 'e'), (2, 1, 'team', 'e'), (3, {other}, 'news', 'e');
             INSERT INTO notification (id, public_id, channel_id, seq, content_kind, content, accepted_at, expires, now_or_never,
                urgency, recipients, accepted, expired, rejected, too_large, cancelled, closed, finished)
             VALUES (1, 'ntf_a1', 1, 1, 1, '', 0, 0, 0, 2, 2, 2, 0, 0, 0, 0, NULL, 1),
                    (2, 'ntf_a2', 2, 1, 1, '', 0, 0, 0, 2, 2, 0, 2, 0, 0, 0, 3, 1),
                    (3, 'ntf_b3', 1, 2, 1, '', 0, 0, 0, 2, 2, 0, 0, 0, 0, 2, 8, 1),
                    (4, 'ntf_b4', 3, 1, 1, '', 0, 0, 0, 2, 2, 1, 0, 1, 0, 0, NULL, NULL),
                    (5, 'ntf_b5', 1, 3, 1, '', 0, 0, 0, 2, 3, 1, 0, 1, 0, 0, NULL, NULL),
                    (6, 'ntf_c6', 2, 2, 1, '', 0, 0, 0, 2, 2, 1, 0, 0, 1, 0, NULL, 1),
                    (7, 'ntf_c7', 1, 4, 1, '', 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, NULL, NULL),
                    (8, 'ntf_c8', 2, 3, 1, '', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, NULL, 1);
             INSERT INTO scheduled (id, public_id, channel_id, content_kind, content, created, send_at, expires, now_or_never,
                urgency, cancelled)
             VALUES (1, 'ntf_s1', 1, 1, '', 0, 9, 9, 0, 2, NULL), (2, 'ntf_s2', 1, 1, '', 0, 8, 9, 0, 2, 4),
                    (3, 'ntf_s3', 2, 1, '', 0, 7, 9, 0, 2, NULL), (4, 'ntf_s4', 3, 1, '', 0, 6, 9, 0, 2, NULL);"
        ),
    );
    api
}

#[actix_web::test]
async fn each_filter_finds_its_own_page_by_page() {
    let api = town().await;
    for (query, expected) in [
        ("", &["c8", "c7", "c6", "b5", "b3", "a2", "a1"][..]),
        ("&channel=news", &["c7", "b5", "b3", "a1"]),
        ("&channel=nowhere", &[]),
        ("&state=delivering", &["c7", "b5"]),
        ("&state=delivering&channel=team", &[]),
        ("&state=done", &["c8", "c6", "a2", "a1"]),
        ("&state=cancelled", &["b3", "s2"]),
        ("&state=cancelled&channel=team", &[]),
        ("&state=failed", &["c6", "b5", "a2"]),
        ("&state=failed&channel=team", &["c6", "a2"]),
        ("&state=scheduled", &["s3", "s1"]),
        ("&state=scheduled&channel=news", &["s1"]),
        ("&q=ntf_b", &["b3", "b5"]),
        ("&q=ntf_&state=failed&channel=news", &["b5"]),
    ] {
        for limit in [1, 2, 3, 50] {
            let found = all(&api, &format!("notifications?limit={limit}{query}"), "id").await;
            let expected: Vec<_> = expected.iter().map(|id| format!("ntf_{id}")).collect();
            assert_eq!(found, expected, "{query}, {limit} a page");
        }
    }
    api.stop().await;
}

#[actix_web::test]
async fn an_item_is_what_the_notification_itself_says_and_a_whole_name_finds_it_anywhere() {
    let api = town().await;
    change(
        &api,
        "UPDATE scheduled SET public_id = 'ntf_aaaaaaaaaaaaaaaaaaaaaa' WHERE id = 3;
         UPDATE notification SET public_id = 'ntf_bbbbbbbbbbbbbbbbbbbbbb' WHERE id = 5;",
    );
    for id in ["ntf_aaaaaaaaaaaaaaaaaaaaaa", "ntf_bbbbbbbbbbbbbbbbbbbbbb"] {
        let page = get(&api, &format!("notifications?q={id}")).await;
        let alone = api.get(&format!("/v1/notifications/{id}")).bearer(KEY).send().await.json();
        assert_eq!(page["items"], serde_json::json!([alone]));
    }
    let elsewhere = get(&api, "notifications?q=ntf_aaaaaaaaaaaaaaaaaaaaaa&channel=news").await;
    let otherwise = get(&api, "notifications?q=ntf_bbbbbbbbbbbbbbbbbbbbbb&state=done").await;
    let failed = get(&api, "notifications?q=ntf_bbbbbbbbbbbbbbbbbbbbbb&state=failed").await;
    let counts = [&elsewhere, &otherwise, &failed].map(|page| each(page, "id").len());
    assert_eq!(counts, [0, 0, 1]);
    for (query, named) in [("state=lost", "lost"), ("cursor=1", "`cursor`"), ("q=sub_", "ntf_")] {
        let (status, detail) = refusal(&api, &format!("notifications?{query}")).await;
        assert!(status == 400 && detail.contains(named), "{query}: {detail}");
    }
    api.stop().await;
}
