//! TTLs: what waits expires when its time is over, not before, and what is now or never is tried once or not at all.

use std::time::Duration;

use fanfare::store::publish::Accept;
use fanfare::store::view::NotificationState;

use super::*;
use crate::harness::house::outcome;

/// TTL 0 is one attempt that begins within so long.
const NOW_OR_NEVER: Duration = Duration::from_secs(30);

#[actix_web::test]
async fn what_waits_behind_anothers_retry_expires_unsent_when_its_own_time_is_over() {
    let browser = Browser::new();
    let (service, house, id) = home_of(&browser).await;
    service.answer("it", [in_an_hour()]);
    let first = house.notify("news", "first").await;
    waits(&house, &id).await;
    let publish = |ttl| Accept { ttl, ..house.publish("news", "behind it") };
    let minute = house.accept(publish(60 * SECOND)).await.remove(0);
    let never = house.accept(publish(Duration::ZERO)).await.remove(0);
    let ends = house.status(&minute.id).await.expires;
    let view = house.status(&never.id).await;
    assert_eq!(view.expires, view.created + NOW_OR_NEVER);

    pass(&house, ends - Duration::from_millis(1)).await;
    assert_eq!(house.outcomes(&never.id).await, outcome("expired"));
    assert_eq!(house.status(&minute.id).await.state(), NotificationState::Delivering);
    pass(&house, ends).await;
    assert_eq!(house.outcomes(&minute.id).await, outcome("expired"));
    assert_eq!(house.status(&first.id).await.pending(), 1);
    let house = house.restart(&service).await;
    assert_eq!(house.outcomes(&minute.id).await, outcome("expired"));
    assert_eq!(texts(&service, "it", &browser), ["first"]);
    house.stop().await;
}

#[actix_web::test]
async fn now_or_never_has_its_one_attempt_when_the_wait_for_another_ends_in_time() {
    let browser = Browser::new();
    let (service, house, id) = home_of(&browser).await;
    let wait = Answer::status(503).header("retry-after", "1");
    service.answer("it", [wait, Answer::status(201), Answer::status(503)]);
    let first = house.notify("news", "first").await;
    waits(&house, &id).await;
    let once = house.notify_for("news", "once", Duration::ZERO).await;
    assert_eq!(house.outcomes(&first.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&once.id).await, outcome("expired"));
    assert_eq!(texts(&service, "it", &browser), ["first", "first", "once"]);
    house.stop().await;
}

#[actix_web::test]
async fn nothing_is_booked_as_expired_before_its_time_is_over() {
    let service = PushService::start();
    // Waits that a TTL of three seconds has no room for: the last try is long before its end.
    let retry = fanfare::delivery::retry::RetryPolicy::try_new(60 * SECOND, 60 * SECOND, None);
    let house = House::with(&[&service], |options| options.retry = retry.unwrap()).await;
    house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    service.answer_all(Answer::status(503));
    let notification = house.notify_for("news", "text", 3 * SECOND).await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("expired"));
    let expires = house.status(&notification.id).await.expires;
    let id = PublicId::from_store(notification.id);
    let failures = house.store.failures(house.app, id, 9).await.unwrap().unwrap();
    for failure in failures {
        assert!(failure.at >= expires, "{failure:?} before {expires:?}");
    }
    house.stop().await;
}

#[actix_web::test]
async fn what_the_push_service_puts_off_beyond_its_time_has_expired_at_once_with_the_reason() {
    let (service, house, _) = home_of(&Browser::new()).await;
    service.answer("it", [in_an_hour()]);
    let notification = house.notify_for("news", "text", 600 * SECOND).await;
    assert_eq!(house.outcomes(&notification.id).await, outcome("expired"));
    let id = PublicId::from_store(notification.id);
    let failures = house.store.failures(house.app, id, 9).await.unwrap().unwrap();
    assert_eq!((failures.len(), failures[0].status), (1, Some(503)));
    house.stop().await;
}
