//! Topics: a newer notification takes the place of what waits, wherever it waits, and of nothing else.

use fanfare::model::Outcome;
use fanfare::store::publish::Accept;

use super::*;
use crate::harness::house::outcome;

#[actix_web::test]
async fn what_waits_for_a_retry_or_is_parked_is_superseded_and_never_sent_again() {
    let browser = Browser::new();
    let (service, house, id) = home_of(&browser).await;
    service.answer("it", [in_an_hour()]);
    let old = under_topic(&house, "1:0", "score").await;
    waits(&house, &id).await;
    let new = under_topic(&house, "2:0", "score").await;
    assert_eq!(house.outcomes(&old.id).await, outcome("superseded"));
    end_waits(&house.database());
    let house = house.restart(&service).await;
    assert_eq!(house.outcomes(&new.id).await, outcome("accepted"));
    assert_eq!(texts(&service, "it", &browser), ["1:0", "2:0"]);

    service.answer("it", [in_an_hour()]);
    let old = under_topic(&house, "3:0", "score").await;
    waits(&house, &id).await;
    let parked = || async { (house.alive().await == 0).then_some(()) };
    eventually("its worker has ended", parked).await;
    let house = house.restart(&service).await;
    let new = under_topic(&house, "4:0", "score").await;
    assert_eq!(house.outcomes(&old.id).await, outcome("superseded"));
    assert_eq!(house.status(&new.id).await.pending(), 1, "the endpoint is still left alone");
    house.stop().await;
}

#[actix_web::test]
async fn what_is_in_flight_is_not_superseded_its_result_takes_its_unit_back() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let in_flight = house.subscribe(&Browser::new(), &service.endpoint("0"), &["news"]).await;
    house.subscribe(&Browser::new(), &service.endpoint("1"), &["news", "other"]).await;
    service.answer_all(Answer::Hold);
    house.notify("other", "keeps it busy").await;
    service.wait_for(1).await;
    let old = under_topic(&house, "1:0", "score").await;
    service.wait_for(2).await;
    let new = under_topic(&house, "2:0", "score").await;
    assert_eq!(house.outcomes(&old.id).await, outcomes([("superseded", 2)]));
    service.release_all();
    let settled = || async {
        let view = house.status(&old.id).await;
        (view.outcomes.get(Outcome::Accepted) == 1).then_some(())
    };
    eventually("the one in flight is counted as accepted", settled).await;
    let expected = outcomes([("superseded", 1), ("accepted", 1)]);
    assert_eq!(house.outcomes(&old.id).await, expected, "{in_flight}");
    assert_eq!(house.outcomes(&new.id).await, outcomes([("accepted", 2)]));
    assert_eq!((service.log_of("0").len(), service.log_of("1").len()), (2, 2));
    house.stop().await;
}

#[actix_web::test]
async fn another_topic_another_channel_and_another_app_are_left_alone() {
    let (service, house, id) = home_of(&Browser::new()).await;
    let other = other_app(&house, "shop").await;
    join_other(&house, other, &service.endpoint("shop")).await;
    house.subscribe(&Browser::new(), &service.endpoint("else"), &["elsewhere"]).await;
    for token in ["it", "shop", "else"] {
        service.answer(token, [in_an_hour()]);
    }
    let topic = |topic: &str| Some(topic.to_owned());
    let mut kept = Vec::new();
    for publish in [
        Accept { topic: topic("weather"), ..house.publish("news", "sun") },
        house.publish("news", "without a topic"),
        Accept { topic: topic("score"), ..house.publish("elsewhere", "1:0") },
    ] {
        kept.extend(house.accept(publish).await);
    }
    let theirs = Accept { app: other, topic: topic("score"), ..house.publish("news", "1:0") };
    let theirs = house.accept(theirs).await.remove(0);
    waits(&house, &id).await;
    let old = under_topic(&house, "1:0", "score").await;
    let mut newest = under_topic(&house, "2:0", "score").await;
    assert_eq!(house.outcomes(&old.id).await, outcome("superseded"));
    for text in ["3:0", "4:0"] {
        let newer = under_topic(&house, text, "score").await;
        assert_eq!(house.outcomes(&newest.id).await, outcome("superseded"), "{text}");
        newest = newer;
    }
    for notification in &kept {
        let view = house.status(&notification.id).await;
        assert_eq!((view.pending(), view.outcomes.total()), (1, 0), "{view:?}");
    }
    let theirs = house.store.notification(other, PublicId::from_store(theirs.id)).await.unwrap();
    assert_eq!(theirs.unwrap().pending(), 1);
    assert_eq!(open_and_scheduled(&house).await, (3, 0));
    house.stop().await;
}

#[actix_web::test]
async fn a_newer_one_supersedes_also_when_nobody_is_there_to_get_it() {
    let (service, house, id) = home_of(&Browser::new()).await;
    service.answer("it", [in_an_hour()]);
    let old = under_topic(&house, "1:0", "score").await;
    waits(&house, &id).await;
    let publish = house.publish("news", "2:0");
    let new = Accept { topic: Some("score".to_owned()), exclude: vec![id], ..publish };
    let new = house.accept(new).await.remove(0);
    assert_eq!(new.recipients, Some(0));
    assert_eq!(house.outcomes(&old.id).await, outcome("superseded"));
    house.stop().await;
}
