//! A notification's events over a real socket, as a `fetch` reads them.

use std::time::Duration;

use fanfare::id::{AppId, PublicId};
use fanfare::model::{Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::directory::DirectoryChange;
use fanfare::store::publish::{Accept, AcceptReply};

use crate::harness::api::{Api, KEY};
use crate::harness::daemon::{Home, KEY as DAEMON_KEY};
use crate::harness::house::{eventually, now};
use crate::harness::ledger::Ledger;
use crate::harness::push_service::{Answer, PushService};
use crate::harness::stream::Stream;

/// The next event, which has that name; how many deliveries were accepted, and the state.
async fn status(reader: &mut Stream, name: &str) -> (i64, String) {
    let (found, data) = reader.next().await.expect("a stream that goes on");
    assert_eq!(found, name);
    (data["outcomes"]["accepted"].as_i64().unwrap(), data["state"].as_str().unwrap().to_owned())
}

fn delivering(accepted: i64) -> (i64, String) {
    (accepted, "delivering".to_owned())
}

fn done(accepted: i64) -> (i64, String) {
    (accepted, "done".to_owned())
}

async fn watch(api: &Api, id: &str) -> Stream {
    Stream::open(api.address, &events_of(id), KEY).await
}

fn events_of(id: &str) -> String {
    format!("/v1/notifications/{id}/events")
}

async fn deliver(ledger: &Ledger, app: AppId, id: &PublicId) {
    let next = ledger.settlement(app, id, now()).await;
    ledger.settle(Settlement { outcome: Some(Outcome::Accepted), failure: None, ..next }).await;
}

#[actix_web::test]
async fn a_reader_hears_of_each_change_until_it_is_done_and_nothing_is_kept_of_it() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let ids = ledger.crowd(ledger.app, 2).await;
    let notification = ledger.publish(ledger.app, now()).await;
    let mut reader = watch(&api, &notification.id).await;
    assert_eq!(reader.header("cache-control"), Some("no-store"));
    assert_eq!(reader.header("x-accel-buffering"), Some("no"));
    let origin = format!("http://{}", api.address);
    assert_eq!(reader.header("access-control-allow-origin"), Some(origin.as_str()));

    let (name, first) = reader.next().await.unwrap();
    assert_eq!(name, "status");
    let path = format!("/v1/notifications/{}", notification.id);
    assert_eq!(first, api.get(&path).bearer(KEY).send().await.json());
    deliver(&ledger, ledger.app, &ids[0]).await;
    assert_eq!(status(&mut reader, "status").await, delivering(1));
    assert_eq!(api.store.watched(), 1);
    deliver(&ledger, ledger.app, &ids[1]).await;
    assert_eq!(status(&mut reader, "status").await, done(2));
    assert_eq!(status(&mut reader, "done").await, done(2));
    assert_eq!(reader.next().await, None);
    eventually("nobody watches", || async { (api.store.watched() == 0).then_some(()) }).await;

    let mut late = watch(&api, &notification.id).await;
    assert_eq!(
        (status(&mut late, "status").await, status(&mut late, "done").await),
        (done(2), done(2))
    );
    assert_eq!(late.next().await, None);
    api.stop().await;
}

#[actix_web::test]
async fn a_cancel_ends_it_and_so_does_what_is_removed_or_whoever_may_no_longer_see_it() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    ledger.crowd(ledger.app, 1).await;
    let one = ledger.publish(ledger.app, now()).await;
    let mut reader = watch(&api, &one.id).await;
    assert_eq!(status(&mut reader, "status").await, delivering(0));
    let path = format!("/v1/notifications/{}", one.id);
    api.delete(&path).bearer(KEY).send().await;
    for name in ["status", "done"] {
        assert_eq!(status(&mut reader, name).await, (0, "cancelled".to_owned()));
    }
    assert_eq!(reader.next().await, None);

    let other = ledger.publish(ledger.app, now()).await;
    let mut reader = watch(&api, &other.id).await;
    assert_eq!(status(&mut reader, "status").await, delivering(0));
    let id = api.store.directory().api_keys.values().next().unwrap().id.clone();
    let revoke = DirectoryChange::RevokeApiKey { app: ledger.app, id };
    api.store.change_directory(revoke).await.unwrap().unwrap();
    api.store.cancel(ledger.app, PublicId::from_store(other.id), now()).await.unwrap().unwrap();
    let (said, _) = reader.next().await.unwrap();
    assert_eq!(said, ": there is nothing to see any more");
    assert_eq!(reader.next().await, None);
    api.stop().await;
}

