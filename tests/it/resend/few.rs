//! What is for a few starts nobody else's worker, and costs nobody else a question to the store afterwards.

use std::collections::HashMap;

use fanfare::id::SubscriptionId;
use fanfare::store::resend::{MAX_NAMED, Resend, ResendReply, Resends};

use crate::harness::house::{House, eventually, now, outcome};
use crate::harness::push_service::{Answer, PushService};

/// Sends it again; answers the new one's name.
pub(super) async fn resend(house: &House, id: &str) -> String {
    let command = Resend {
        app: house.app,
        id: fanfare::id::PublicId::from_store(id.to_owned()),
        after: SubscriptionId(0),
        limit: MAX_NAMED,
        idempotency: None,
        now: now(),
    };
    let ResendReply::Resent { resent, .. } = house.store.resend(command).await.unwrap() else {
        panic!("it was refused");
    };
    resent.item.id
}

#[actix_web::test]
async fn of_two_hundred_members_only_those_that_it_is_for_have_a_worker() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 200).await;
    for token in ["7", "123"] {
        service.answer(token, [Answer::status(400)]);
    }
    let first = house.notify("news", "text").await;
    let expected = HashMap::from([("accepted", 198), ("rejected", 2)]);
    assert_eq!(house.outcomes(&first.id).await, expected);

    let house = house.restart(&service).await;
    assert_eq!(house.alive().await, 0);
    for token in ["7", "123"] {
        service.answer(token, [Answer::Hold]);
    }
    let again = resend(&house, &first.id).await;
    service.wait_for(202).await;
    assert_eq!(house.alive().await, 2, "the others have nothing to get");
    service.release_all();
    assert_eq!(house.outcomes(&again).await, HashMap::from([("accepted", 2)]));
    assert_eq!(service.requests(), 202);

    // Whoever was passed over gets the next one as it always does.
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, HashMap::from([("accepted", 200)]));
    house.stop().await;
}

#[actix_web::test]
async fn what_is_for_all_reaches_all_also_while_what_is_for_a_few_waits() {
    let service = PushService::start();
    let house = House::start(&service).await;
    house.crowd(&service, "news", 20).await;
    service.answer("3", [Answer::status(400), Answer::Hold]);
    let first = house.notify("news", "text").await;
    house.finished(&first.id).await;
    let again = resend(&house, &first.id).await;
    service.wait_for(21).await;
    let next = house.notify("news", "next").await;
    let waits = || async {
        let view = house.status(&next.id).await;
        (view.pending() == 1).then_some(())
    };
    eventually("all but one have the next one", waits).await;
    assert_eq!(service.log_of("3").len(), 2, "in order: the one before is not settled");
    service.release_all();
    assert_eq!(house.outcomes(&again).await, outcome("accepted"));
    assert_eq!(house.outcomes(&next.id).await, HashMap::from([("accepted", 20)]));
    house.stop().await;
}
