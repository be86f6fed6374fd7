//! What the API says of sending again: who is found, what is taken over, and how often.

use std::time::Duration;

use fanfare::id::PublicId;
use fanfare::model::Outcome;
use fanfare::store::Store;
use fanfare::store::directory::Scope;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::resend::DEFAULT_REQUEST;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY};
use crate::harness::call::Answer;
use crate::harness::house::now;
use crate::harness::ledger::{DAY, Ledger};

async fn end(ledger: &Ledger, id: &PublicId, outcome: Outcome) {
    super::end(ledger, id, outcome, now()).await;
}

async fn resend(api: &Api, id: &str) -> Answer {
    api.post(&format!("/v1/notifications/{id}/resend")).bearer(KEY).send().await
}

fn end_of(answer: &Answer) -> (u16, Option<String>) {
    let kind = answer.json()["type"].as_str().map(str::to_owned);
    (answer.status.as_u16(), kind.map(|kind| kind.rsplit('#').next().unwrap().to_owned()))
}

async fn status(api: &Api, id: &Value) -> Value {
    let path = format!("/v1/notifications/{}", id.as_str().unwrap());
    api.get(&path).bearer(KEY).send().await.json()
}

#[actix_web::test]
async fn it_goes_to_those_whose_delivery_was_refused_and_who_are_still_there() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let ids = ledger.crowd(ledger.app, 6).await;
    let first = Accept {
        topic: Some("weather".to_owned()),
        ttl: Duration::from_secs(500),
        urgency: fanfare::webpush::request::Urgency::High,
        ..ledger.publishing(ledger.app, now())
    };
    let AcceptReply::Accepted { mut items, .. } = api.store.accept(first).await.unwrap() else {
        panic!("it was refused");
    };
    let first = items.remove(0);
    assert_eq!(end_of(&resend(&api, &first.id).await), (409, Some("nothing-to-resend".into())));
    let outcomes = [
        Outcome::Rejected,
        Outcome::TooLarge,
        Outcome::Expired,
        Outcome::Accepted,
        Outcome::Rejected,
    ];
    for (id, outcome) in ids.iter().zip(outcomes) {
        end(&ledger, id, outcome).await;
    }
    // Of those that it was refused for, one has left. The sixth is still waiting for its first.
    let leave = Leave { app: ledger.app, who: Leaver::Everywhere(ids[4].clone()), now: now() };
    api.store.leave(leave).await.unwrap();

    let answer = resend(&api, &first.id).await;
    assert_eq!(answer.status, 202);
    let again = answer.json();
    assert_eq!(
        (&again["channel"], &again["seq"], &again["recipients"], &again["next"]),
        (&json!("news"), &json!(2), &json!(3), &Value::Null)
    );
    let location = format!("/v1/notifications/{}", again["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_ne!(again["id"], json!(first.id));
    let metrics = api.state.metrics.encode();
    assert!(metrics.contains("fanfare_notifications_accepted_total 1\n"), "{metrics}");

    // The first waits on under its topic for the one that has not got it: the new one has none.
    let old = status(&api, &json!(first.id)).await;
    assert_eq!((&old["state"], &old["outcomes"]["pending"]), (&json!("delivering"), &json!(1)));
    for (index, id) in ids.iter().enumerate().filter(|(index, _)| *index != 4) {
        let open = ledger.load(ledger.app, id, now()).await;
        let open: Vec<_> = open.stretches.iter().flat_map(|stretch| &stretch.open).collect();
        let seqs: Vec<_> = open.iter().map(|open| open.seq.0).collect();
        let expected: &[i64] = match index {
            0..=2 => &[2],
            3 => &[],
            _ => &[1],
        };
        assert_eq!(seqs, expected, "of the one with the number {index}");
        if let [again] = open.as_slice()
            && again.seq.0 == 2
        {
            assert!(again.topic.is_none());
            assert_eq!(again.urgency, fanfare::webpush::request::Urgency::High);
            assert_eq!(again.expires.since(again.accepted), Duration::from_secs(500));
            assert_eq!(again.payload.as_ref().unwrap().as_bytes(), b"text");
        }
    }
    // Each outcome of the new one is its own, and leaving books it for those alone that it was for.
    end(&ledger, &ids[0], Outcome::Accepted).await;
    for leaver in [&ids[1], &ids[3]] {
        let leave = Leave { app: ledger.app, who: Leaver::Everywhere(leaver.clone()), now: now() };
        api.store.leave(leave).await.unwrap();
    }
    end(&ledger, &ids[2], Outcome::Rejected).await;
    let new = status(&api, &again["id"]).await;
    let outcomes = &new["outcomes"];
    assert_eq!(
        (&new["state"], &outcomes["accepted"], &outcomes["unsubscribed"], &outcomes["rejected"]),
        (&json!("done"), &json!(1), &json!(1), &json!(1)),
        "{new}"
    );
    // It can be sent again itself, to the one for whom it was refused again.
    let third = resend(&api, again["id"].as_str().unwrap()).await.json();
    assert_eq!(third["recipients"], json!(1));
    api.stop().await;
}

#[actix_web::test]
async fn who_had_it_expire_before_it_was_tried_gets_it_too() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let ids = ledger.crowd(ledger.app, 3).await;
    let then = now() - 29 * DAY;
    let first = ledger.publish(ledger.app, then).await;
    super::end(&ledger, &ids[0], Outcome::Accepted, then).await;
    let late = ledger.join(ledger.app, 9).await;
    ledger.upkeep(now()).await;
    api.store.requests_take_at_most(60 * DAY);
    let early = resend(&api, &first.id).await;
    assert_eq!(end_of(&early), (409, Some("still-under-way".into())));
    let wait: u64 = early.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=59 * 24 * 3600 + 5).contains(&wait), "{wait}");
    api.store.requests_take_at_most(DEFAULT_REQUEST);
    let again = resend(&api, &first.id).await.json();
    assert_eq!(
        again["recipients"],
        json!(2),
        "neither to the one that got it nor to {late}: {again}"
    );
    api.stop().await;
}

