//! Whose word counts: of a notification only those speak that it was for, once for each event.

use std::collections::BTreeMap;
use std::time::Duration;

use fanfare::id::PublicId;
use fanfare::model::ReceiptEvent;
use fanfare::store::Store;
use fanfare::store::membership::{Leaver, Subscribe};
use fanfare::store::publish::Accept;
use fanfare::store::receipt::{ReceiptCounts, ReceiptReply};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{ask, asking, counts, leave, say};
use crate::harness::ledger::{Ledger, START, after};
use ReceiptEvent::{Clicked, Closed, Shown};
use ReceiptReply::{Counted, NotForIt, Repeated, UnknownNotification, UnknownSubscription};

#[actix_web::test]
async fn who_came_later_was_excluded_or_is_in_another_channel_is_not_heard() {
    let ledger = Ledger::open().await;
    let (first, excluded) = (ledger.join(ledger.app, 1).await, ledger.join(ledger.app, 2).await);
    let elsewhere = Subscribe { channels: vec!["tea".into()], ..ledger.joining(ledger.app, 3) };
    ledger.store.subscribe(elsewhere).await.unwrap();
    let elsewhere = ledger.store.members(fanfare::store::view::ListQuery {
        app: ledger.app,
        name: "tea".into(),
        after: None,
        limit: 1,
    });
    let elsewhere = elsewhere.await.unwrap().remove(0).id;
    let command = Accept {
        content: asking(),
        exclude: vec![excluded.clone()],
        ..ledger.publishing(ledger.app, START)
    };
    let one = super::accepted(&ledger, command).await;
    let late = ledger.join(ledger.app, 4).await;
    for stranger in [&excluded, &elsewhere, &late] {
        for event in ReceiptEvent::ALL {
            assert_eq!(say(&ledger, stranger, &one, event).await, NotForIt);
        }
    }
    assert_eq!(say(&ledger, &first, &one, Shown).await, Counted);
    assert_eq!(say(&ledger, &first, &one, Shown).await, Repeated);
    let two = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &late, &two, Clicked).await, Counted);
    assert_eq!(counts(&ledger, &one).await, ReceiptCounts { shown: 1, ..Default::default() });
    assert_eq!(counts(&ledger, &two).await, ReceiptCounts { clicked: 1, ..Default::default() });
}

#[actix_web::test]
async fn another_apps_device_and_another_apps_notification_are_unknown() {
    let ledger = Ledger::open().await;
    let other = ledger.other_app("shop").await;
    let (mine, theirs) = (ledger.join(ledger.app, 1).await, ledger.join(other, 1).await);
    let (of_mine, of_theirs) =
        (ask(&ledger, ledger.app, START).await, ask(&ledger, other, START).await);
    assert_eq!(say(&ledger, &mine, &of_theirs, Shown).await, UnknownNotification);
    assert_eq!(say(&ledger, &theirs, &of_mine, Shown).await, UnknownSubscription);
    assert_eq!(say(&ledger, &theirs, &of_theirs, Shown).await, UnknownSubscription);
    assert_eq!(counts(&ledger, &of_mine).await, ReceiptCounts::default());
}

#[actix_web::test]
async fn who_leaves_may_finish_what_it_began_to_tell_and_begins_nothing() {
    let ledger = Ledger::open().await;
    let (began, silent) = (ledger.join(ledger.app, 1).await, ledger.join(ledger.app, 2).await);
    let one = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &began, &one, Shown).await, Counted);
    for device in [&began, &silent] {
        leave(&ledger, Leaver::Channel(device.clone(), "news".into())).await;
    }
    assert_eq!(say(&ledger, &began, &one, Closed).await, Counted);
    assert_eq!(say(&ledger, &silent, &one, Shown).await, NotForIt);
    // Back again, it is somebody who came later.
    ledger.join(ledger.app, 2).await;
    assert_eq!(say(&ledger, &silent, &one, Shown).await, NotForIt);
    assert_eq!(counts(&ledger, &one).await, ReceiptCounts { shown: 1, clicked: 0, closed: 1 });
}

