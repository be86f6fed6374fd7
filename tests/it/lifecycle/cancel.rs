//! Cancelling at every point of a notification's life: what was not sent is cancelled, what is in flight settles.

use std::time::Duration;

use fanfare::model::Outcome;
use fanfare::store::view::NotificationState;

use super::*;
use crate::harness::house::outcome;

#[actix_web::test]
async fn before_any_attempt_nothing_is_ever_sent() {
    let browser = Browser::new();
    let (service, house, _) = home_of(&browser).await;
    service.answer("it", [Answer::Hold]);
    let first = house.notify("news", "keeps it busy").await;
    service.wait_for(1).await;
    let second = house.notify("news", "taken back").await;
    let third = house.notify("news", "goes on").await;
    for _ in 0..2 {
        let view = cancel(&house, &second.id).await;
        assert_eq!((view.state(), view.pending()), (NotificationState::Cancelled, 0));
    }
    service.release_all();
    assert_eq!(house.outcomes(&first.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&second.id).await, outcome("cancelled"));
    assert_eq!(house.outcomes(&third.id).await, outcome("accepted"));
    assert_eq!(texts(&service, "it", &browser), ["keeps it busy", "goes on"]);
    house.stop().await;
}

#[actix_web::test]
async fn while_it_waits_for_a_retry_there_is_none_also_after_a_restart() {
    let browser = Browser::new();
    let (service, house, id) = home_of(&browser).await;
    service.answer("it", [in_an_hour()]);
    let first = house.notify("news", "taken back").await;
    let next = house.notify("news", "next").await;
    waits(&house, &id).await;
    cancel(&house, &first.id).await;
    assert_eq!(house.outcomes(&first.id).await, outcome("cancelled"));
    end_waits(&house.database());
    let house = house.restart(&service).await;
    assert_eq!(house.outcomes(&next.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&first.id).await, outcome("cancelled"));
    assert_eq!(texts(&service, "it", &browser), ["taken back", "next"]);
    house.stop().await;
}

#[actix_web::test]
async fn while_it_is_parked_nobody_is_woken_for_it() {
    let (service, house, id) = home_of(&Browser::new()).await;
    service.answer("it", [in_an_hour()]);
    let first = house.notify("news", "text").await;
    waits(&house, &id).await;
    let parked = || async { (house.alive().await == 0).then_some(()) };
    eventually("its worker has ended", parked).await;
    cancel(&house, &first.id).await;
    assert_eq!(house.outcomes(&first.id).await, outcome("cancelled"));
    assert_eq!(open_and_scheduled(&house).await, (0, 0));
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn while_it_is_in_flight_its_result_takes_its_unit_back_and_a_failure_is_not_tried_again() {
    for (status, expected) in
        [(201, outcome("accepted")), (410, outcome("gone")), (413, outcome("too_large"))]
    {
        let (service, house, _) = home_of(&Browser::new()).await;
        let held = hold_the_first(&service, status);
        let notification = house.notify("news", "text").await;
        service.wait_for(1).await;
        let view = cancel(&house, &notification.id).await;
        assert_eq!(view.outcomes.get(Outcome::Cancelled), 1);
        drop(held);
        let settled = || async {
            let view = house.status(&notification.id).await;
            (view.outcomes.get(Outcome::Cancelled) == 0).then_some(())
        };
        eventually("what was in flight is counted as what it became", settled).await;
        assert_eq!(house.outcomes(&notification.id).await, expected, "{status}");
        assert_eq!(house.status(&notification.id).await.state(), NotificationState::Cancelled);
        house.stop().await;
    }
}

#[actix_web::test]
async fn while_it_is_in_flight_an_answer_that_asks_for_a_retry_leaves_it_cancelled() {
    let browser = Browser::new();
    let (service, house, _) = home_of(&browser).await;
    let held = hold_the_first(&service, 503);
    let notification = house.notify("news", "taken back").await;
    service.wait_for(1).await;
    cancel(&house, &notification.id).await;
    drop(held);
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&notification.id).await, outcome("cancelled"));
    assert_eq!(texts(&service, "it", &browser), ["taken back", "next"]);
    house.stop().await;
}

#[actix_web::test]
async fn after_it_is_done_nothing_changes() {
    let (_service, house, _) = home_of(&Browser::new()).await;
    let notification = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("accepted"));
    let done = house.status(&notification.id).await;
    for _ in 0..2 {
        assert_eq!(cancel(&house, &notification.id).await, done);
    }
    assert_eq!(done.state(), NotificationState::Done);
    house.stop().await;
}

#[actix_web::test]
async fn of_many_each_counts_for_itself() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 3).await;
    let waits = house.subscribe(&Browser::new(), &service.endpoint("waits"), &["news"]).await;
    service.answer("waits", [in_an_hour()]);
    service.answer("1", [Answer::status(410)]);
    service.answer("2", [Answer::Hold]);
    let notification = house.notify("news", "text").await;
    super::waits(&house, &waits).await;
    let counted = |accepted: i64| {
        let (house, id) = (&house, &notification.id);
        move || async move {
            let view = house.status(id).await;
            let count = |outcome| view.outcomes.get(outcome);
            let is_so = count(Outcome::Accepted) == accepted && count(Outcome::Gone) == 1;
            is_so.then_some(view)
        }
    };
    eventually("one has it and one is gone", counted(1)).await;
    let view = cancel(&house, &notification.id).await;
    assert_eq!(Some(view.outcomes.total()), view.recipients);
    assert_eq!(view.outcomes.get(Outcome::Cancelled), 2);
    service.release_all();
    eventually("so has the one in flight", counted(2)).await;
    let expected = outcomes([("accepted", 2), ("gone", 1), ("cancelled", 1)]);
    assert_eq!(house.outcomes(&notification.id).await, expected);
    // It is as if it had never been there for whoever waits: an hour from now nothing is sent.
    pass(&house, now() + HOUR + Duration::from_secs(600)).await;
    assert_eq!(house.outcomes(&notification.id).await, expected);
    assert_eq!(service.log_of("waits").len(), 1);
    house.stop().await;
}
