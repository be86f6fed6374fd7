//! Repeats that come before the first call has its answer.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use fanfare::store::Committed;
use fanfare::store::directory::Scope;
use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::harness::house::eventually;

/// Has each accept stand still between its commit and its answer: says when one does, and lets all go when the sender is
/// dropped.
fn hold_answers(api: &Api) -> (UnboundedReceiver<()>, Sender<()>) {
    let (entered, has_entered) = unbounded_channel();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    api.store.listen(Box::new(move |event| {
        if let Committed::Accepted(_) = event {
            let _ = entered.send(());
            // Nothing is ever sent: the other side lets go.
            let _ = released.lock().unwrap().recv();
        }
    }));
    (has_entered, release)
}

#[actix_web::test]
async fn fifty_at_once_are_one_notification() {
    let api = api().await;
    let calls = (0..50).map(|_| publish(&api, "order-7", "Tea").send());
    let answers = join_all(calls).await;
    let (mut first, mut replayed, mut early) = (0, 0, 0);
    for answer in &answers {
        match end(answer) {
            (202, None, false) => first += 1,
            (202, None, true) => replayed += 1,
            (409, Some(kind), false) => {
                assert_eq!(kind, "idempotency-in-flight");
                assert_eq!(answer.header("retry-after"), Some("1"));
                early += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((first, first + replayed + early), (1, 50));
    let ids: std::collections::BTreeSet<_> = answers
        .iter()
        .filter(|answer| answer.status == 202)
        .map(|answer| answer.json()["id"].as_str().unwrap().to_owned())
        .collect();
    let log = log(&api).await;
    assert_eq!((log.len(), ids.len()), (1, 1));
    assert_eq!(end(&publish(&api, "order-7", "Tea").send().await), (202, None, true));
    assert!(api.state.metrics.encode().contains("fanfare_notifications_accepted_total 1\n"));
    api.stop().await;
}

#[actix_web::test]
async fn the_same_is_409_and_another_422_until_the_first_is_answered() {
    let api = api().await;
    let (mut entered, release) = hold_answers(&api);
    let first = actix_web::rt::spawn(publish(&api, "k", "Tea").send());
    entered.recv().await.unwrap();
    let again = publish(&api, "k", "Tea").send().await;
    assert_eq!(end(&again), (409, Some("idempotency-in-flight".to_owned()), false));
    assert_eq!(again.header("retry-after"), Some("1"));
    let other = publish(&api, "k", "Coffee").send().await;
    assert_eq!(end(&other), (422, Some("idempotency-key-reused".to_owned()), false));
    drop(release);
    let first = first.await.unwrap();
    assert_eq!(end(&first), (202, None, false));
    let again = publish(&api, "k", "Tea").send().await;
    assert_eq!((end(&again), again.json()), ((202, None, true), first.json()));
    assert_eq!(log(&api).await.len(), 1);
    api.stop().await;
}

#[actix_web::test]
async fn other_keys_and_other_apps_do_not_wait_for_it() {
    const THEIRS: &str = "fk_another-app-of-the-tests-0123456789abcdef";
    let api = api().await;
    let app = api.create_app("shop").await;
    api.create_key(app, THEIRS, &[Scope::Notify]).await;
    let (mut entered, release) = hold_answers(&api);
    let first = actix_web::rt::spawn(publish(&api, "k", "Tea").send());
    entered.recv().await.unwrap();
    let other_key = actix_web::rt::spawn(publish(&api, "other", "Tea").send());
    let theirs = api.post(PUBLISH).bearer(THEIRS).header("idempotency-key", "k");
    let theirs = actix_web::rt::spawn(theirs.text("text/plain", "Tea").send());
    drop(release);
    for answer in [first, other_key, theirs] {
        assert_eq!(end(&answer.await.unwrap()), (202, None, false));
    }
    assert_eq!(log(&api).await.len(), 2);
    api.stop().await;
}

#[actix_web::test]
async fn a_caller_who_goes_away_leaves_its_notification_behind_and_its_key_free() {
    let api = api().await;
    let (mut entered, release) = hold_answers(&api);
    let first = actix_web::rt::spawn(publish(&api, "k", "Tea").send());
    entered.recv().await.unwrap();
    first.abort();
    drop(release);
    let answered = || async {
        let answer = publish(&api, "k", "Tea").send().await;
        (answer.status != 409).then_some(answer)
    };
    let again = eventually("a repeat is answered", answered).await;
    assert_eq!(end(&again), (202, None, true));
    assert_eq!(log(&api).await.len(), 1);
    api.stop().await;
}
