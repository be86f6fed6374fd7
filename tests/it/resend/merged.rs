//! Two subscriptions turn out to be one browser: what was sent again to the one is the other's.

use fanfare::id::PublicId;
use fanfare::model::{Outcome, ReceiptEvent};
use fanfare::store::Store;
use fanfare::store::membership::{Replace, ReplaceReply, Subscribe, SubscribeReply};
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::receipt::{Receipt, ReceiptReply};
use fanfare::webpush::message::{AppDefaults, NotificationRequest};

use super::{end, sent, two, waits_for};
use crate::harness::ledger::{Ledger, START};

/// `keeps` turns out to be the browser that has the endpoint with that number.
async fn merge(ledger: &Ledger, keeps: &PublicId, number: usize) {
    let Subscribe { app, endpoint, keys, expires, vapid_key, now, .. } =
        ledger.joining(ledger.app, number);
    let replace = Replace { app, id: keeps.clone(), endpoint, keys, expires, vapid_key, now };
    let merged = ledger.store.replace(replace).await.unwrap();
    assert!(matches!(merged, ReplaceReply::Replaced(_)), "{merged:?}");
}

async fn outcomes(ledger: &Ledger, id: &str) -> [i64; 3] {
    let id = PublicId::from_store(id.to_owned());
    let view = ledger.store.notification(ledger.app, id).await.unwrap().unwrap();
    let pending = view.recipients.unwrap() - view.outcomes.total();
    [view.outcomes.get(Outcome::Accepted), view.outcomes.get(Outcome::Unsubscribed), pending]
}

/// Two members, and what was sent again to the second of them alone.
async fn again(ledger: &Ledger) -> ([PublicId; 2], String) {
    let keeps = ledger.join(ledger.app, 1).await;
    let other = ledger.join(ledger.app, 2).await;
    let first = ledger.publish(ledger.app, START).await;
    end(ledger, &keeps, Outcome::Accepted, START).await;
    end(ledger, &other, Outcome::Rejected, START).await;
    let (again, seq, _) = sent(ledger, two(ledger, &first.id, START)).await;
    assert_eq!(seq, 2);
    ([keeps, other], again)
}

#[actix_web::test]
async fn where_both_are_members_the_one_that_stays_gets_it() {
    let ledger = Ledger::open().await;
    let ([keeps, _], again) = again(&ledger).await;
    assert_eq!(waits_for(&ledger, &keeps, START).await, [0_i64; 0]);
    merge(&ledger, &keeps, 2).await;
    assert_eq!(waits_for(&ledger, &keeps, START).await, [2]);
    assert_eq!(outcomes(&ledger, &again).await, [0, 0, 1]);
    end(&ledger, &keeps, Outcome::Accepted, START).await;
    assert_eq!(outcomes(&ledger, &again).await, [1, 0, 0]);
}

#[actix_web::test]
async fn unless_it_has_settled_a_later_one() {
    let ledger = Ledger::open().await;
    let ([keeps, _], again) = again(&ledger).await;
    ledger.publish(ledger.app, START).await;
    end(&ledger, &keeps, Outcome::Accepted, START).await;
    merge(&ledger, &keeps, 2).await;
    assert_eq!(waits_for(&ledger, &keeps, START).await, [0_i64; 0]);
    assert_eq!(outcomes(&ledger, &again).await, [0, 1, 0]);
}

#[actix_web::test]
async fn nor_what_the_other_had_got_before_a_third_got_it() {
    let ledger = Ledger::open().await;
    let [keeps, other, third] = [1, 2, 3].map(|number| ledger.join(ledger.app, number));
    let (keeps, other, third) = (keeps.await, other.await, third.await);
    let first = ledger.publish(ledger.app, START).await;
    end(&ledger, &keeps, Outcome::Accepted, START).await;
    for id in [&other, &third] {
        end(&ledger, id, Outcome::Rejected, START).await;
    }
    let (again, ..) = sent(&ledger, two(&ledger, &first.id, START)).await;
    end(&ledger, &other, Outcome::Accepted, START).await;
    merge(&ledger, &keeps, 2).await;
    assert_eq!(waits_for(&ledger, &keeps, START).await, [0_i64; 0]);
    assert_eq!(outcomes(&ledger, &again).await, [1, 0, 1]);
}

#[actix_web::test]
async fn who_has_got_it_tells_of_it_also_as_another() {
    let ledger = Ledger::open().await;
    let elsewhere =
        Subscribe { channels: vec!["other".to_owned()], ..ledger.joining(ledger.app, 1) };
    let joined = ledger.store.subscribe(elsewhere).await.unwrap();
    let SubscribeReply::Subscribed { id: keeps, .. } = joined else { panic!("{joined:?}") };
    let other = ledger.join(ledger.app, 2).await;
    let app = AppDefaults { title: "Teahouse", home: "https://tea.example/", receipts: true };
    let content = NotificationRequest::from_text("Tea is ready", &app).content;
    let first = Accept { content, ..ledger.publishing(ledger.app, START) };
    let accepted = ledger.store.accept(first).await.unwrap();
    let AcceptReply::Accepted { items, .. } = accepted else { panic!("{accepted:?}") };
    end(&ledger, &other, Outcome::Rejected, START).await;
    let (again, ..) = sent(&ledger, two(&ledger, &items[0].id, START)).await;
    end(&ledger, &other, Outcome::Accepted, START).await;
    merge(&ledger, &keeps, 2).await;
    let clicked = Receipt {
        app: ledger.app,
        subscription: keeps,
        notification: PublicId::from_store(again),
        event: ReceiptEvent::Clicked,
    };
    assert_eq!(ledger.store.receipt(clicked).await.unwrap(), ReceiptReply::Counted);
}