#[actix_web::test]
async fn one_that_is_scheduled_is_waited_for_and_one_that_is_taken_back_before_is_over() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let ids = ledger.crowd(ledger.app, 1).await;
    let hour = Duration::from_secs(3600);
    let schedule = async || {
        let send_at = Some(now() + hour);
        let command = Accept { send_at, ..ledger.publishing(ledger.app, now()) };
        match api.store.accept(command).await.unwrap() {
            AcceptReply::Accepted { mut items, .. } => items.remove(0).id,
            refused @ (AcceptReply::KeyReused | AcceptReply::ChannelFull(_)) => {
                panic!("{refused:?}")
            }
        }
    };
    let (sent, taken_back, in_a_deleted) = (schedule().await, schedule().await, schedule().await);
    let mut readers = Vec::new();
    for id in [&sent, &taken_back, &in_a_deleted] {
        let mut reader = watch(&api, id).await;
        assert_eq!(status(&mut reader, "status").await, (0, "scheduled".to_owned()));
        readers.push(reader);
    }
    let name = PublicId::from_store(taken_back);
    api.store.cancel(ledger.app, name, now()).await.unwrap().unwrap();
    for name in ["status", "done"] {
        assert_eq!(status(&mut readers[1], name).await, (0, "cancelled".to_owned()));
    }
    assert_eq!(readers[1].next().await, None);

    api.store.upkeep(now() + hour, 1).await.unwrap();
    assert_eq!(status(&mut readers[0], "status").await, delivering(0));
    deliver(&ledger, ledger.app, &ids[0]).await;
    assert_eq!(
        (status(&mut readers[0], "status").await, status(&mut readers[0], "done").await),
        (done(1), done(1))
    );

    assert!(api.store.delete_channel(ledger.app, "news".to_owned(), now()).await.unwrap());
    for name in ["status", "done"] {
        assert_eq!(status(&mut readers[2], name).await, (0, "cancelled".to_owned()));
    }
    api.stop().await;
}

#[actix_web::test]
async fn only_a_key_that_may_see_it_watches_and_only_what_there_is() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let notification = ledger.publish(ledger.app, now()).await;
    let path = format!("/v1/notifications/{}/events", notification.id);
    assert_eq!(api.get(&path).send().await.status, 401);
    for path in
        ["/v1/notifications/ntf_0123456789abcdefABCDEF/events", "/v1/notifications/x/events"]
    {
        assert_eq!(api.get(path).bearer(KEY).send().await.status, 404);
    }
    let other = ledger.other_app("shop").await;
    let foreign = ledger.publish(other, now()).await;
    let path = events_of(&foreign.id);
    assert_eq!(api.get(&path).bearer(KEY).send().await.status, 404);
    assert_eq!(api.store.watched(), 0);
    api.stop().await;
}

#[actix_web::test]
async fn of_a_reader_that_goes_away_nothing_is_left() {
    let api = Api::start().await;
    let ledger = Ledger::of(api.store.clone());
    let ids = ledger.crowd(ledger.app, 100).await;
    let notification = ledger.publish(ledger.app, now()).await;
    let mut reader = watch(&api, &notification.id).await;
    assert_eq!(status(&mut reader, "status").await, delivering(0));
    assert_eq!(api.store.watched(), 1);
    drop(reader);
    // The connection is known to be dead when it is written to.
    let ids = std::cell::RefCell::new(ids.iter());
    let look = || async {
        if let Some(id) = { ids.borrow_mut().next() } {
            deliver(&ledger, ledger.app, id).await;
        }
        (api.store.watched() == 0).then_some(())
    };
    eventually("nobody watches", look).await;
    api.stop().await;
}

#[actix_web::test]
async fn a_daemon_that_stops_ends_its_streams_and_does_not_wait_for_their_readers() {
    let service = PushService::start();
    service.answer_all(Answer::status(503).header("retry-after", "3600"));
    let daemon = Home::new().start(&service).await;
    let browser = crate::harness::browser::Browser::new();
    daemon.subscribe(&browser, &service.endpoint("it"), "news").await;
    let id = daemon.notify("news", "text").await;
    let mut reader = Stream::open(daemon.address(), &events_of(&id), DAEMON_KEY).await;
    assert_eq!(status(&mut reader, "status").await, delivering(0));
    daemon.terminate();
    let (said, _) = reader.next().await.unwrap();
    assert_eq!(said, ": the server stops: ask again");
    assert_eq!(reader.next().await, None);
    let (status, home) = daemon.ended().await;
    // It would have failed had its deadline cut something off.
    assert_eq!(status.code(), Some(0), "{}", home.log());
}
