//! What a status means, whoever says it: the rows of the outcome table that are no single service's habit.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use fanfare::push::{Permit, Push, PushError};
use fanfare::webpush::reply;
use futures_util::future::{FutureExt, LocalBoxFuture, ready};
use http::{Request, Uri};

use crate::harness::browser::Browser;
use crate::harness::house::{House, one, outcome, way_out};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn any_2xx_settles_as_accepted() {
    let (service, house, _) = one().await;
    for status in [200, 201, 202, 204, 299] {
        service.answer("it", [Answer::status(status)]);
        let sent = house.notify("news", "text").await;
        assert_eq!(house.outcomes(&sent.id).await, outcome("accepted"), "{status}");
    }
    assert_eq!(service.log_of("it").len(), 5, "each was asked once");
    house.stop().await;
}

#[actix_web::test]
async fn a_3xx_is_not_followed_even_to_a_push_service_that_may_be_reached_and_rejects() {
    let (here, there) = (PushService::start(), PushService::start());
    let house = House::with(&[&here, &there], |_| ()).await;
    let id = house.subscribe(&Browser::new(), &here.endpoint("it"), &["news"]).await;
    for status in [301, 302, 303, 307, 308] {
        let moved = Answer::status(status).header("location", &there.endpoint("moved"));
        here.answer("it", [moved]);
        let sent = house.notify("news", "text").await;
        assert_eq!(house.outcomes(&sent.id).await, outcome("rejected"), "{status}");
    }
    assert_eq!((here.requests(), there.requests()), (5, 0));
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn a_408_a_502_of_a_bridge_and_every_other_5xx_are_tried_again_and_delete_nothing() {
    let (service, house, id) = one().await;
    let troubles = [408, 500, 502, 503, 504, 599];
    service.answer("it", troubles.map(Answer::status));
    let sent = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&sent.id).await, outcome("accepted"));
    assert_eq!(service.log_of("it").len(), troubles.len() + 1);
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn a_429_that_outlasts_the_ttl_expires_the_message_and_keeps_the_subscription() {
    let (service, house, id) = one().await;
    service.answer_all(Answer::status(429).header("retry-after", "3600"));
    let sent = house.notify_for("news", "text", Duration::from_secs(60)).await;
    assert_eq!(house.outcomes(&sent.id).await, outcome("expired"));
    assert_eq!(service.log_of("it").len(), 1);
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn no_status_but_404_and_410_deletes_at_the_first_word() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let ends: Vec<_> = (200..600).filter(|status| !is_put_off(*status)).collect();
    for status in &ends {
        let token = status.to_string();
        service
            .answer(&token, [Answer::status(*status).body("Gone: NotRegistered 410 Unregistered")]);
        house.subscribe(&Browser::new(), &service.endpoint(&token), &["news"]).await;
    }
    let sent = house.notify("news", "text").await;
    let outcomes = house.outcomes(&sent.id).await;
    assert_eq!(outcomes["gone"], 2, "{outcomes:?}");
    assert_eq!((outcomes["accepted"], outcomes["too_large"]), (100, 1), "{outcomes:?}");
    let all = i64::try_from(ends.len()).unwrap();
    assert_eq!(outcomes["rejected"], all - 103, "{outcomes:?}");
    house.stop().await;
}

/// What is answered by a wait, which its own tests look at.
fn is_put_off(status: u16) -> bool {
    matches!(status, 401 | 403 | 406 | 408 | 421 | 425 | 429 | 500..)
}

/// A way out that is broken for a while.
struct Broken {
    push: Rc<dyn Push>,
    failures: Arc<Mutex<VecDeque<PushError>>>,
}

impl Broken {
    /// The next failure, when it is one of a dial, or one of an exchange.
    fn next(&self, of_dial: bool) -> Option<PushError> {
        let mut failures = self.failures.lock().unwrap();
        let is_exchange = matches!(failures.front()?, PushError::Timeout | PushError::Lost(_));
        (is_exchange != of_dial).then(|| failures.pop_front())?
    }
}

impl Push for Broken {
    fn admit(&self, uri: &Uri) -> LocalBoxFuture<'static, Result<Permit, PushError>> {
        match self.next(true) {
            Some(error) => ready(Err(error)).boxed_local(),
            None => self.push.admit(uri),
        }
    }

    fn send(
        &self,
        permit: Permit,
        request: Request<Bytes>,
    ) -> LocalBoxFuture<'static, Result<reply::Answer, PushError>> {
        match self.next(false) {
            Some(error) => ready(Err(error)).boxed_local(),
            None => self.push.send(permit, request),
        }
    }
}

#[actix_web::test]
async fn connect_tls_dns_and_timeout_are_an_outage_that_is_tried_again_and_deletes_nothing() {
    let service = PushService::start();
    let failures = Arc::new(Mutex::new(VecDeque::from([
        PushError::Connect("refused".into()),
        PushError::Tls("an unknown issuer".into()),
        PushError::Dns("no such name".into()),
        PushError::DialTimeout,
        PushError::Timeout,
        PushError::Lost("reset".into()),
    ])));
    let (good, left) = (way_out(&[&service]), Arc::clone(&failures));
    let push = Arc::new(move || -> Rc<dyn Push> {
        Rc::new(Broken { push: good(), failures: Arc::clone(&failures) })
    });
    let house = House::with_push(push, |_| ()).await;
    let id = house.subscribe(&Browser::new(), &service.endpoint("it"), &["news"]).await;
    let sent = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&sent.id).await, outcome("accepted"));
    assert!(left.lock().unwrap().is_empty(), "every failure happened");
    assert_eq!(service.log_of("it").len(), 1);
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn a_name_that_does_not_resolve_expires_the_message_and_keeps_the_subscription() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let id = house.subscribe(&Browser::new(), "https://push.example.net/it", &["news"]).await;
    let sent = house.notify_for("news", "text", Duration::from_secs(1)).await;
    assert_eq!(house.outcomes(&sent.id).await, outcome("expired"));
    assert!(house.knows(&id).await);
    house.stop().await;
}