#[actix_web::test]
async fn a_repeat_by_its_key_is_answered_as_the_first_was_also_when_nobody_is_left() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let id = ledger.join(ledger.app, 0).await;
    let first = ledger.publish(ledger.app, now()).await;
    end(&ledger, &id, Outcome::Rejected).await;
    let path = format!("/v1/notifications/{}/resend", first.id);
    let call = |path: &str| api.post(path).bearer(KEY).header("idempotency-key", "once").send();
    let answer = call(&path).await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (202, None));
    let leave = Leave { app: ledger.app, who: Leaver::Everywhere(id), now: now() };
    api.store.leave(leave).await.unwrap();
    let repeat = call(&path).await;
    assert_eq!(
        (repeat.status.as_u16(), repeat.header("idempotency-replayed")),
        (202, Some("true"))
    );
    assert_eq!(repeat.json(), answer.json());
    let other = call(&format!("{path}?cursor=5")).await;
    assert_eq!(end_of(&other), (422, Some("idempotency-key-reused".into())));
    assert_eq!(end_of(&resend(&api, &first.id).await), (409, Some("nothing-to-resend".into())));
    let metrics = api.state.metrics.encode();
    assert!(metrics.contains("fanfare_notifications_accepted_total 1\n"), "{metrics}");
    api.stop().await;
}

#[actix_web::test]
async fn nobody_elses_is_sent_again_nor_what_is_not_due_nor_without_the_scope() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    ledger.join(ledger.app, 0).await;
    let nobody = PublicId::random(fanfare::id::IdKind::Notification, &mut rand::rng());
    assert_eq!(end_of(&resend(&api, nobody.as_str()).await), (404, Some("not-found".into())));
    let later = json!({ "notification": { "title": "x" }, "send_at": (now() + Duration::from_secs(500)).to_rfc3339() });
    let later = api.post("/v1/channels/news/notifications").bearer(KEY).json(&later).send().await;
    let later = later.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(end_of(&resend(&api, &later).await), (409, Some("nothing-to-resend".into())));

    let first = ledger.publish(ledger.app, now()).await;
    let path = format!("/v1/notifications/{}/resend", first.id);
    let other = api.create_app("shop").await;
    api.create_key(other, "fk_the-key-of-another-app-0123456789abcdef", &Scope::ALL).await;
    let foreign = api.post(&path).bearer("fk_the-key-of-another-app-0123456789abcdef").send().await;
    assert_eq!(end_of(&foreign), (404, Some("not-found".into())));
    api.create_key(ledger.app, "fk_a-key-that-may-only-read-0123456789abcdef", &[Scope::Read])
        .await;
    let reader =
        api.post(&path).bearer("fk_a-key-that-may-only-read-0123456789abcdef").send().await;
    assert_eq!(end_of(&reader), (403, Some("scope-needed".into())));
    api.stop().await;
}