#[actix_web::test]
async fn a_channel_that_is_deleted_and_comes_again_has_notifications_and_members_of_its_own() {
    let ledger = Ledger::open().await;
    let (stays, goes) = (ledger.join(ledger.app, 1).await, ledger.join(ledger.app, 2).await);
    let earlier = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &stays, &earlier, Shown).await, Counted);
    assert!(ledger.store.delete_channel(ledger.app, "news".into(), START).await.unwrap());
    ledger.upkeep(START).await;
    ledger.join(ledger.app, 1).await;
    let later = ask(&ledger, ledger.app, START).await;
    assert_eq!(say(&ledger, &stays, &later, Shown).await, Counted);
    assert_eq!(
        say(&ledger, &goes, &later, Shown).await,
        NotForIt,
        "its number is the earlier one's"
    );
    assert_eq!(say(&ledger, &goes, &earlier, Shown).await, NotForIt, "it is in no channel");
    assert_eq!(say(&ledger, &stays, &earlier, Clicked).await, Counted);
    let counted = ReceiptCounts { shown: 1, clicked: 1, closed: 0 };
    assert_eq!(counts(&ledger, &earlier).await, counted);
    assert_eq!(counts(&ledger, &later).await, ReceiptCounts { shown: 1, ..Default::default() });
}

#[actix_web::test]
async fn one_that_is_not_due_is_unknown_and_shows_that_it_will_ask() {
    let ledger = Ledger::open().await;
    let device = ledger.join(ledger.app, 1).await;
    let hour = Duration::from_secs(3600);
    let command = Accept {
        content: asking(),
        send_at: Some(after(hour)),
        ..ledger.publishing(ledger.app, START)
    };
    let one = super::accepted(&ledger, command).await;
    assert_eq!(say(&ledger, &device, &one, Shown).await, UnknownNotification);
    assert_eq!(counts(&ledger, &one).await, ReceiptCounts::default());
    ledger.upkeep(after(hour)).await;
    assert_eq!(say(&ledger, &device, &one, Shown).await, Counted);
}

/// What should be counted: for each notification those it was for, and what each of them has said.
#[derive(Default)]
struct Reference {
    members: Vec<usize>,
    said: BTreeMap<PublicId, BTreeMap<usize, Vec<ReceiptEvent>>>,
    began: BTreeMap<PublicId, Vec<usize>>,
}

impl Reference {
    fn say(&mut self, one: &PublicId, device: usize, event: ReceiptEvent) -> ReceiptReply {
        let said = self.said.get_mut(one).unwrap();
        let has_begun = said.get(&device).is_some_and(|events| !events.is_empty());
        if !has_begun && !self.began[one].contains(&device) {
            return NotForIt;
        }
        let events = said.entry(device).or_default();
        if events.contains(&event) {
            return Repeated;
        }
        events.push(event);
        Counted
    }

    fn counts(&self, one: &PublicId) -> ReceiptCounts {
        let mut counts = ReceiptCounts::default();
        self.said[one].values().flatten().for_each(|event| counts.add(*event));
        counts
    }
}

#[actix_web::test]
async fn whatever_is_said_in_whatever_order_the_counts_are_what_a_reference_counts() {
    for seed in 0..4 {
        let rng = &mut SmallRng::seed_from_u64(seed);
        let ledger = Ledger::open().await;
        let devices = ledger.crowd(ledger.app, 6).await;
        let mut reference = Reference { members: (0..6).collect(), ..Reference::default() };
        let mut published = Vec::new();
        for step in 0..300 {
            let device = rng.random_range(0..devices.len());
            match rng.random_range(0..10) {
                0 => {
                    let one = ask(&ledger, ledger.app, START).await;
                    reference.began.insert(one.clone(), reference.members.clone());
                    reference.said.insert(one.clone(), BTreeMap::new());
                    published.push(one);
                }
                1 => {
                    leave(&ledger, Leaver::Channel(devices[device].clone(), "news".into())).await;
                    reference.members.retain(|member| *member != device);
                    let gone = |began: &mut Vec<usize>| began.retain(|member| *member != device);
                    reference.began.values_mut().for_each(gone);
                }
                2 => {
                    ledger.join(ledger.app, device).await;
                    if !reference.members.contains(&device) {
                        reference.members.push(device);
                    }
                }
                _ => {
                    let Some(one) = published.choose(rng) else { continue };
                    let event = *ReceiptEvent::ALL.choose(rng).unwrap();
                    let said = say(&ledger, &devices[device], one, event).await;
                    let expected = reference.say(one, device, event);
                    assert_eq!(said, expected, "step {step} of seed {seed}");
                }
            }
        }
        for one in &published {
            assert_eq!(counts(&ledger, one).await, reference.counts(one), "seed {seed}");
        }
        let total: i64 = published.iter().map(|one| reference.counts(one).shown).sum();
        assert!(total > 10, "seed {seed}: {total} were shown");
    }
}
