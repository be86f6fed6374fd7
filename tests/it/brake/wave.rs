//! A wave over a real push service: held back whole, and back whole.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use fanfare::store::Store;
use fanfare::store::quarantine::{Cause, Resolution};

use super::{disowns, quarantines, resolve};
use crate::harness::house::{House, eventually};
use crate::harness::push_service::PushService;

#[actix_web::test]
async fn of_a_thousand_three_hundred_go_at_once_and_are_held_back_and_all_are_back_after_undo() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers = house.crowd(&service, "news", 1000).await;
    let disowned = disowns(&service, 300);
    let wave = house.notify("news", "the wave").await;
    let expected = HashMap::from([("accepted", 700), ("gone", 300)]);
    assert_eq!(house.outcomes(&wave.id).await, expected);
    let all_in = || async {
        let found = quarantines(&house.store, house.app).await;
        let [quarantine] = found.as_slice() else { panic!("one incident: {found:?}") };
        (quarantine.subscriptions == 300).then(|| quarantine.clone())
    };
    let quarantine = eventually("all of the wave are in the quarantine", all_in).await;
    assert_eq!((quarantine.cause, quarantine.resolved), (Cause::Gone, None));
    assert_eq!(quarantine.origin, service.origin());
    let channel = house.store.channel(house.app, "news".to_owned()).await.unwrap().unwrap();
    assert_eq!((channel.subscribers, channel.open), (700, 0));
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 700);
    let meanwhile = house.notify("news", "meanwhile").await;
    assert_eq!(meanwhile.recipients, Some(700));
    assert_eq!(house.outcomes(&meanwhile.id).await, HashMap::from([("accepted", 700)]));

    disowned.store(0, Ordering::Relaxed);
    assert_eq!(resolve(&house.store, house.app, &quarantine, Resolution::Undone).await, 300);
    assert_eq!(house.store.totals().await.unwrap().subscriptions, 1000);
    let before = service.log().len();
    let next = house.notify("news", "next").await;
    assert_eq!(house.outcomes(&next.id).await, HashMap::from([("accepted", 1000)]));
    let log = service.log();
    let reached: HashSet<_> = log[before..].iter().map(|request| &request.token).collect();
    assert_eq!((reached.len(), log.len() - before), (1000, 1000), "each once, and nothing else");
    let one_of_them = service.log_of("7");
    assert_eq!(browsers[7].decrypt(&one_of_them.last().unwrap().body), b"next");
    assert_eq!(one_of_them.len(), 2, "what was sent meanwhile is not sent again");
    house.stop().await;
}

#[actix_web::test]
async fn a_tenth_of_a_thousand_and_a_fifth_of_fifty_go_as_they_always_did() {
    for (members, goes) in [(1000, 100), (50, 11)] {
        let service = PushService::start();
        let house = House::start(&service).await;
        house.crowd(&service, "news", members).await;
        disowns(&service, goes);
        let notification = house.notify("news", "text").await;
        let gone = i64::try_from(goes).unwrap();
        assert_eq!(house.outcomes(&notification.id).await["gone"], gone);
        assert!(quarantines(&house.store, house.app).await.is_empty(), "{goes} of {members}");
        house.stop().await;
    }
}

#[actix_web::test]
async fn a_wave_at_one_push_service_holds_nobody_back_at_another() {
    let (breaks, holds) = (PushService::start(), PushService::start());
    let house = House::with(&[&breaks, &holds], |_| ()).await;
    house.crowd(&breaks, "news", 200).await;
    house.crowd(&holds, "news", 200).await;
    disowns(&breaks, 150);
    disowns(&holds, 20);
    let notification = house.notify("news", "text").await;
    let expected = HashMap::from([("accepted", 230), ("gone", 170)]);
    assert_eq!(house.outcomes(&notification.id).await, expected);
    let found = quarantines(&house.store, house.app).await;
    let held: Vec<_> = found.iter().map(|found| (&found.origin, found.subscriptions)).collect();
    assert_eq!(held, [(&breaks.origin(), 150)]);
    house.stop().await;
}
