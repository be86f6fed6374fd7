//! Exclusions: who is excluded is no recipient, and nothing that becomes of them is booked.

use fanfare::id::IdKind;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::{Accept, Accepted};

use super::*;
use crate::harness::house::outcome;

async fn publish_without(house: &House, exclude: Vec<PublicId>) -> Accepted {
    house.accept(Accept { exclude, ..house.publish("news", "text") }).await.remove(0)
}

async fn leaves(house: &House, id: PublicId) {
    let leave = Leave { app: house.app, who: Leaver::Everywhere(id), now: now() };
    house.store.leave(leave).await.unwrap();
}

#[actix_web::test]
async fn names_that_are_nobodys_or_anothers_exclude_nobody() {
    let (service, house, _) = home_of(&Browser::new()).await;
    let other = other_app(&house, "shop").await;
    let mut command = house.joining(&Browser::new(), &service.endpoint("shop"), &["news"]);
    command.app = other;
    command.vapid_key = house.store.directory().current_vapid_key(other).unwrap().id;
    let fanfare::store::membership::SubscribeReply::Subscribed { id: theirs, .. } =
        house.join(command).await
    else {
        panic!("not subscribed")
    };
    let elsewhere = house.subscribe(&Browser::new(), &service.endpoint("e"), &["other"]).await;
    let nobody = PublicId::random(IdKind::Subscription, &mut rand::rng());
    let notification = publish_without(&house, vec![nobody, theirs, elsewhere]).await;
    assert_eq!(notification.recipients, Some(1));
    assert_eq!(house.outcomes(&notification.id).await, outcome("accepted"));
    house.stop().await;
}

#[actix_web::test]
async fn one_that_excludes_everybody_is_done() {
    let (service, house, id) = home_of(&Browser::new()).await;
    let nobody = publish_without(&house, vec![id]).await;
    assert_eq!((nobody.seq, nobody.recipients), (Some(1), Some(0)));
    assert_eq!(house.outcomes(&nobody.id).await, outcomes([]));
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, outcome("accepted"));
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn who_is_excluded_and_leaves_is_not_counted_and_who_is_not_and_leaves_is() {
    let (service, house, excluded) = home_of(&Browser::new()).await;
    let leaves_too = house.subscribe(&Browser::new(), &service.endpoint("leaves"), &["news"]).await;
    let stays = house.subscribe(&Browser::new(), &service.endpoint("stays"), &["news"]).await;
    for token in ["it", "leaves", "stays"] {
        service.answer(token, [Answer::Hold]);
    }
    let busy = house.notify("news", "keeps them busy").await;
    service.wait_for(3).await;
    let notification = publish_without(&house, vec![excluded.clone()]).await;
    assert_eq!(notification.recipients, Some(2));
    let house = {
        // They leave while it waits: the excluded one, and one who was to get it.
        leaves(&house, excluded).await;
        leaves(&house, leaves_too).await;
        let view = house.status(&notification.id).await;
        assert_eq!((view.pending(), view.outcomes.total()), (1, 1));
        service.release_all();
        house.restart(&service).await
    };
    let expected = outcomes([("unsubscribed", 1), ("accepted", 1)]);
    assert_eq!(house.outcomes(&notification.id).await, expected, "{stays}");
    let view = house.finished(&busy.id).await;
    assert_eq!((Some(view.outcomes.total()), view.recipients), (Some(3), Some(3)));
    house.stop().await;
}

#[actix_web::test]
async fn who_is_excluded_and_goes_is_not_counted() {
    let (service, house, excluded) = home_of(&Browser::new()).await;
    let _stays = house.subscribe(&Browser::new(), &service.endpoint("stays"), &["news"]).await;
    let held = hold_the_first(&service, 410);
    let own = house.notify("other", "nobody").await;
    assert_eq!(own.recipients, Some(0));
    let first = publish_without(&house, vec![_stays]).await;
    service.wait_for(1).await;
    let second = publish_without(&house, vec![excluded]).await;
    drop(held);
    assert_eq!(house.outcomes(&first.id).await, outcome("gone"));
    assert_eq!(house.outcomes(&second.id).await, outcome("accepted"));
    assert_eq!(service.log_of("stays").len(), 1);
    house.stop().await;
}
