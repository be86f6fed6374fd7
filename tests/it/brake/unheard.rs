//! A push service that says for days that nobody listens (507), and what troubles whoever waits.

use std::time::Duration;

use fanfare::clock::Timestamp;
use fanfare::delivery::judge::{Attempted, Judgement, Standing, judge};
use fanfare::delivery::retry::RetryPolicy;
use fanfare::id::PublicId;
use fanfare::model::{Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::view::{ListQuery, Trouble};
use fanfare::webpush::reply::Verdict;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::ledger::{DAY, Ledger, START, after};
use crate::harness::push_service::{Answer, PushService};

/// An attempt at `now` that is answered so, from what the store knows to what it knows then.
async fn answered(
    ledger: &Ledger,
    id: &PublicId,
    verdict: Verdict,
    now: Timestamp,
) -> Option<Outcome> {
    let backlog = ledger.load(ledger.app, id, now).await;
    let settlement = ledger.settlement(ledger.app, id, now).await;
    let next = &backlog.stretches[0].open[0];
    let standing = Standing::of(next, 0, backlog.failures, backlog.unheard_since, now);
    let attempted = Attempted::Answered {
        verdict,
        status: 507,
        reason: Some("50701".to_owned()),
        refused_alone: 0,
    };
    let policy = RetryPolicy::default();
    let judgement = judge(&attempted, standing, &policy, &mut rand::rng());
    let endpoint = judgement.endpoint(true, now);
    let Judgement { outcome, failure, .. } = judgement;
    ledger.settle(Settlement { outcome, endpoint, failure, ..settlement }).await;
    outcome
}

#[actix_web::test]
async fn seven_days_of_507_in_a_row_end_a_subscription_and_an_answer_in_between_begins_anew() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 2).await;
    let [silent, heard] = ids.as_slice() else { panic!("two") };
    for _ in 0..2 {
        ledger.publish(ledger.app, START).await;
    }
    for day in 0..7 {
        let now = after(day * DAY);
        for id in [silent, heard] {
            assert_eq!(answered(&ledger, id, Verdict::NoSubscriber, now).await, None, "day {day}");
        }
    }
    let accepted = answered(&ledger, heard, Verdict::Accepted, after(6 * DAY)).await;
    assert_eq!(accepted, Some(Outcome::Accepted));
    let end = after(7 * DAY);
    assert_eq!(answered(&ledger, heard, Verdict::NoSubscriber, end).await, None);
    let before = end - Duration::from_millis(1);
    assert_eq!(answered(&ledger, silent, Verdict::NoSubscriber, before).await, None);
    let gone = answered(&ledger, silent, Verdict::NoSubscriber, end).await;
    assert_eq!(gone, Some(Outcome::Gone));
    let view = ledger.store.subscription(ledger.app, silent.clone(), end).await.unwrap().unwrap();
    assert_eq!((view.gone, view.quarantine), (Some(end), None), "one alone is no wave");
    assert_eq!(ledger.members(ledger.app).await, 1);
}

#[actix_web::test]
async fn a_wait_that_ends_for_want_of_notifications_does_not_begin_the_seven_days_anew() {
    let ledger = Ledger::open().await;
    let ids = ledger.crowd(ledger.app, 1).await;
    ledger.publish(ledger.app, START).await;
    answered(&ledger, &ids[0], Verdict::NoSubscriber, START).await;
    let backlog = ledger.load(ledger.app, &ids[0], START).await;
    let (id, generation) = (backlog.subscription.id, backlog.subscription.generation);
    ledger.store.stop_waiting(id, generation).await.unwrap();
    let backlog = ledger.load(ledger.app, &ids[0], START).await;
    assert_eq!((backlog.failures, backlog.unheard_since), (0, Some(START)));
}

#[actix_web::test]
async fn what_troubles_a_subscription_is_shown_while_it_waits_and_no_longer() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let id = house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    let busy = Answer::status(503).header("retry-after", "1").body("come back later");
    service.answer("it", [busy]);
    let notification = house.notify("news", "text").await;
    let trouble = || async { house.subscription(&id).await.trouble };
    let trouble = eventually("the subscription is in trouble", trouble).await;
    assert_eq!(trouble, Trouble { status: Some(503), reason: "come back later".to_owned() });
    let query = ListQuery { app: house.app, name: "news".to_owned(), after: None, limit: 10 };
    let members = house.store.members(query).await.unwrap();
    assert_eq!(members[0].trouble.as_ref(), Some(&trouble));
    assert!(members[0].not_before.is_some_and(|until| until > now()));

    house.outcomes(&notification.id).await;
    assert_eq!(house.subscription(&id).await.trouble, None);
    house.stop().await;
}
