//! SIGTERM: what is under way is settled, nothing new starts, and nothing is repeated at the next start.

mod crowd;
mod cut;

use std::sync::Arc;
use std::time::Duration;

use fanfare::push::PushError;
use tokio::sync::Semaphore;

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::{Answer, PushService};
use crate::harness::shortcut::shortcut;

const MEMBERS: usize = 60;

#[actix_web::test]
async fn a_daemon_that_is_told_to_end_settles_what_is_under_way_and_repeats_nothing() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..MEMBERS).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    service.answer_all(Answer::Hold);
    let first = daemon.notify("news", "first").await;
    let second = daemon.notify("news", "second").await;
    service.wait_for(MEMBERS).await;
    daemon.terminate();
    eventually("the daemon has heard it", || async {
        daemon.log().contains("stopping").then_some(())
    })
    .await;
    service.release_all();
    let (status, home) = daemon.ended().await;
    assert!(status.success(), "{status}");
    assert_eq!(service.requests(), MEMBERS as u64, "the second notification was not begun");

    service.answer_all(Answer::status(201));
    let daemon = home.start(&service).await;
    for id in [first, second] {
        let status = daemon.finished(&id).await;
        assert_eq!(status["outcomes"]["accepted"], MEMBERS, "{status}");
    }
    assert_eq!(service.requests(), 2 * MEMBERS as u64, "each once");
}

#[actix_web::test]
async fn a_second_signal_ends_the_daemon_at_once() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    service.answer_all(Answer::Hold);
    let notification = daemon.notify("news", "text").await;
    service.wait_for(1).await;
    daemon.terminate();
    eventually("the daemon has heard it", || async {
        daemon.log().contains("stopping").then_some(())
    })
    .await;
    daemon.terminate();
    let (status, home) = daemon.ended().await;
    assert_eq!(status.code(), Some(1), "something was cut off");
    service.release_all();

    let daemon = home.start(&service).await;
    assert_eq!(daemon.finished(&notification).await["outcomes"]["accepted"], 1);
}

#[actix_web::test]
async fn a_request_that_comes_back_unread_during_a_drain_does_not_hold_it_up() {
    let (asked, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (asking, releasing) = (Arc::clone(&asked), Arc::clone(&released));
    let push = shortcut(move || {
        asking.add_permits(1);
        let releasing = Arc::clone(&releasing);
        async move {
            let _release = releasing.acquire().await;
            Err(PushError::NotProcessed("the connection is going away".into()))
        }
    });
    let house = House::with_push(push, |_| ()).await;
    house.subscribe(&Browser::new(), "https://push.example.net/one", &["news"]).await;
    house.notify("news", "text").await;
    asked.acquire().await.unwrap().forget();
    let tree = house.tree.clone();
    let (is_drained, ()) = futures_util::join!(tree.drain(Duration::from_secs(10)), async {
        // The drain has begun: it is polled first.
        released.add_permits(1);
    });
    assert!(is_drained, "nothing is under way");
    house.stop().await;
}
