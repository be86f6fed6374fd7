//! What the browser gets the second time: the same content under another name; and by whom, when two turn out to be one.

use http::Method;

use super::few::resend;
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::{House, one, outcome};
use crate::harness::push_service::{Answer, PushService};

#[actix_web::test]
async fn the_one_that_was_refused_is_delivered_the_second_time() {
    let (service, house, id) = one().await;
    service.answer("it", [Answer::status(400)]);
    let first = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&first.id).await, outcome("rejected"));
    let again = resend(&house, &first.id).await;
    assert_eq!(house.outcomes(&again).await, outcome("accepted"));
    assert_eq!(service.log_of("it").len(), 2);
    assert_eq!(house.outcomes(&first.id).await, outcome("rejected"), "the first stays as it was");
    assert!(house.knows(&id).await);
    house.stop().await;
}

#[actix_web::test]
async fn who_turns_out_to_be_the_one_that_it_is_for_gets_it_in_its_place() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browser = Browser::new();
    let it = house.subscribe(&browser, &service.endpoint("it"), &["news"]).await;
    service.answer("it", [Answer::status(400), Answer::Hold]);
    let first = house.notify("news", "text").await;
    assert_eq!(house.outcomes(&first.id).await, outcome("rejected"));
    let again = resend(&house, &first.id).await;
    service.wait_for(2).await;
    // While it is on its way, another row turns out to be the same browser.
    let heir = house.subscribe(&Browser::new(), &service.endpoint("heir"), &["other"]).await;
    house.replace(house.replacement(&heir, &browser, &service.endpoint("it"))).await;
    assert!(!house.knows(&it).await, "the two are one");
    assert_eq!(house.status(&again).await.pending(), 1, "its place has been taken");
    service.release_all();
    assert_eq!(house.outcomes(&again).await, outcome("accepted"));
    house.stop().await;
}

#[actix_web::test]
async fn the_log_leads_from_the_request_to_the_new_notification() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    service.answer("it", [Answer::status(400)]);
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let first = daemon.notify("news", "text").await;
    daemon.finished(&first).await;
    let again = daemon.call(Method::POST, &format!("/v1/notifications/{first}/resend"));
    let again = again.send().await;
    let request = again.header("x-request-id").unwrap();
    let lines = daemon.call(Method::GET, &format!("/v1/observe/log?request={request}"));
    let lines = lines.send().await.json()["lines"].as_array().unwrap().clone();
    for message in ["a notification was accepted", "answered"] {
        let line = lines.iter().find(|line| line["message"] == message);
        let line = line.unwrap_or_else(|| panic!("{message}: {lines:?}"));
        assert_eq!(line["notification"], again.json()["id"], "{line}");
    }
}
